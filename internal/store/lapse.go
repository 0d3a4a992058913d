package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
)

// LapseUsers writes down for at most limit users that the passing of time has
// changed their status, and gives how many it was done for. One that fails does
// not hold up the others.
func (s *Store) LapseUsers(ctx context.Context, limit int) (lapsed int, err error) {
	var names []string
	err = s.read(ctx).Model(&userRow{}).Where("changes_at <= ?", s.now()).
		Order("changes_at").Limit(limit).Pluck("external_user_id", &names).Error
	if err != nil {
		return 0, failed("look for users whose status lapses", err)
	}
	var errs []error
	for _, name := range names {
		if _, err := s.lapse(ctx, name); err != nil {
			errs = append(errs, fmt.Errorf("write that a status lapsed: %w", err))
			continue
		}
		lapsed++
	}
	return lapsed, errors.Join(errs...)
}

// lapse writes down that the passing of time has changed a user's status.
func (s *Store) lapse(ctx context.Context, externalUserID string) (row userRow, err error) {
	err = s.write(ctx, func(tx *gorm.DB) error {
		a, err := s.lockAccount(tx, externalUserID, mattering(""))
		if err != nil {
			return err
		}
		_, err = a.refold(s.validFor)
		row = a.user
		return err
	})
	return row, err
}
