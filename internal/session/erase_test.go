package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

// erasing is a scripted provider that can be asked to erase.
type erasing struct {
	*scripted
	erase func(ref idv.Ref) error
	asked []idv.Ref
}

func (p *erasing) Erase(_ context.Context, ref idv.Ref) error {
	p.asked = append(p.asked, ref)
	return p.erase(ref)
}

// slowly is one that is done later.
type slowly struct{ *erasing }

func (slowly) ErasesWithin() time.Duration { return 12 * time.Hour }

// notes is a ledger in memory, which fails as long as it is told to.
type notes struct {
	err  error
	keys []string
}

func (n *notes) Note(_ time.Time, keyIDs ...string) error {
	if n.err != nil {
		return n.err
	}
	for _, id := range keyIDs {
		if !slices.Contains(n.keys, id) {
			n.keys = append(n.keys, id)
		}
	}
	return nil
}

func (n *notes) Destroyed() ([]string, error) { return n.keys, nil }

func (w *world) eraser(erase func(ref idv.Ref) error) *erasing {
	p := &erasing{scripted: w.provider, erase: erase}
	w.Providers["acme"] = p
	return p
}

func (w *world) erased(user string) idv.ProviderErasure {
	w.t.Helper()
	e, err := w.Erase(w.t.Context(), user, "key_1")
	must(w.t, err)
	if len(e.Providers) != 1 {
		w.t.Fatalf("erasure %+v", e)
	}
	return e.Providers[0]
}

// What a provider says becomes the outcome, and says whether it is asked again.
func TestWhatComesOfAskingToErase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		fault := func(kind idv.ErrorKind, code string) error { return &idv.ProviderError{Kind: kind, Code: code} }
		for name, c := range map[string]struct {
			err     error
			outcome idv.EraseOutcome
			settled bool
			detail  string
		}{
			"done":         {nil, idv.EraseErased, true, "confirmed"},
			"unknown":      {fault(idv.KindNotFound, ""), idv.EraseErased, true, "does not know"},
			"refused":      {fault(idv.KindRejected, "PARTNER_ERROR"), idv.EraseFailed, false, "refused it (PARTNER_ERROR); it is asked again"},
			"unauthorized": {fault(idv.KindUnauthorized, ""), idv.EraseFailed, false, "credentials"},
			"limited":      {fault(idv.KindRateLimited, ""), idv.EraseFailed, false, "no more such requests"},
			"away":         {fault(idv.KindUnavailable, ""), idv.EraseFailed, false, "could not be reached"},
			"broken":       {errors.New("a defect"), idv.EraseFailed, false, "could not be reached"},
		} {
			p := w.eraser(func(idv.Ref) error { return c.err })
			x := w.create("user-" + name)
			got := w.erased("user-" + name)
			if got.Outcome != c.outcome || got.Settled != c.settled || !strings.Contains(got.Detail, c.detail) || got.Tries != 1 || !slices.Equal(p.asked, []idv.Ref{x.Ref}) {
				t.Errorf("%s: %+v, asked for %v", name, got, p.asked)
			}
			w.erased("user-" + name)
			again, err := w.EraseAtProvider(t.Context(), x.ID)
			must(t, err)
			if c.settled != (again == 0) || len(p.asked) != 2 != c.settled {
				t.Errorf("%s: again after %s, asked for %v", name, again, p.asked)
			}
		}
		p := w.eraser(func(idv.Ref) error { return nil })
		w.Providers["acme"] = slowly{p}
		w.create("user-slow")
		if got := w.erased("user-slow"); got.Outcome != idv.EraseRequested || !got.Settled || !strings.Contains(got.Detail, "12 hours") {
			t.Errorf("slow: %+v", got)
		}
	})
}

// One that goes on refusing for about a month is left to people.
func TestErasureIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.eraser(func(idv.Ref) error { return &idv.ProviderError{Kind: idv.KindRejected} })
		x := w.create("user-1")
		w.erased("user-1")
		began := w.clock.now()
		for {
			again, err := w.EraseAtProvider(t.Context(), x.ID)
			must(t, err)
			if again == 0 {
				break
			}
			w.clock.advance(again)
		}
		if took := w.clock.now().Sub(began); took < 28*24*time.Hour || took > 32*24*time.Hour || len(p.asked) > 40 {
			t.Errorf("given up after %s and %d tries", took, len(p.asked))
		}
		open := true
		tasks, err := w.store.PrivacyTasks(t.Context(), idv.PrivacyTaskFilter{Open: &open})
		must(t, err)
		if len(tasks) != 1 || tasks[0].Kind != idv.TaskProviderErasure || tasks[0].SessionID != x.ID {
			t.Errorf("tasks %+v", tasks)
		}
	})
}

