package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

func unanswered(context.Context, idv.StartRequest) (idv.Started, error) {
	return idv.Started{}, &idv.ProviderError{Kind: idv.KindTimeout, Ambiguous: true}
}

// settle works the settling job until it says that it is done.
func (w *world) settle(s *session.Service, id string) {
	w.t.Helper()
	for range 100 {
		again, err := s.Settle(w.t.Context(), id)
		must(w.t, err)
		if again == 0 {
			return
		}
		w.clock.advance(again)
	}
	w.t.Fatal("settling never ends")
}

func TestUnansweredCreateIsNeverRepeated(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.provider.start = unanswered
		_, err := w.Create(t.Context(), keyed("user-1", "k"))
		f := faulted(t, err, idv.KindTimeout)
		if x := w.session(f.SessionID); x.State.Status != idv.Created || !x.StartUnanswered {
			t.Fatalf("session is %s, unanswered %v", x.State.Status, x.StartUnanswered)
		}
		// Others are told to wait, whatever they ask for.
		for _, another := range []bool{false, true} {
			req := request("user-1")
			req.Another = another
			_, err = w.Create(t.Context(), req)
			if c := conflict(t, err, session.ConflictUnsettled); c.SessionID != f.SessionID || c.RetryAfter < time.Second || c.RetryAfter > 70*time.Second {
				t.Errorf("conflict %+v", c)
			}
		}
		// The same key gets the same answer.
		_, err = w.Create(t.Context(), keyed("user-1", "k"))
		if again := faulted(t, err, idv.KindTimeout); again.SessionID != f.SessionID {
			t.Errorf("another session: %s", again.SessionID)
		}
		if n := w.provider.starts.Load(); n != 1 {
			t.Errorf("the provider was asked %d times", n)
		}
	})
}

func TestUnansweredCreateFailsAfterAMinute(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.provider.start = unanswered
		began := w.clock.now()
		_, err := w.Create(t.Context(), request("user-1"))
		id := faulted(t, err, idv.KindTimeout).SessionID
		w.settle(w.Service, id)
		x := w.session(id)
		if x.State.Status != idv.Failed || x.State.Reasons[0].Code != idv.ReasonProviderTimeout {
			t.Errorf("session %+v", x.State)
		}
		if took := w.clock.now().Sub(began); took < time.Minute || took > 70*time.Second {
			t.Errorf("settled after %v", took)
		}
		w.provider.start = nil
		w.create("user-1") // and the user may try again
	})
}

func TestLostCreateIsFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		taken := w.create("user-0")
		w.provider.start = unanswered
		asked := 0
		p := &finding{scripted: w.provider, found: func(req idv.StartRequest) ([]idv.Started, error) {
			asked++
			if req.ExternalUserID != "user-1" {
				t.Errorf("asked for %+v", req)
			}
			if asked < 3 {
				return nil, &idv.ProviderError{Kind: idv.KindUnavailable}
			}
			return []idv.Started{
				{Ref: taken.Ref, Status: idv.Pending}, // another session's
				{Ref: "lost", Status: idv.Pending, Launch: idv.Launch{VerificationID: "lost"}},
			}, nil
		}}
		s := service(w.store, w.clock, p)
		_, err := s.Create(t.Context(), keyed("user-1", "k"))
		id := faulted(t, err, idv.KindTimeout).SessionID
		w.settle(s, id)
		if x := w.session(id); x.State.Status != idv.Pending || x.Ref != "lost" || x.Launch.VerificationID != "lost" || x.StartUnanswered {
			t.Fatalf("session %+v", x)
		}
		r, err := s.Create(t.Context(), keyed("user-1", "k"))
		must(t, err)
		if r.Replay == nil {
			t.Fatal("the key has no answer")
		}
		again, err := s.Create(t.Context(), keyed("user-1", "k"))
		must(t, err)
		if again.Replay == nil || string(again.Replay.Body) != string(r.Replay.Body) {
			t.Error("the key's answer changed")
		}
		if n := w.provider.starts.Load(); n != 2 {
			t.Errorf("the provider was asked %d times", n)
		}
	})
}

// Two sessions that could be it are no answer.
func TestAmbiguousFindIsNotGuessed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.provider.start = unanswered
		s := service(w.store, w.clock, &finding{scripted: w.provider, found: func(idv.StartRequest) ([]idv.Started, error) {
			return []idv.Started{{Ref: "a", Status: idv.Pending}, {Ref: "b", Status: idv.Pending}}, nil
		}})
		_, err := s.Create(t.Context(), request("user-1"))
		id := faulted(t, err, idv.KindTimeout).SessionID
		w.settle(s, id)
		if x := w.session(id); x.State.Status != idv.Failed || x.Ref != "" {
			t.Errorf("session %s, reference %q", x.State.Status, x.Ref)
		}
	})
}

// A process that died between its two transactions leaves a session that is
// settled like one without an answer, but not while the answer may still come.
func TestAbandonedCreateIsSettled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		now := w.clock.now()
		claim, err := w.store.CreateSession(t.Context(), idv.NewSession{Session: idv.Session{
			ID: "ses_01kagt2f6pe4mrt1qq3g1c2s8f", ExternalUserID: "user-1", Provider: "acme",
			State: idv.State{Status: idv.Created}, CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour),
		}})
		must(t, err)
		if again, err := w.Settle(t.Context(), claim.Session.ID); again == 0 || err != nil {
			t.Fatalf("settled while the answer may come: %v %v", again, err)
		}
		w.settle(w.Service, claim.Session.ID)
		if got := w.session(claim.Session.ID).State.Status; got != idv.Failed {
			t.Errorf("session is %s", got)
		}
		if got := w.unsettled(); len(got) != 1 || got[0] != claim.Session.ID {
			t.Errorf("an operator is shown %v", got)
		}
	})
}

func TestSettleLeavesAnsweredCreatesAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		w.clock.advance(2 * time.Minute)
		again, err := w.Settle(t.Context(), x.ID)
		if again != 0 || err != nil || w.session(x.ID).State.Status != idv.Pending {
			t.Errorf("%v %v %s", again, err, w.session(x.ID).State.Status)
		}
		if again, err := w.Settle(t.Context(), "ses_01kagt2f6pe4mrt1qq3g1c2s8f"); again != 0 || err != nil {
			t.Errorf("unknown session: %v %v", again, err)
		}
	})
}

func TestFetchGivesUpOnlyWhereAskingAgainIsNoUse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		for kind, retried := range map[idv.ErrorKind]bool{
			idv.KindNotFound: false, idv.KindRejected: false,
			idv.KindUnavailable: true, idv.KindTimeout: true, idv.KindRateLimited: true, idv.KindUnauthorized: true,
		} {
			w.provider.fetch = func(idv.Ref) (idv.Update, error) { return idv.Update{}, &idv.ProviderError{Kind: kind} }
			if err := w.Fetch(t.Context(), x.ID); (err != nil) != retried {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if err := w.Fetch(t.Context(), "ses_01kagt2f6pe4mrt1qq3g1c2s8f"); err != nil && !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("unknown session: %v", err)
		}
	})
}
