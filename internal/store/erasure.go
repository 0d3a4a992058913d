package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type erasureRow struct {
	SessionID      string `gorm:"primaryKey"`
	ExternalUserID string
	Provider       string
	Outcome        string
	Detail         string
	Tries          int
	Settled        bool
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
}

// TableName names the table.
func (erasureRow) TableName() string { return "erasures" }

// referredErasure is what was asked of a provider, with its id of the session.
type referredErasure struct {
	Row erasureRow `gorm:"embedded"`
	Ref *string    `gorm:"->"`
}

// TableName names the table.
func (referredErasure) TableName() string { return erasureRow{}.TableName() }

func (r referredErasure) erasure() idv.ProviderErasure {
	return idv.ProviderErasure{
		SessionID: r.Row.SessionID, Provider: r.Row.Provider, Ref: wordOf[idv.Ref](r.Ref), Outcome: idv.EraseOutcome(r.Row.Outcome),
		Detail: r.Row.Detail, Tries: r.Row.Tries, Settled: r.Row.Settled, CreatedAt: r.Row.CreatedAt.UTC(),
	}
}

const withRef = "erasures.*, (SELECT ref FROM sessions WHERE sessions.id = erasures.session_id) AS ref"

// planErasure writes down what a provider is to be asked. What it cannot be asked
// is for people to do.
func (a *account) planErasure(row sessionRow, e idv.ProviderErasure) (idv.ProviderErasure, error) {
	e.SessionID, e.Provider, e.CreatedAt = row.ID, row.Provider, a.now
	planned := erasureRow{
		SessionID: row.ID, ExternalUserID: row.ExternalUserID, Provider: row.Provider, Outcome: string(e.Outcome), Detail: word(e.Detail),
		Settled: e.Settled, CreatedAt: a.now, UpdatedAt: a.now,
	}
	if err := a.tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&planned).Error; err != nil {
		return e, fmt.Errorf("plan an erasure: %w", err)
	}
	if e.Settled && e.Outcome != idv.EraseErased {
		return e, a.addTask(idv.TaskProviderErasure, row)
	}
	return e, nil
}

func erasuresOf(tx *gorm.DB, externalUserID string) ([]idv.ProviderErasure, error) {
	var rows []referredErasure
	err := tx.Select(withRef).Where("external_user_id = ?", word(externalUserID)).Order("session_id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	list := make([]idv.ProviderErasure, len(rows))
	for i, row := range rows {
		list[i] = row.erasure()
	}
	return list, nil
}

// Erasure gives what a provider was asked to erase of a session, or
// idv.ErrNotFound.
func (s *Store) Erasure(ctx context.Context, sessionID string) (idv.ProviderErasure, error) {
	var row referredErasure
	if err := s.read(ctx).Select(withRef).Where("session_id = ?", word(sessionID)).Take(&row).Error; err != nil {
		return idv.ProviderErasure{}, failed("read an erasure", notFound(err))
	}
	return row.erasure(), nil
}

// NoteErasure writes down what came of asking a provider once. What it will not
// erase is for people to do.
func (s *Store) NoteErasure(ctx context.Context, e idv.ProviderErasure) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		a, err := s.lockAccountOf(tx, e.SessionID)
		if err != nil {
			return err
		}
		return a.noteErasure(e)
	})
	return failed("note an erasure", err)
}

func (a *account) noteErasure(e idv.ProviderErasure) error {
	noted := a.tx.Model(&erasureRow{}).Where("session_id = ? AND NOT settled", word(e.SessionID)).UpdateColumns(map[string]any{
		"outcome": string(e.Outcome), "detail": word(e.Detail), "tries": e.Tries, "settled": e.Settled, "updated_at": a.now,
	})
	if noted.Error != nil {
		return fmt.Errorf("note an erasure: %w", noted.Error)
	}
	byHand := e.Outcome == idv.EraseFailed || e.Outcome == idv.EraseUnsupported
	if noted.RowsAffected == 0 || !e.Settled || !byHand {
		return nil
	}
	return a.addTask(idv.TaskProviderErasure, *a.session(word(e.SessionID)))
}

// DestroyedKeys names the keys that erasures destroyed, of each user the last one.
func (s *Store) DestroyedKeys(ctx context.Context) (keyIDs []string, err error) {
	err = s.read(ctx).Model(&userRow{}).Where("erased_key IS NOT NULL").Order("erased_key").Pluck("erased_key", &keyIDs).Error
	return keyIDs, failed("list destroyed keys", err)
}

// usersAtOnce is how many keys are looked for with one statement.
const usersAtOnce = 500

// UsersOfKeys gives the users who have a key of one of the names.
func (s *Store) UsersOfKeys(ctx context.Context, keyIDs []string) (externalUserIDs []string, err error) {
	names := make([]string, len(keyIDs))
	for i, keyID := range keyIDs {
		names[i] = word(keyID)
	}
	for names := range slices.Chunk(names, usersAtOnce) {
		var found []string
		err := s.read(ctx).Model(&userRow{}).Where("key_id IN ?", names).Order("key_id").Pluck("external_user_id", &found).Error
		if err != nil {
			return nil, failed("find the users of keys", err)
		}
		externalUserIDs = append(externalUserIDs, found...)
	}
	return externalUserIDs, nil
}
