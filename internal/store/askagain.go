package store

import (
	"context"

	"gorm.io/gorm"
)

// AskAgain has the provider asked about the session of the delivery with the
// digest, once for any number of calls until then. It does nothing for a
// delivery that was matched to no session.
func (s *Store) AskAgain(ctx context.Context, provider, digest string) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		var sessions []string
		err := tx.Model(&deliveryRow{}).
			Where("provider = ? AND digest = ? AND session_id IS NOT NULL", word(provider), word(digest)).
			Pluck("session_id", &sessions).Error
		if err != nil || len(sessions) == 0 {
			return err
		}
		return s.want(tx, sessions[0]) // a digest is kept once
	})
	return failed("ask about a delivery again", err)
}

// want has the provider asked about a session soon.
func (s *Store) want(tx *gorm.DB, sessionID string) error {
	a, err := s.lockAccountOf(tx, sessionID)
	if err != nil {
		return err
	}
	row := a.session(sessionID)
	session, err := row.bare()
	if err != nil || row.RedactedAt != nil {
		return err
	}
	return s.reschedule(a, row, session, wanted)
}
