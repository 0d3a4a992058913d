package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

type eventRow struct {
	// The database numbers the rows.
	Xid            uint64 `gorm:"<-:false"`
	Seq            int64  `gorm:"<-:false"`
	ID             string `gorm:"primaryKey"`
	Type           string
	ExternalUserID string
	SessionID      *string
	EndpointID     *string
	Status         string
	Version        int64
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
}

// TableName names the table.
func (eventRow) TableName() string { return "events" }

func (r eventRow) event() idv.Event {
	return idv.Event{
		ID:             r.ID,
		Type:           idv.EventType(r.Type),
		ExternalUserID: r.ExternalUserID,
		SessionID:      wordOf[string](r.SessionID),
		EndpointID:     wordOf[string](r.EndpointID),
		Status:         r.Status,
		Version:        r.Version,
		CreatedAt:      r.CreatedAt.UTC(),
	}
}

// tell has something announced with the transaction.
func (a *account) tell(kind idv.EventType, sessionID *string, status string, version int64) {
	a.events = append(a.events, eventRow{
		ID:             id.New(id.Event),
		Type:           string(kind),
		ExternalUserID: a.user.ExternalUserID,
		SessionID:      sessionID,
		Status:         status,
		Version:        version,
		CreatedAt:      a.now,
	})
}

func (a *account) tellSession(row sessionRow) {
	a.tell(idv.SessionEvent(idv.Status(row.Status)), &row.ID, row.Status, row.Version)
}

func (a *account) tellUser() {
	a.tell(idv.UserEvent(idv.UserStatus(a.user.Status)), a.user.SessionID, a.user.Status, a.user.Version)
}

// tellNotices announces notices about a session.
func (a *account) tellNotices(row sessionRow, notices []idv.Observation) {
	for _, o := range notices {
		if !o.Test {
			a.tell(idv.NoticeEvent(o.Notice.Kind), &row.ID, row.Status, row.Version)
		}
	}
}

// announce writes what there is to tell.
func (a *account) announce() error {
	if len(a.events) == 0 {
		return nil
	}
	if err := a.tx.Create(&a.events).Error; err != nil {
		return fmt.Errorf("announce events: %w", err)
	}
	a.events = nil
	return nil
}

// place names the columns that give the order of the feed, as the engine's index
// has them.
func (s *Store) place() string {
	if s.engine == sqliteEngine {
		return "seq"
	}
	return "xid, seq"
}

// settled narrows a query on events to those before which no other can appear.
func (s *Store) settled(query *gorm.DB) *gorm.DB {
	if s.engine == postgresEngine {
		return query.Where("xid < pg_snapshot_xmin(pg_current_snapshot())")
	}
	return query
}

// Events gives what was announced, oldest first. Whoever asks for what comes
// after the last event that they were given never misses one: an event shows
// once every transaction has ended that could still write one before it. It is
// idv.ErrNotFound if there is no event with the id EventFilter.After.
func (s *Store) Events(ctx context.Context, f idv.EventFilter) ([]idv.Event, error) {
	query := s.settled(s.read(ctx)).Order(s.place())
	if f.After != "" {
		var known int64
		if err := s.read(ctx).Model(&eventRow{}).Where("id = ?", word(f.After)).Count(&known).Error; err != nil {
			return nil, failed("find the place in the feed", err)
		}
		if known == 0 {
			return nil, idv.ErrNotFound
		}
		query = query.Where("("+s.place()+") > (SELECT "+s.place()+" FROM events WHERE id = ?)", word(f.After))
	}
	if f.Limit > 0 {
		query = query.Limit(f.Limit)
	}
	var rows []eventRow
	if err := query.Omit("xid", "seq").Find(&rows).Error; err != nil {
		return nil, failed("read events", err)
	}
	events := make([]idv.Event, len(rows))
	for i, row := range rows {
		events[i] = row.event()
	}
	return events, nil
}
