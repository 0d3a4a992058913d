package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// budgetRow is how many more questions an account may be asked, by the generic
// cell rate algorithm: each question moves FreeAt on by its share of the time,
// and FreeAt may be ahead of the present by a burst.
type budgetRow struct {
	Provider    string `gorm:"primaryKey"`
	FreeAt      time.Time
	PausedUntil *time.Time
	Failures    int
}

// TableName names the table.
func (budgetRow) TableName() string { return "question_budgets" }

// allows gives how many questions may be asked now. An account that was in
// trouble is asked one, and the others wait for what becomes of it.
func (b budgetRow) allows(r idv.Ration, now time.Time) int {
	if b.PausedUntil != nil && now.Before(*b.PausedUntil) {
		return 0
	}
	most := r.Most
	if b.PausedUntil != nil {
		most = min(most, 1)
	}
	if r.Every <= 0 {
		return most
	}
	left := now.Add(time.Duration(r.Burst) * r.Every).Sub(later(b.FreeAt, now))
	return max(0, min(most, int(left/r.Every)))
}

// spend writes down that questions were taken.
func (b *budgetRow) spend(tx *gorm.DB, r idv.Ration, questions int, now time.Time) error {
	b.FreeAt = moment(later(b.FreeAt, now).Add(time.Duration(questions) * r.Every))
	if b.PausedUntil != nil {
		b.PausedUntil = perhaps(now.Add(r.Lease))
	}
	if err := tx.Select("*").Updates(b).Error; err != nil {
		return fmt.Errorf("write a budget: %w", err)
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// holdBudget takes the budget for this transaction. It is not held if another
// replica has it, which takes questions at this moment.
func (s *Store) holdBudget(tx *gorm.DB, provider string) (row budgetRow, held bool, err error) {
	err = tx.Clauses(skipLocked).Where("provider = ?", word(provider)).Take(&row).Error
	if err == nil || !errors.Is(err, gorm.ErrRecordNotFound) {
		return row, err == nil, err
	}
	row = budgetRow{Provider: word(provider), FreeAt: s.now()}
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	return row, made.RowsAffected == 1, made.Error
}

// Pause notes that a question failed for the account's sake. pause is given how
// often that happened since the last answer, and says for how long nobody asks
// the provider of its own accord; 0 is no pause.
func (s *Store) Pause(ctx context.Context, provider string, pause func(failures int) time.Duration) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		var row budgetRow
		err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).
			Where("provider = ?", word(provider)).Take(&row).Error
		if err != nil {
			return notFound(err)
		}
		row.Failures++
		if d := pause(row.Failures); d > 0 {
			row.PausedUntil = perhaps(s.now().Add(d))
		}
		return tx.Select("*").Updates(&row).Error
	})
	return failed("pause the questions to a provider", err)
}

// Resume notes that the provider answers again, unless more questions than
// those failures have failed meanwhile.
func (s *Store) Resume(ctx context.Context, provider string, failures int) error {
	err := s.alone(ctx).Model(&budgetRow{}).Where("provider = ? AND failures = ?", word(provider), failures).
		UpdateColumns(map[string]any{"failures": 0, "paused_until": nil}).Error
	return failed("resume the questions to a provider", err)
}
