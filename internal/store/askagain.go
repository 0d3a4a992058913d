package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// AskAgain has the provider asked about the session of the delivery with the
// digest. It does nothing for a delivery that was matched to no session.
func (s *Store) AskAgain(ctx context.Context, provider, digest string) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		var sessions []string
		err := tx.Model(&deliveryRow{}).
			Where("provider = ? AND digest = ? AND session_id IS NOT NULL", word(provider), word(digest)).
			Pluck("session_id", &sessions).Error
		if err != nil {
			return err
		}
		jobs := make([]idv.Job, len(sessions))
		for i, id := range sessions {
			jobs[i] = idv.Job{Kind: idv.JobFetch, ID: id}
		}
		return s.insertJobs(tx, jobs...)
	})
	return failed("ask about a delivery again", err)
}
