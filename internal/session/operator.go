package session

import (
	"context"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Link settles a create that came to nothing here by what an operator found at
// the provider, which is asked about it next. It returns idv.ErrNotFound,
// ErrNotConfigured, idv.ErrTaken if the provider's id belongs to another
// session, or a *ConflictError.
func (s *Service) Link(ctx context.Context, id string, ref idv.Ref) (idv.Session, error) {
	x, err := s.lost(ctx, id)
	if err != nil {
		return idv.Session{}, err
	}
	if _, err := s.provider(x.Provider); err != nil {
		return idv.Session{}, err
	}
	change := s.settled(x, idv.Started{Ref: ref}, "linked", "an operator found it at the provider")
	change.Jobs = []idv.Job{{Kind: idv.JobFetch, ID: x.ID}}
	return s.Store.Apply(ctx, change)
}

// Dismiss settles a create whose answer was lost by an operator's word that the
// provider has nothing of it. The session stays as it ended. It returns
// idv.ErrNotFound or a *ConflictError.
func (s *Service) Dismiss(ctx context.Context, id string) (idv.Session, error) {
	x, err := s.lost(ctx, id)
	if err != nil {
		return idv.Session{}, err
	}
	if !x.StartUnanswered {
		return idv.Session{}, &ConflictError{Kind: ConflictSettled, SessionID: x.ID}
	}
	return s.Store.Apply(ctx, s.settled(x, idv.Started{}, "dismissed", "an operator found nothing at the provider"))
}

// lost gives a session that the provider did not confirm and that is not being
// settled any more.
func (s *Service) lost(ctx context.Context, id string) (idv.Session, error) {
	x, err := s.Store.Session(ctx, id)
	switch {
	case err != nil:
		return idv.Session{}, err
	case x.Ref != "":
		return idv.Session{}, &ConflictError{Kind: ConflictLinked, SessionID: x.ID}
	case x.State.Status == idv.Created:
		return idv.Session{}, &ConflictError{Kind: ConflictUnsettled, SessionID: x.ID, RetryAfter: s.settledIn(x)}
	}
	return x, nil
}

func (s *Service) settled(x idv.Session, started idv.Started, fingerprint, why string) idv.Change {
	return idv.Change{
		SessionID: x.ID, Started: &started,
		Observations: []idv.Observation{{Fingerprint: fingerprint, Source: idv.SourceOperator, HeardAt: s.now(), Why: why}},
		Audit:        &idv.AuditEntry{Actor: idv.ActorCLI, Action: idv.AuditSessionSettled, Object: x.ID},
	}
}
