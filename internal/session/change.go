package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Cancel ends an open session here, and at the provider where it can. A session
// that is canceled already is answered as it is; a *ConflictError refuses one
// that is decided or ended otherwise. Whoever wishes it, by, is kept on record.
func (s *Service) Cancel(ctx context.Context, id, by string) (idv.Session, error) {
	x, err := s.Store.Session(ctx, id)
	if err != nil {
		return idv.Session{}, err
	}
	if !x.State.Status.Open() {
		return x, endedConflict(x)
	}
	s.cancelAtProvider(ctx, x)
	x, err = s.Store.Apply(ctx, idv.Change{SessionID: id, Observations: []idv.Observation{{
		Fingerprint: "cancel",
		Source:      idv.SourceOperator,
		HeardAt:     s.now(),
		Status:      idv.Canceled,
		Reasons:     []idv.Reason{idv.NewReason(idv.ReasonClientCanceled, "")},
	}}, Audit: &idv.AuditEntry{Actor: by, Action: idv.AuditSessionCanceled, Object: id}})
	if err != nil {
		return idv.Session{}, err
	}
	// A decision may have come in between, and it stands.
	return x, endedConflict(x)
}

func endedConflict(x idv.Session) error {
	switch {
	case x.State.Status == idv.Canceled:
		return nil
	case x.State.Status.Decided():
		return &ConflictError{Kind: ConflictDecided, SessionID: x.ID}
	default:
		return &ConflictError{Kind: ConflictEnded, SessionID: x.ID}
	}
}

// cancelAtProvider is best effort: the session is canceled here whatever the
// provider does, and a late decision would still be told.
func (s *Service) cancelAtProvider(ctx context.Context, x idv.Session) {
	canceler, ok := s.Providers[x.Provider].(idv.Canceler)
	if !ok || x.Ref == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.ProviderTimeout)
	defer cancel()
	if err := canceler.Cancel(ctx, x.Ref); err != nil {
		s.Logger.WarnContext(ctx, "session could not be canceled at its provider", "session", x.ID, "provider", x.Provider, "error", err.Error())
	}
}

// Refresh asks the provider about the session now. The answer is one more
// observation and goes through the same fold as a webhook. It returns
// idv.ErrNotFound, ErrNotConfigured, a *ConflictError while the provider has
// not confirmed the session, or a *FaultError.
func (s *Service) Refresh(ctx context.Context, id string) (idv.Session, error) {
	x, err := s.Store.Session(ctx, id)
	if err != nil {
		return idv.Session{}, err
	}
	if !x.RedactedAt.IsZero() {
		return idv.Session{}, &ConflictError{Kind: ConflictErased, SessionID: x.ID}
	}
	p, err := s.provider(x.Provider)
	if err != nil {
		return idv.Session{}, err
	}
	if x.Ref == "" {
		if x.State.Status == idv.Created {
			return idv.Session{}, &ConflictError{Kind: ConflictUnsettled, SessionID: x.ID, RetryAfter: s.settledIn(x)}
		}
		return idv.Session{}, &ConflictError{Kind: ConflictEnded, SessionID: x.ID}
	}
	asked := s.now()
	fetchCtx, cancel := context.WithTimeout(ctx, s.ProviderTimeout)
	defer cancel()
	u, err := p.Fetch(fetchCtx, x.Ref)
	if err != nil {
		return idv.Session{}, fault(x, err)
	}
	if s.Unreal != nil && s.Unreal(x.Provider) {
		u = u.Unreal()
	}
	change := idv.Change{SessionID: id, Result: u.Result}
	if u.OccurredAt.IsZero() {
		u = u.AsOf(asked)
		change.Then = func(_, after idv.Session) []idv.Job { return askAgain(u, after) }
	}
	change.Observations = []idv.Observation{u.Observation(idv.SourceFetch, fetchFingerprint(u), s.now())}
	return s.Store.Apply(ctx, change)
}

// askAgain: an answer without a time is dated to the second in which it was
// asked for, and yields to a decision of the same second. Where the session
// changed in that second and now says something else, the provider is asked once
// more when it is over.
func askAgain(u idv.Update, after idv.Session) []idv.Job {
	decision := after.State.Decision
	if !u.Status.Decided() || u.Unknown || u.Partial || u.Test || decision == nil || decision.Outcome == u.Status ||
		after.UpdatedAt.Before(u.OccurredAt) {
		return nil
	}
	return []idv.Job{{Kind: idv.JobFetch, ID: after.ID, RunAt: u.OccurredAt.Add(time.Second)}}
}

// fetchFingerprint makes an answer that says the same as an earlier one the
// same observation.
func fetchFingerprint(u idv.Update) string {
	said := fmt.Sprintf("%q %q %q %s %s %+v", u.Attempt, u.ProviderStatus, u.Status,
		u.OccurredAt.UTC().Format(time.RFC3339Nano), u.DocumentExpiresAt.UTC().Format(time.RFC3339Nano), u.Reasons)
	sum := sha256.Sum256([]byte(said))
	return "fetch:" + hex.EncodeToString(sum[:16])
}

// Fetch is Refresh for the queue. An error means that it is worth asking again.
func (s *Service) Fetch(ctx context.Context, id string) error {
	_, err := s.Refresh(ctx, id)
	var f *FaultError
	var conflict *ConflictError
	switch {
	case err == nil, errors.Is(err, idv.ErrNotFound), errors.As(err, &conflict):
		return nil
	case errors.As(err, &f) && (f.Err.Kind == idv.KindNotFound || f.Err.Kind == idv.KindRejected):
		s.Logger.WarnContext(ctx, "provider does not answer for a session", "session", id, "provider", f.Provider, "error", f.Err.Error())
		return nil
	default:
		return err
	}
}

// Expire ends a session whose link ran out before the user was done, and has the
// provider asked once more: the user may have been done in the last minute. It
// returns how long to wait before it is called again, 0 if there is nothing left
// to do.
func (s *Service) Expire(ctx context.Context, id string) (again time.Duration, err error) {
	x, err := s.Store.Session(ctx, id)
	if errors.Is(err, idv.ErrNotFound) {
		return 0, nil
	}
	if err != nil || !x.State.Status.Open() {
		return 0, err
	}
	// Its time was moved, or the clock that woke us is ahead of this one.
	if left := x.ExpiresAt.Sub(s.now()); left > 0 {
		return left, nil
	}
	_, err = s.Store.Apply(ctx, idv.Change{SessionID: id, Observations: []idv.Observation{{
		Fingerprint: "link-expired:" + x.ExpiresAt.Format(time.RFC3339Nano),
		Source:      idv.SourceClock,
		HeardAt:     s.now(),
		OccurredAt:  x.ExpiresAt,
		Status:      idv.Expired,
		Reasons:     []idv.Reason{idv.NewReason(idv.ReasonSessionExpired, "")},
	}}, Ask: x.Ref != ""})
	return 0, err
}
