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

type resultReadRow struct {
	ID         int64 `gorm:"primaryKey"`
	SessionID  string
	Credential string
	ReadAt     time.Time
}

// TableName names the table.
func (resultReadRow) TableName() string { return "result_reads" }

func resultPlace(sessionID string) string { return "results.body/" + sessionID }

// putResult keeps a result in place of an older one.
func (s *Store) putResult(tx *gorm.DB, sessionID string, result idv.Result, now time.Time) error {
	plain, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("write a result: %w", err)
	}
	row := resultRow{SessionID: sessionID, Body: s.seal.Seal(resultPlace(sessionID), plain), UpdatedAt: now}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("keep a result: %w", err)
	}
	return nil
}

// Result gives the result of a session, or idv.ErrNotFound, and records who read
// it: without the record, no result.
func (s *Store) Result(ctx context.Context, sessionID, reader string) (idv.Result, error) {
	var row resultRow
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("session_id = ?", word(sessionID)).Take(&row).Error; err != nil {
			return notFound(err)
		}
		return tx.Create(&resultReadRow{SessionID: row.SessionID, Credential: word(reader), ReadAt: s.now()}).Error
	})
	if err != nil {
		return idv.Result{}, failed("read a result", err)
	}
	plain, err := s.seal.Open(resultPlace(row.SessionID), row.Body)
	if err != nil {
		return idv.Result{}, fmt.Errorf("result of session %s: %w", row.SessionID, err)
	}
	var result idv.Result
	if err := json.Unmarshal(plain, &result); err != nil {
		return idv.Result{}, fmt.Errorf("result of session %s cannot be read", row.SessionID)
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
