package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// settleEvery is the time between two questions about an unanswered create.
const settleEvery = 5 * time.Second

// Settle finds out what became of a create that has no answer: the provider is
// asked where it can be, and after a minute the session is failed. It returns
// how long to wait before it is called again, 0 if there is nothing left to do.
func (s *Service) Settle(ctx context.Context, id string) (again time.Duration, err error) {
	x, err := s.Store.Session(ctx, id)
	if errors.Is(err, idv.ErrNotFound) {
		return 0, nil
	}
	if err != nil || x.State.Status != idv.Created || x.Ref != "" {
		return 0, err
	}
	if s.inFlight(x) {
		return settleEvery, nil
	}
	if started, found := s.find(ctx, x); found == one {
		_, err := s.Store.Apply(ctx, s.found(x, started))
		if !errors.Is(err, idv.ErrTaken) {
			return 0, err
		}
	}
	if s.now().Before(x.CreatedAt.Add(settleWithin)) {
		return settleEvery, nil
	}
	change := s.failed(x, idv.NewReason(idv.ReasonProviderTimeout, ""))
	// Whoever sent it may have died: that nobody knows is for an operator to see.
	change.StartUnanswered = true
	_, err = s.Store.Apply(ctx, change)
	return 0, err
}

// found is what we know once a lost create was found. Where the session has got
// to since is asked for.
func (s *Service) found(x idv.Session, started idv.Started) idv.Change {
	change := s.confirmed(x, started)
	change.Jobs = append(change.Jobs, idv.Job{Kind: idv.JobFetch, ID: x.ID})
	return change
}

// finding is what came of looking for a lost create.
type finding int

const (
	unsure finding = iota // the provider cannot be asked or does not answer, or there are several
	none                  // the provider has none
	one                   // the provider has one that could be it
)

func (s *Service) canFind(x idv.Session) bool {
	_, ok := s.Providers[x.Provider].(idv.Finder)
	return ok
}

// find asks the provider for the session that the create may have made.
func (s *Service) find(ctx context.Context, x idv.Session) (idv.Started, finding) {
	finder, ok := s.Providers[x.Provider].(idv.Finder)
	if !ok {
		return idv.Started{}, unsure
	}
	ctx, cancel := context.WithTimeout(ctx, s.ProviderTimeout)
	defer cancel()
	candidates, err := finder.Find(ctx, s.startRequest(x, Request{}))
	var refusal *idv.ProviderError
	switch {
	case errors.As(err, &refusal) && refusal.Kind == idv.KindNotFound:
		return idv.Started{}, none // nor the user
	case err != nil:
		s.Logger.WarnContext(ctx, "provider could not be asked for a session", "session", x.ID, "provider", x.Provider, "error", err.Error())
		return idv.Started{}, unsure
	}
	var refs []idv.Ref
	for _, c := range candidates {
		refs = append(refs, c.Ref)
	}
	taken, err := s.Store.RefsTaken(ctx, x.Provider, refs)
	if err != nil {
		s.Logger.ErrorContext(ctx, "references could not be looked up", "session", x.ID, "error", err.Error())
		return idv.Started{}, unsure
	}
	candidates = slices.DeleteFunc(candidates, func(c idv.Started) bool { return slices.Contains(taken, c.Ref) })
	switch len(candidates) {
	case 0:
		return idv.Started{}, none
	case 1:
		return candidates[0], one
	default:
		return idv.Started{}, unsure
	}
}