// A provider's own wish when to come back is honoured.
func TestErasureWaitsAsLongAsItIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.eraser(func(idv.Ref) error { return &idv.ProviderError{Kind: idv.KindRateLimited, RetryAfter: 20 * time.Hour} })
		x := w.create("user-1")
		w.erased("user-1")
		if again, err := w.EraseAtProvider(t.Context(), x.ID); err != nil || again != 20*time.Hour {
			t.Errorf("again after %s, %v", again, err)
		}
	})
}

// A session that is being made while its user is erased is erased once the
// provider has it.
func TestErasedWhileBeingMade(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.eraser(func(idv.Ref) error { return nil })
		var during idv.ProviderErasure
		w.provider.start = func(ctx context.Context, req idv.StartRequest) (idv.Started, error) {
			during = w.erased("user-1")
			return idv.Started{Ref: "late", Status: idv.Pending, Launch: idv.Launch{URL: "https://acme.example/secret"}}, nil
		}
		reply, err := w.Create(t.Context(), request("user-1"))
		must(t, err)
		if during.Outcome != idv.EraseRequested || during.Settled || len(p.asked) != 0 {
			t.Errorf("while it was made: %+v", during)
		}
		x := w.session(reply.Session.ID)
		if x.Ref != "late" || x.Launch.URL != "" || x.RedactedAt.IsZero() || x.State.Status != idv.Canceled {
			t.Errorf("session %+v", x)
		}
		again, err := w.EraseAtProvider(t.Context(), x.ID)
		must(t, err)
		if got := w.erased("user-1"); again != 0 || got.Outcome != idv.EraseErased || !slices.Equal(p.asked, []idv.Ref{"late"}) {
			t.Errorf("%+v, asked for %v", got, p.asked)
		}
	})
}

// Where nobody hears the end of its create, people have to look; where it came to
// nothing, there is nothing to erase.
func TestErasedWhileNobodyKnows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.eraser(func(idv.Ref) error { return nil })
		for name, c := range map[string]struct {
			err     error
			outcome idv.EraseOutcome
		}{
			"lost":    {&idv.ProviderError{Kind: idv.KindTimeout, Ambiguous: true}, idv.EraseFailed},
			"refused": {&idv.ProviderError{Kind: idv.KindRejected}, idv.EraseErased},
			"died":    {nil, idv.EraseFailed},
		} {
			user := "user-" + name
			w.provider.start = func(context.Context, idv.StartRequest) (idv.Started, error) {
				w.erased(user)
				if c.err == nil {
					panic("the process dies")
				}
				return idv.Started{}, c.err
			}
			func() {
				defer func() { _ = recover() }()
				_, _ = w.Create(t.Context(), request(user))
			}()
			w.clock.advance(2 * time.Minute)
			sessions, err := w.store.Sessions(t.Context(), idv.SessionFilter{ExternalUserID: user})
			must(t, err)
			if _, err := w.EraseAtProvider(t.Context(), sessions[0].ID); err != nil {
				t.Error(err)
			}
			if got := w.erased(user); got.Outcome != c.outcome || !got.Settled || len(p.asked) != 0 {
				t.Errorf("%s: %+v", name, got)
			}
		}
		open := true
		tasks, err := w.store.PrivacyTasks(t.Context(), idv.PrivacyTaskFilter{Open: &open})
		if err != nil || len(tasks) != 2 {
			t.Errorf("tasks %+v, %v", tasks, err)
		}
	})
}

// An erasure that the ledger did not take is not acknowledged, and its repetition
// or the next start tells the ledger.
func TestLedgerIsToldInTheEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ledger := &notes{err: errors.New("the disk is full")}
		w.Ledger = ledger
		w.create("user-1")
		w.create("user-2")
		for _, user := range []string{"user-1", "user-2"} {
			if _, err := w.Erase(t.Context(), user, "key_1"); err == nil {
				t.Error("it is acknowledged")
			}
		}
		ledger.err = nil
		w.erased("user-1")
		if len(ledger.keys) != 1 {
			t.Errorf("after the repetition: %v", ledger.keys)
		}
		people, err := w.EraseAgain(t.Context())
		if err != nil || people != 0 || len(ledger.keys) != 2 {
			t.Errorf("after the start: %d people, %v, %v", people, ledger.keys, err)
		}
	})
}

func TestHeldUserIsNotErased(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.create("user-1")
		_, err := w.store.Hold(t.Context(), "user-1", "key_1")
		must(t, err)
		_, err = w.Erase(t.Context(), "user-1", "key_1")
		conflict(t, err, session.ConflictHeld)
		if got := w.session(x.ID); !got.RedactedAt.IsZero() || got.Launch.URL == "" {
			t.Errorf("session %+v", got)
		}
	})
}
