package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// errInTheWay undoes a transaction that found something in its way.
var errInTheWay = errors.New("something is in the way")

// CreateSession records a session, unless its key was used before, or the user
// is verified, or has an open session. Only idv.ClaimNew changed anything.
func (s *Store) CreateSession(ctx context.Context, n idv.NewSession) (idv.Claim, error) {
	var claim idv.Claim
	err := s.write(ctx, func(tx *gorm.DB) error {
		var err error
		if claim, err = s.create(tx, n); err == nil && claim.Kind != idv.ClaimNew {
			return errInTheWay
		}
		return err
	})
	if err != nil && !errors.Is(err, errInTheWay) {
		return idv.Claim{}, failed("create a session", err)
	}
	return claim, nil
}

func (s *Store) create(tx *gorm.DB, n idv.NewSession) (idv.Claim, error) {
	// The user before the key, as everywhere: nobody waits in a circle, and the
	// events of a user are numbered in the order in which they happen.
	a, err := s.lockAccount(tx, n.Session.ExternalUserID, mattering(n.Session.ID))
	if err != nil {
		return idv.Claim{}, err
	}
	if n.Key != nil {
		row, fresh, err := s.takeKey(tx, *n.Key)
		if err != nil {
			return idv.Claim{}, err
		}
		// A key that made no session and has no answer is as good as new.
		if used := row.SessionID != nil || row.Answer != nil; !fresh && (used || !row.sameRequest(*n.Key)) {
			return s.usedKey(tx, row, *n.Key)
		}
	}
	if claim, free, err := s.makeRoom(a, n); err != nil || !free {
		return claim, err
	}
	row, err := s.addSession(a, n)
	if err != nil {
		return idv.Claim{}, err
	}
	if n.Key != nil {
		if err := linkKey(tx, *n.Key, row.ID); err != nil {
			return idv.Claim{}, err
		}
	}
	if _, err := a.refold(s.validFor); err != nil {
		return idv.Claim{}, err
	}
	if err := s.insertJobs(tx, n.Jobs...); err != nil {
		return idv.Claim{}, err
	}
	return s.claimed(a, idv.ClaimNew, row)
}

// makeRoom gives the session that stands in the way, or reports that the user's
// one open place is free, where need be by having its holder yield.
func (s *Store) makeRoom(a *account, n idv.NewSession) (claim idv.Claim, free bool, err error) {
	if !n.Reverify {
		v, err := a.verification(s.validFor)
		if err != nil {
			return idv.Claim{}, false, err
		}
		if v.Status == idv.UserVerified {
			claim, err := s.claimed(a, idv.ClaimVerified, *a.session(v.SessionID))
			return claim, false, err
		}
	}
	holder := a.holder()
	switch {
	case holder == nil:
		return idv.Claim{}, true, nil
	case n.Another && idv.Status(holder.Status) != idv.Created:
		return idv.Claim{}, true, a.yield(holder)
	default:
		claim, err := s.claimed(a, idv.ClaimOpen, *holder)
		return claim, false, err
	}
}

func (s *Store) addSession(a *account, n idv.NewSession) (sessionRow, error) {
	session := n.Session
	session.State = idv.Fold(nil)
	a.user.ErasedAt = nil // there is something again
	row, err := s.sessionRow(a, session)
	if err != nil {
		return row, err
	}
	row.OpenSlot, row.Version = &row.ExternalUserID, 1
	if err := a.tx.Create(&row).Error; err != nil {
		return row, fmt.Errorf("add a session: %w", err)
	}
	a.add(row)
	a.tellSession(row)
	return row, nil
}

func (s *Store) claimed(a *account, kind idv.ClaimKind, row sessionRow) (idv.Claim, error) {
	session, err := s.sessionOf(a, row)
	return idv.Claim{Kind: kind, Session: session}, err
}
