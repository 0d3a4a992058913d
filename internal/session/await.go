package session

import (
	"context"
	"errors"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// await waits until another call's create of this user's session is answered.
// Nil means that it is worth asking for a session again; a create that came to
// nothing is everybody's answer, so that a provider in trouble is not asked
// once for each who waited.
func (s *Service) await(ctx context.Context, x idv.Session) error {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		switch {
		case x.State.Status == idv.Failed:
			return fault(x, startError(x))
		case x.State.Status != idv.Created:
			return nil
		case !s.inFlight(x):
			return &ConflictError{Kind: ConflictUnsettled, SessionID: x.ID, RetryAfter: s.settledIn(x)}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		var err error
		if x, err = s.Store.Session(ctx, x.ID); errors.Is(err, idv.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// settledIn is the longest that an unanswered create stays so, in whole seconds.
func (s *Service) settledIn(x idv.Session) time.Duration {
	left := x.CreatedAt.Add(settleWithin + settleEvery).Sub(s.now())
	return max(left, time.Second).Round(time.Second)
}

// startError is the error that startReason was made of, as far as it was kept.
func startError(x idv.Session) *idv.ProviderError {
	kind := idv.KindUnavailable
	for _, r := range x.State.Reasons {
		switch r.Code {
		case idv.ReasonProviderRejected:
			kind = idv.KindRejected
		case idv.ReasonProviderTimeout:
			kind = idv.KindTimeout
		}
	}
	return &idv.ProviderError{Kind: kind}
}
