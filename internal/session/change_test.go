package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		for range 2 { // the second time nothing changes
			c, err := w.Cancel(t.Context(), x.ID, "key_1")
			must(t, err)
			if c.State.Status != idv.Canceled || c.State.Reasons[0].Code != idv.ReasonClientCanceled {
				t.Errorf("session %+v", c.State)
			}
		}
		if !slices.Equal(w.provider.canceled, []idv.Ref{x.Ref}) {
			t.Errorf("canceled at the provider: %v", w.provider.canceled)
		}
		if x = w.decide(x, idv.Approved); x.State.Status != idv.Approved {
			t.Errorf("a genuine decision after a cancel: %s", x.State.Status)
		}
		_, err := w.Cancel(t.Context(), x.ID, "key_1")
		conflict(t, err, session.ConflictDecided)
		if _, err := w.Cancel(t.Context(), "ses_01kagt2f6pe4mrt1qq3g1c2s8f", "key_1"); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("unknown session: %v", err)
		}
	})
}

// expire has a session ended that nothing is left to do for afterwards.
func (w *world) expire(id string) {
	w.t.Helper()
	again, err := w.Expire(w.t.Context(), id)
	must(w.t, err)
	if again != 0 {
		w.t.Errorf("expires again in %v", again)
	}
}

func TestExpire(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		w.clock.advance(time.Hour - time.Millisecond)
		// The clock that woke us may be ahead of this one.
		again, err := w.Expire(t.Context(), x.ID)
		must(t, err)
		if got := w.session(x.ID).State.Status; got != idv.Pending || again != time.Millisecond {
			t.Fatalf("a moment before its time: %s, again in %v", got, again)
		}
		w.clock.advance(again)
		w.expire(x.ID)
		if got := w.session(x.ID).State; got.Status != idv.Expired || got.Reasons[0].Code != idv.ReasonSessionExpired {
			t.Errorf("at its time: %+v", got)
		}
		_, err = w.Cancel(t.Context(), x.ID, "key_1")
		conflict(t, err, session.ConflictEnded)
		w.expire("ses_01kagt2f6pe4mrt1qq3g1c2s8f")
	})
}

func TestRefresh(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		name := "AMARA"
		w.provider.fetch = func(ref idv.Ref) (idv.Update, error) {
			return idv.Update{Ref: ref, Status: idv.Approved, ProviderStatus: "ok", Why: "decided twice", Result: &idv.Result{Person: &idv.Person{FirstName: &name}}}, nil
		}
		w.clock.advance(time.Minute)
		got, err := w.Refresh(t.Context(), x.ID)
		must(t, err)
		if got.State.Status != idv.Approved || !got.State.Decision.DecidedAt.Equal(w.clock.now()) {
			t.Errorf("session %+v; an answer without a time is true as of the question", got.State)
		}
		heard, err := w.store.Observations(t.Context(), x.ID)
		must(t, err)
		if last := heard[len(heard)-1]; last.Source != idv.SourceFetch || last.Why != "decided twice" {
			t.Errorf("heard %+v", last)
		}
		result, err := w.store.Result(t.Context(), x.ID, "key_1")
		must(t, err)
		if *result.Person.FirstName != name {
			t.Errorf("result %+v", result)
		}
		w.provider.fetch = func(idv.Ref) (idv.Update, error) { return idv.Update{}, &idv.ProviderError{Kind: idv.KindTimeout} }
		_, err = w.Refresh(t.Context(), x.ID)
		faulted(t, err, idv.KindTimeout)
		_, err = w.Refresh(t.Context(), "ses_01kagt2f6pe4mrt1qq3g1c2s8f")
		if !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("unknown session: %v", err)
		}
	})
}

func TestRefreshOfAnUnconfirmedSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.provider.start = unanswered
		_, err := w.Create(t.Context(), request("user-1"))
		id := faulted(t, err, idv.KindTimeout).SessionID
		_, err = w.Refresh(t.Context(), id)
		conflict(t, err, session.ConflictUnsettled)
		w.settle(w.Service, id)
		_, err = w.Refresh(t.Context(), id)
		conflict(t, err, session.ConflictEnded)
	})
}

// following notes the jobs that follow from what was applied.
type following struct {
	session.Store
	jobs []idv.Job
}

func (f *following) Apply(ctx context.Context, c idv.Change) (idv.Session, error) {
	if then := c.Then; then != nil {
		c.Then = func(before, after idv.Session) []idv.Job {
			f.jobs = then(before, after)
			return f.jobs
		}
	}
	return f.Store.Apply(ctx, c)
}

// A decline that nobody dated counts as new as it was heard. An answer that
// nobody dated is as old as the second in which it was asked for, so that one
// which is asked for in the same second does not overrule the decline: the
// provider is asked once more when that second is over, and then it does.
func TestRefreshAsksAgainWhereTheSecondIsTheSame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		store := &following{Store: w.store}
		w.Store = store
		w.provider.fetch = func(ref idv.Ref) (idv.Update, error) {
			return idv.Update{Ref: ref, Status: idv.Approved, ProviderStatus: "ok"}, nil
		}
		w.clock.advance(300 * time.Millisecond)
		_, err := w.store.Apply(t.Context(), idv.Change{SessionID: x.ID, Observations: []idv.Observation{{
			Fingerprint: "undated", Source: idv.SourceWebhook, HeardAt: w.clock.now(), Status: idv.Declined,
		}}})
		must(t, err)
		w.clock.advance(200 * time.Millisecond)
		second := w.clock.now().Truncate(time.Second)
		got, err := w.Refresh(t.Context(), x.ID)
		must(t, err)
		want := idv.Job{Kind: idv.JobFetch, ID: x.ID, RunAt: second.Add(time.Second)}
		if got.State.Status != idv.Declined || !slices.Equal(store.jobs, []idv.Job{want}) {
			t.Fatalf("session is %s, jobs %v, want %v", got.State.Status, store.jobs, want)
		}
		w.clock.advance(time.Second)
		if got, err = w.Refresh(t.Context(), x.ID); err != nil || got.State.Status != idv.Approved || len(store.jobs) != 0 {
			t.Errorf("a second later: %s, jobs %v, error %v", got.State.Status, store.jobs, err)
		}
	})
}

// A provider whose clock is ahead of ours is not asked each second until then.
func TestRefreshDoesNotAskForEver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		store := &following{Store: w.store}
		w.Store = store
		w.provider.fetch = func(ref idv.Ref) (idv.Update, error) {
			return idv.Update{Ref: ref, Status: idv.Approved, ProviderStatus: "ok"}, nil
		}
		_, err := w.store.Apply(t.Context(), idv.Change{SessionID: x.ID, Observations: []idv.Observation{{
			Fingerprint: "ahead", Source: idv.SourceWebhook, HeardAt: w.clock.now(), OccurredAt: w.clock.now().Add(time.Hour), Status: idv.Declined,
		}}})
		must(t, err)
		asked := 0
		for range 10 {
			_, err := w.Refresh(t.Context(), x.ID)
			must(t, err)
			asked += len(store.jobs)
			w.clock.advance(time.Second)
		}
		if asked > 1 {
			t.Errorf("asked again %d times", asked)
		}
	})
}
