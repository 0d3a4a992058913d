package session_test

import (
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
			c, err := w.Cancel(t.Context(), x.ID)
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
		_, err := w.Cancel(t.Context(), x.ID)
		conflict(t, err, session.ConflictDecided)
		if _, err := w.Cancel(t.Context(), "ses_01kagt2f6pe4mrt1qq3g1c2s8f"); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("unknown session: %v", err)
		}
	})
}

func TestExpire(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		w.clock.advance(time.Hour - time.Millisecond)
		must(t, w.Expire(t.Context(), x.ID))
		if got := w.session(x.ID).State.Status; got != idv.Pending {
			t.Fatalf("a moment before its time: %s", got)
		}
		w.clock.advance(time.Millisecond)
		must(t, w.Expire(t.Context(), x.ID))
		if got := w.session(x.ID).State; got.Status != idv.Expired || got.Reasons[0].Code != idv.ReasonSessionExpired {
			t.Errorf("at its time: %+v", got)
		}
		_, err := w.Cancel(t.Context(), x.ID)
		conflict(t, err, session.ConflictEnded)
		must(t, w.Expire(t.Context(), "ses_01kagt2f6pe4mrt1qq3g1c2s8f"))
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
