package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

type taskRow struct {
	ID             string `gorm:"primaryKey"`
	Kind           string
	ExternalUserID string
	SessionID      string
	Provider       string
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	DoneAt         *time.Time
	DoneBy         *string
}

// TableName names the table.
func (taskRow) TableName() string { return "privacy_tasks" }

func (r taskRow) task() idv.PrivacyTask {
	return idv.PrivacyTask{
		ID: r.ID, Kind: idv.PrivacyTaskKind(r.Kind), ExternalUserID: r.ExternalUserID, SessionID: r.SessionID, Provider: r.Provider,
		CreatedAt: r.CreatedAt.UTC(), DoneAt: timeOf(r.DoneAt), DoneBy: wordOf[string](r.DoneBy),
	}
}

// addTasks writes down what people asked for with notices about a session. None
// of it is ever done by itself.
func (a *account) addTasks(row sessionRow, notices []idv.Observation) error {
	for _, o := range notices {
		if o.Notice == nil || o.Test {
			continue
		}
		if kind, ok := idv.TaskOf(o.Notice.Kind); ok {
			if err := a.addTask(kind, row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *account) addTask(kind idv.PrivacyTaskKind, row sessionRow) error {
	task := taskRow{
		ID: id.New(id.Task), Kind: string(kind), ExternalUserID: row.ExternalUserID, SessionID: row.ID, Provider: row.Provider, CreatedAt: a.now,
	}
	if err := a.tx.Create(&task).Error; err != nil {
		return fmt.Errorf("add a privacy task: %w", err)
	}
	return nil
}

// PrivacyTasks lists what the filter selects, newest first. A limit of 0 is none.
func (s *Store) PrivacyTasks(ctx context.Context, f idv.PrivacyTaskFilter) ([]idv.PrivacyTask, error) {
	query := s.read(ctx).Order("id DESC")
	if f.Kind != "" {
		query = query.Where("kind = ?", word(f.Kind))
	}
	switch {
	case f.Open == nil:
	case *f.Open:
		query = query.Where("done_at IS NULL")
	default:
		query = query.Where("done_at IS NOT NULL")
	}
	if f.Page.After != "" {
		query = query.Where("id < ?", word(f.Page.After))
	}
	if f.Page.Limit > 0 {
		query = query.Limit(f.Page.Limit)
	}
	var rows []taskRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, failed("list privacy tasks", err)
	}
	tasks := make([]idv.PrivacyTask, len(rows))
	for i, row := range rows {
		tasks[i] = row.task()
	}
	return tasks, nil
}

// FinishTask notes that somebody did a task; a second time changes nothing. It is
// idv.ErrNotFound if there is no such task.
func (s *Store) FinishTask(ctx context.Context, taskID, by string) (idv.PrivacyTask, error) {
	var row taskRow
	err := s.write(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&taskRow{}).Where("id = ? AND done_at IS NULL", word(taskID)).
			UpdateColumns(map[string]any{"done_at": s.now(), "done_by": word(by)})
		if done.Error != nil {
			return done.Error
		}
		if err := tx.Where("id = ?", word(taskID)).Take(&row).Error; err != nil || done.RowsAffected == 0 {
			return notFound(err)
		}
		return s.audit(tx, &idv.AuditEntry{Actor: by, Action: idv.AuditTaskDone, Object: row.ID})
	})
	return row.task(), failed("finish a privacy task", err)
}

// PrivacyBacklog counts the privacy tasks that are open.
func (s *Store) PrivacyBacklog(ctx context.Context) ([]idv.PrivacyBacklog, error) {
	rows, err := s.read(ctx).Model(&taskRow{}).Select("kind, count(*), min(created_at)").Where("done_at IS NULL").Group("kind").Order("kind").Rows()
	if err != nil {
		return nil, failed("count privacy tasks", err)
	}
	defer func() { _ = rows.Close() }()
	var backlog []idv.PrivacyBacklog
	for rows.Next() {
		var b idv.PrivacyBacklog
		var oldest aggregateTime
		if err := rows.Scan(&b.Kind, &b.Open, &oldest); err != nil {
			return nil, failed("count privacy tasks", err)
		}
		b.Oldest = max(0, s.now().Sub(oldest.Time))
		backlog = append(backlog, b)
	}
	return backlog, failed("count privacy tasks", rows.Err())
}
