package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Hold has nothing of a user erased from now on, neither by wish nor by age, and
// gives since when that is so. Whoever wishes it is kept on record. A user who is
// held already stays so.
func (s *Store) Hold(ctx context.Context, externalUserID, by string) (since time.Time, err error) {
	err = s.setHold(ctx, externalUserID, by, idv.AuditUserHeld, func(user *userRow, now time.Time) (changed bool) {
		if changed = user.HeldSince == nil; changed {
			user.HeldSince = &now
		}
		since = timeOf(user.HeldSince)
		return changed
	})
	return since, failed("hold a user", err)
}

// Release ends a hold, and is on record too. It does nothing for a user who is not
// held.
func (s *Store) Release(ctx context.Context, externalUserID, by string) error {
	err := s.setHold(ctx, externalUserID, by, idv.AuditUserReleased, func(user *userRow, _ time.Time) (changed bool) {
		changed = user.HeldSince != nil
		user.HeldSince = nil
		return changed
	})
	return failed("release a user", err)
}

// HeldSince gives since when a user is held, zero if they are not.
func (s *Store) HeldSince(ctx context.Context, externalUserID string) (time.Time, error) {
	var rows []userRow
	err := s.read(ctx).Select("held_since").Where("external_user_id = ?", word(externalUserID)).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return time.Time{}, failed("read whether a user is held", err)
	}
	return timeOf(rows[0].HeldSince), nil
}

func (s *Store) setHold(ctx context.Context, externalUserID, by string, action idv.AuditAction, set func(user *userRow, now time.Time) (changed bool)) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		a, err := s.lockAccount(tx, externalUserID, mattering(""))
		if err != nil || !set(&a.user, a.now) {
			return err
		}
		if err := tx.Model(&a.user).Select("held_since").UpdateColumns(&a.user).Error; err != nil {
			return err
		}
		if a.user.HeldSince == nil {
			if err := s.releaseWebhooks(a); err != nil {
				return err
			}
		}
		return s.audit(tx, &idv.AuditEntry{Actor: by, Action: action, Object: a.user.ExternalUserID})
	})
}
