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
	started, found := s.find(ctx, x)
	if found {
		change := s.confirmed(x, started)
		// Where the session has got to since is asked for.
		change.Jobs = append(change.Jobs, idv.Job{Kind: idv.JobFetch, ID: x.ID})
		_, err := s.Store.Apply(ctx, change)
		if !errors.Is(err, idv.ErrTaken) {
			return 0, err
		}
	}
	if s.now().Before(x.CreatedAt.Add(settleWithin)) {
		return settleEvery, nil
	}
	_, err = s.Store.Apply(ctx, s.failed(x, idv.NewReason(idv.ReasonProviderTimeout, "")))
	return 0, err
}

// find asks the provider for the session that the create may have made. It
// must be the only one that could be it.
func (s *Service) find(ctx context.Context, x idv.Session) (idv.Started, bool) {
	finder, ok := s.Providers[x.Provider].(idv.Finder)
	if !ok {
		return idv.Started{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, s.ProviderTimeout)
	defer cancel()
	candidates, err := finder.Find(ctx, s.startRequest(x, Request{}))
	if err != nil {
		s.Logger.WarnContext(ctx, "provider could not be asked for a session", "session", x.ID, "provider", x.Provider, "error", err.Error())
		return idv.Started{}, false
	}
	var refs []idv.Ref
	for _, c := range candidates {
		refs = append(refs, c.Ref)
	}
	taken, err := s.Store.RefsTaken(ctx, x.Provider, refs)
	if err != nil {
		s.Logger.ErrorContext(ctx, "references could not be looked up", "session", x.ID, "error", err.Error())
		return idv.Started{}, false
	}
	candidates = slices.DeleteFunc(candidates, func(c idv.Started) bool { return slices.Contains(taken, c.Ref) })
	if len(candidates) != 1 {
		return idv.Started{}, false
	}
	return candidates[0], true
}
