package session_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

// A provider that breaks down in a create may have acted all the same. Where it
// can be asked, it is, before the client may try again.
func TestBreakdownOfACreateIsLookedInto(t *testing.T) {
	candidate := func(ref idv.Ref) idv.Started { return idv.Started{Ref: ref, Status: idv.Pending} }
	for name, c := range map[string]struct {
		status   int
		found    []idv.Started
		err      error
		asked    bool
		kind     idv.ErrorKind // of the error for the client, empty if it gets a session
		unsure   bool
		startsIn int // after the same key was used again
	}{
		"it is there":               {status: 500, found: []idv.Started{candidate("r")}, asked: true, startsIn: 1},
		"a gateway's, and it is":    {status: 502, found: []idv.Started{candidate("r")}, asked: true, startsIn: 1},
		"it is not there":           {status: 500, asked: true, kind: idv.KindUnavailable, startsIn: 2},
		"nor is the user":           {status: 503, err: &idv.ProviderError{Kind: idv.KindNotFound}, asked: true, kind: idv.KindUnavailable, startsIn: 2},
		"a gateway's, not yet":      {status: 504, asked: true, kind: idv.KindUnavailable, unsure: true, startsIn: 1},
		"it does not answer":        {status: 500, err: &idv.ProviderError{Kind: idv.KindUnavailable}, asked: true, kind: idv.KindUnavailable, unsure: true, startsIn: 1},
		"it answers what is no use": {status: 500, err: context.DeadlineExceeded, asked: true, kind: idv.KindUnavailable, unsure: true, startsIn: 1},
		"there are two":             {status: 500, found: []idv.Started{candidate("r"), candidate("s")}, asked: true, kind: idv.KindUnavailable, unsure: true, startsIn: 1},
		"it refused":                {status: 400, found: []idv.Started{candidate("r")}, kind: idv.KindRejected, startsIn: 1},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.provider.start = func(context.Context, idv.StartRequest) (idv.Started, error) {
					e := &idv.ProviderError{Kind: idv.KindUnavailable, HTTPStatus: c.status, Ambiguous: c.status == 502 || c.status == 504}
					if c.status == 400 {
						e.Kind = idv.KindRejected
					}
					return idv.Started{}, e
				}
				asked := false
				s := service(w.store, w.clock, &finding{scripted: w.provider, found: func(idv.StartRequest) ([]idv.Started, error) {
					asked = true
					return c.found, c.err
				}})
				r, err := s.Create(t.Context(), keyed("user-1", "k"))
				if asked != c.asked {
					t.Errorf("asked: %v", asked)
				}
				switch {
				case c.kind == "":
					must(t, err)
					if x := r.Session; r.Outcome != session.Made || x.Ref != "r" || x.State.Status != idv.Pending || x.StartUnanswered {
						t.Errorf("reply %+v", r)
					}
				default:
					f := faulted(t, err, c.kind)
					want := idv.Failed
					if c.unsure {
						want = idv.Created
					}
					if x := w.session(f.SessionID); f.Err.Ambiguous != c.unsure || x.StartUnanswered != c.unsure || x.State.Status != want {
						t.Errorf("fault %+v, session %+v", f.Err, x)
					}
				}
				_, _ = s.Create(t.Context(), keyed("user-1", "k"))
				if n := w.provider.starts.Load(); int(n) != c.startsIn {
					t.Errorf("the provider was asked %d times, want %d", n, c.startsIn)
				}
			})
		})
	}
}

// lost is a create whose answer was lost and that was not found.
func (w *world) lost(user string) idv.Session {
	w.t.Helper()
	w.provider.start = unanswered
	_, err := w.Create(w.t.Context(), request(user))
	id := faulted(w.t, err, idv.KindTimeout).SessionID
	w.settle(w.Service, id)
	w.provider.start = nil
	return w.session(id)
}

func (w *world) unsettled() []string {
	w.t.Helper()
	sessions, err := w.store.Sessions(w.t.Context(), idv.SessionFilter{Unsettled: true})
	must(w.t, err)
	ids := []string{}
	for _, x := range sessions {
		ids = append(ids, x.ID)
	}
	return ids
}

func TestOperatorLinksALostCreate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		taken, x := w.create("user-0"), w.lost("user-1")
		if got := w.unsettled(); len(got) != 1 || got[0] != x.ID {
			t.Fatalf("unsettled: %v", got)
		}
		_, err := w.Link(t.Context(), x.ID, taken.Ref)
		if !errors.Is(err, idv.ErrTaken) {
			t.Errorf("another session's id: %v", err)
		}
		_, err = w.Link(t.Context(), taken.ID, "found")
		conflict(t, err, session.ConflictLinked)
		_, err = w.Link(t.Context(), "ses_01kagt2f6pe4mrt1qq3g1c2s8f", "found")
		if !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("unknown session: %v", err)
		}
		linked, err := w.Link(t.Context(), x.ID, "found")
		must(t, err)
		if linked.Ref != "found" || linked.StartUnanswered || linked.State.Status != idv.Failed {
			t.Errorf("session %+v", linked)
		}
		if got := w.unsettled(); len(got) != 0 {
			t.Errorf("unsettled: %v", got)
		}
		// The provider's word then counts, and the timeline tells all of it.
		w.provider.fetch = func(ref idv.Ref) (idv.Update, error) {
			return idv.Update{Ref: ref, Status: idv.Approved, ProviderStatus: "ok"}, nil
		}
		must(t, w.Fetch(t.Context(), x.ID))
		if got := w.session(x.ID).State.Status; got != idv.Approved {
			t.Errorf("session is %s", got)
		}
		heard, err := w.store.Observations(t.Context(), x.ID)
		must(t, err)
		told := idv.Explain(heard)
		if n := len(told); n != 3 || told[1].Observation.Source != idv.SourceOperator || told[1].Why != "moves no status; an operator found it at the provider" {
			t.Errorf("timeline %+v", told)
		}
	})
}

func TestOperatorDismissesALostCreate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.lost("user-1")
		dismissed, err := w.Dismiss(t.Context(), x.ID)
		must(t, err)
		if dismissed.State.Status != idv.Failed || len(w.unsettled()) != 0 {
			t.Errorf("session %+v, unsettled %v", dismissed, w.unsettled())
		}
		_, err = w.Dismiss(t.Context(), x.ID)
		conflict(t, err, session.ConflictSettled)
		_, err = w.Dismiss(t.Context(), w.create("user-2").ID)
		conflict(t, err, session.ConflictLinked)
		// An operator may find it later all the same.
		linked, err := w.Link(t.Context(), x.ID, "found")
		must(t, err)
		if linked.Ref != "found" {
			t.Errorf("session %+v", linked)
		}
	})
}

// What is still being settled is not an operator's.
func TestOperatorWaitsForSettling(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.provider.start = unanswered
		_, err := w.Create(t.Context(), request("user-1"))
		id := faulted(t, err, idv.KindTimeout).SessionID
		_, err = w.Link(t.Context(), id, "found")
		conflict(t, err, session.ConflictUnsettled)
		_, err = w.Dismiss(t.Context(), id)
		conflict(t, err, session.ConflictUnsettled)
	})
}
