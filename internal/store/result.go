package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type resultRow struct {
	SessionID string `gorm:"primaryKey"`
	Body      []byte
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"`
}

// TableName names the table.
func (resultRow) TableName() string { return "results" }

func resultPlace(sessionID string) string { return "results.body/" + sessionID }

// putResult keeps a result in place of an older one. It is as old as the decision:
// to be told it again does not make it younger.
func (s *Store) putResult(a *account, x idv.Session, result idv.Result) error {
	plain, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("write a result: %w", err)
	}
	key, err := s.keyOf(a)
	if err != nil {
		return fmt.Errorf("keep a result: %w", err)
	}
	row := resultRow{SessionID: x.ID, Body: key.Seal(resultPlace(x.ID), plain), UpdatedAt: a.now}
	if d := x.State.Decision; d != nil && d.DecidedAt.Before(a.now) {
		row.UpdatedAt = moment(d.DecidedAt)
	}
	if err := a.tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("keep a result: %w", err)
	}
	return nil
}

// keyedResult is a result's row with the user whose it is, and that one's key.
type keyedResult struct {
	Row            resultRow `gorm:"embedded"`
	ExternalUserID string    `gorm:"->"`
	WrappedKey     []byte    `gorm:"->"`
}

// TableName names the table.
func (keyedResult) TableName() string { return resultRow{}.TableName() }

// Result gives the result of a session, or idv.ErrNotFound, and keeps on record
// who read it: without the record, no result.
func (s *Store) Result(ctx context.Context, sessionID, reader string) (idv.Result, error) {
	var row keyedResult
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Select("results.*, u.external_user_id, u.wrapped_key").
			Joins("JOIN sessions x ON x.id = results.session_id JOIN users u ON u.external_user_id = x.external_user_id").
			Where("results.session_id = ?", word(sessionID)).Take(&row).Error
		if err != nil {
			return notFound(err)
		}
		return s.audit(tx, &idv.AuditEntry{Actor: reader, Action: idv.AuditResultRead, Object: row.Row.SessionID})
	})
	if err != nil {
		return idv.Result{}, failed("read a result", err)
	}
	key, err := s.unwrap(row.ExternalUserID, row.WrappedKey)
	if err != nil {
		return idv.Result{}, fmt.Errorf("result of session %s: %w", row.Row.SessionID, err)
	}
	plain, err := s.openWith(key, resultPlace(row.Row.SessionID), row.Row.Body)
	if err != nil {
		return idv.Result{}, fmt.Errorf("result of session %s: %w", row.Row.SessionID, err)
	}
	var result idv.Result
	if err := json.Unmarshal(plain, &result); err != nil {
		return idv.Result{}, fmt.Errorf("result of session %s cannot be read", row.Row.SessionID)
	}
	return result, nil
}

// HasResult reports whether there is a result of the session. It is not a read
// of one.
func (s *Store) HasResult(ctx context.Context, sessionID string) (bool, error) {
	var found int64
	err := s.read(ctx).Model(&resultRow{}).Where("session_id = ?", word(sessionID)).Count(&found).Error
	return found > 0, failed("look for a result", err)
}
