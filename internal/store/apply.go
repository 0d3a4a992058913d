package store

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Apply does everything that one thing we learned does to a session, or nothing
// of it, and gives the session after. It is idv.ErrNotFound if there is no such
// session, or no such delivery, and idv.ErrTaken if the provider's id belongs to
// another session.
func (s *Store) Apply(ctx context.Context, c idv.Change) (idv.Session, error) {
	var after idv.Session
	err := s.write(ctx, func(tx *gorm.DB) error {
		a, err := s.lockAccountOf(tx, c.SessionID)
		if err != nil {
			return err
		}
		var before idv.Session
		if before, after, err = s.change(a, c); err != nil {
			return err
		}
		if err := s.follow(a, c, before, after); err != nil {
			return err
		}
		return s.audit(tx, c.Audit)
	})
	if err != nil {
		return idv.Session{}, failed("apply a change", err)
	}
	return after, nil
}

// change writes the session and the user.
func (s *Store) change(a *account, c idv.Change) (before, after idv.Session, err error) {
	row := a.session(word(c.SessionID))
	if before, err = s.sessionOf(a, *row); err != nil {
		return before, after, err
	}
	if row.RedactedAt != nil {
		after, err = s.changeRedacted(a, row, before, c)
		return before, after, err
	}
	observations, notices, err := hear(a.tx, row.ID, c.Observations, a.now)
	if err != nil {
		return before, after, err
	}
	after = started(before, c)
	after.State = idv.Fold(observations)
	if _, err := s.writeSession(a, row, before, after, rethinking(c)); err != nil {
		return before, after, err
	}
	a.tellNotices(*row, notices)
	if err := a.addTasks(*row, notices); err != nil {
		return before, after, err
	}
	if err := a.settlePlace(); err != nil {
		return before, after, err
	}
	if _, err := a.refold(s.validFor); err != nil {
		return before, after, err
	}
	after, err = s.sessionOf(a, *row)
	return before, after, err
}

// started takes over what the provider confirmed of a session.
func started(session idv.Session, c idv.Change) idv.Session {
	// A webhook may have brought what the answer would have told.
	if c.StartUnanswered && session.Ref == "" {
		session.StartUnanswered = true
	}
	if c.Started == nil {
		return session
	}
	session.StartUnanswered = false
	if c.Started.Ref != "" {
		session.Ref = c.Started.Ref
	}
	if c.Started.Launch != (idv.Launch{}) {
		session.Launch = c.Started.Launch
	}
	if !c.Started.ExpiresAt.IsZero() {
		session.ExpiresAt = c.Started.ExpiresAt
	}
	return session
}

// follow writes what follows from the change of a session.
func (s *Store) follow(a *account, c idv.Change, before, after idv.Session) error {
	if c.Result != nil && after.RedactedAt.IsZero() {
		if err := s.putResult(a, after, *c.Result); err != nil {
			return err
		}
	}
	if c.Delivery != nil {
		if err := s.closeDelivery(a, *c.Delivery, after); err != nil {
			return failed("mark a delivery", err)
		}
	}
	if c.Key != nil {
		if err := s.settleKey(a.tx, c, after); err != nil {
			return err
		}
	}
	jobs := c.Jobs
	if c.Then != nil {
		jobs = append(slices.Clip(jobs), c.Then(before, after)...)
	}
	if after.Ref != before.Ref {
		waiting, err := unmatched(a.tx, after.Provider, string(after.Ref))
		if err != nil {
			return fmt.Errorf("look for unmatched deliveries: %w", err)
		}
		jobs = append(slices.Clip(jobs), waiting...)
	}
	return s.insertJobs(a.tx, jobs...)
}

// settleKey keeps the answer of the call that made the session, or forgets its
// key.
func (s *Store) settleKey(tx *gorm.DB, c idv.Change, after idv.Session) error {
	if c.Answer == nil {
		return failed("forget an idempotency key", forgetKey(tx, *c.Key))
	}
	answer := c.Answer(after)
	answer.SessionID = after.ID
	return s.answerKey(tx, *c.Key, answer)
}
