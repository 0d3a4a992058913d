package session

import (
	"context"
	"errors"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// keepWithin is how long a call goes on trying to keep what a provider
	// answered: longer than a database takes to come back after a crash.
	keepWithin     = 15 * time.Second
	firstKeepPause = 10 * time.Millisecond
	lastKeepPause  = time.Second
)

// claim asks for the user's open place, twice if need be: when a connection
// breaks nobody knows whether the session was recorded, but its id tells, since
// nobody else can have made it.
func (s *Service) claim(ctx context.Context, n idv.NewSession) (idv.Claim, error) {
	claim, err := s.Store.CreateSession(ctx, n)
	if err != nil && ctx.Err() == nil {
		claim, err = s.Store.CreateSession(ctx, n)
	}
	if err == nil && claim.Session.ID == n.Session.ID {
		claim.Kind = idv.ClaimNew
	}
	return claim, err
}

// keep keeps what became of a create, which this call alone knows: a provider
// was paid, and may not be asked a second time. It can be repeated, since the
// same change twice is one.
func (s *Service) keep(ctx context.Context, c idv.Change) (idv.Session, error) {
	deadline := time.Now().Add(keepWithin)
	for pause := firstKeepPause; ; pause = min(2*pause, lastKeepPause) {
		x, err := s.Store.Apply(ctx, c)
		if err == nil || errors.Is(err, idv.ErrTaken) || errors.Is(err, idv.ErrNotFound) || time.Now().After(deadline) {
			return x, err
		}
		s.Logger.WarnContext(ctx, "what a provider answered is not kept yet", "session", c.SessionID, "error", err.Error())
		select {
		case <-ctx.Done():
			return idv.Session{}, ctx.Err()
		case <-time.After(pause):
		}
	}
}
