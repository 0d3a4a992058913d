package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// recomputeBatch is how many users are looked up at once.
const recomputeBatch = 500

// Recompute reads every session's state off its observations again, and every
// user's status off the sessions, and gives the ids of the sessions and users
// whose stored state differed. Each user is one transaction.
func (s *Store) Recompute(ctx context.Context) (changed []string, err error) {
	last := ""
	for {
		var names []string
		err := s.read(ctx).Model(&userRow{}).Where("external_user_id > ?", last).
			Order("external_user_id").Limit(recomputeBatch).Pluck("external_user_id", &names).Error
		if err != nil {
			return changed, failed("list users", err)
		}
		if len(names) == 0 {
			return changed, nil
		}
		for _, name := range names {
			differed, err := s.recomputeUser(ctx, name)
			if err != nil {
				return changed, failed("recompute a user", err)
			}
			changed = append(changed, differed...)
		}
		last = names[len(names)-1]
	}
}

func (s *Store) recomputeUser(ctx context.Context, name string) (differed []string, err error) {
	err = s.write(ctx, func(tx *gorm.DB) error {
		differed = nil
		a, err := s.lockAccount(tx, name, all)
		if err != nil {
			return err
		}
		for i := range a.sessions {
			changed, err := s.recomputeSession(a, &a.sessions[i])
			if err != nil {
				return err
			}
			if changed {
				differed = append(differed, a.sessions[i].ID)
			}
		}
		if err := a.settlePlace(); err != nil {
			return err
		}
		changed, err := a.refold(s.validFor)
		if changed {
			differed = append(differed, name)
		}
		return err
	})
	return differed, err
}

func (s *Store) recomputeSession(a *account, row *sessionRow) (changed bool, err error) {
	before, err := s.sessionOf(a, *row)
	if err != nil {
		return false, err
	}
	observations, _, err := hear(a.tx, row.ID, nil, a.now)
	if err != nil {
		return false, err
	}
	after := before
	after.State = idv.Fold(observations)
	return s.writeSession(a, row, before, after, asBefore)
}
