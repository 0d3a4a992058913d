package session_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var told idv.StartRequest
		w.provider.start = func(_ context.Context, req idv.StartRequest) (idv.Started, error) {
			told = req
			return idv.Started{Ref: "r1", Status: idv.Pending, ProviderStatus: "new", ExpiresAt: w.clock.now().Add(24 * time.Hour)}, nil
		}
		req := request("user-1")
		req.ExpiresIn = 72 * time.Hour
		req.CallbackURL, req.Country, req.Locale = "https://app.example/done", "NG", "en-NG"
		req.DocumentTypes, req.Prefill = []idv.DocumentType{idv.Passport}, idv.Prefill{FirstName: "Amara"}
		req.Metadata = map[string]string{"plan": "gold"}
		r, err := w.Create(t.Context(), req)
		must(t, err)
		x := r.Session
		if x.State.Status != idv.Pending || x.Ref != "r1" || !x.ExpiresAt.Equal(w.clock.now().Add(24*time.Hour)) || x.Metadata["plan"] != "gold" {
			t.Errorf("session %+v", x)
		}
		if told.SessionID != x.ID || told.ExternalUserID != "user-1" || told.WebhookURL != "https://idv.example/v1/webhooks/acme" ||
			told.CallbackURL != "https://app.example/done" || told.ExpiresIn != 72*time.Hour || told.Prefill.FirstName != "Amara" ||
			told.Country != "NG" || told.Locale != "en-NG" || !slices.Equal(told.DocumentTypes, req.DocumentTypes) {
			t.Errorf("the provider was told %+v", told)
		}
		if got := w.userStatus("user-1"); got != idv.UserPending {
			t.Errorf("user is %s", got)
		}
	})
}

// The link does not outlive what the client asked for, nor the provider's own
// limit.
func TestTheShorterTimeLimitHolds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.provider.start = func(_ context.Context, req idv.StartRequest) (idv.Started, error) {
			return idv.Started{Ref: idv.Ref(req.SessionID), Status: idv.Approved, ExpiresAt: w.clock.now().Add(24 * time.Hour)}, nil
		}
		x := w.create("user-1")
		if !x.ExpiresAt.Equal(w.clock.now().Add(time.Hour)) {
			t.Errorf("expires %v", x.ExpiresAt)
		}
		if x.State.Status != idv.Pending {
			t.Errorf("a create decided: %s", x.State.Status)
		}
	})
}

// checking is a provider that needs an e-mail address.
type checking struct{ *scripted }

func (checking) Check(req idv.StartRequest) error {
	if req.Prefill.Email == "" {
		return &idv.InputError{Pointer: "/user/email", Code: "required", Detail: "is required by this provider"}
	}
	return nil
}

// What a provider cannot work with is told before anything is kept or sent.
func TestProviderChecksTheRequest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := service(w.store, w.clock, checking{w.provider})
		_, err := s.Create(t.Context(), keyed("user-1", "k"))
		var input *idv.InputError
		if !errors.As(err, &input) || input.Pointer != "/user/email" {
			t.Fatalf("error %v", err)
		}
		if w.userStatus("user-1") != idv.UserUnverified || w.provider.starts.Load() != 0 {
			t.Error("bad input changed something")
		}
		req := keyed("user-1", "k")
		req.Prefill.Email = "amara@example.com"
		_, err = s.Create(t.Context(), req)
		must(t, err)
	})
}

// However many ask at once, on however many replicas, one verification is bought.
func TestParallelCreatesAskTheProviderOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		w.provider.start = func(_ context.Context, req idv.StartRequest) (idv.Started, error) {
			<-release
			return idv.Started{Ref: idv.Ref("r-" + req.SessionID), Status: idv.Pending}, nil
		}
		replica := service(w.store, w.clock, w.provider)
		const callers = 200
		ids, made := make([]string, callers), make([]session.Outcome, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				s := w.Service
				if i%2 == 1 {
					s = replica
				}
				r, err := s.Create(t.Context(), request("user-1"))
				if err != nil {
					t.Errorf("create %d: %v", i, err)
					return
				}
				ids[i], made[i] = r.Session.ID, r.Outcome
			})
		}
		for w.provider.starts.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		close(release)
		wg.Wait()
		if n := w.provider.starts.Load(); n != 1 {
			t.Errorf("the provider was asked %d times", n)
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != 1 {
			t.Errorf("different sessions were answered")
		}
		if n := len(slices.DeleteFunc(made, func(o session.Outcome) bool { return o == session.Reused })); n != 1 {
			t.Errorf("%d callers were told that theirs is new", n)
		}
	})
}

// counting counts how often a session was asked for.
type counting struct {
	session.Store
	claims chan struct{}
}

func (c counting) CreateSession(ctx context.Context, n idv.NewSession) (idv.Claim, error) {
	claim, err := c.Store.CreateSession(ctx, n)
	c.claims <- struct{}{}
	return claim, err
}

// Those who waited for a create that failed share its answer instead of each
// asking a provider that is in trouble.
func TestWaitersShareAFailure(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const callers = 20
		release, claims := make(chan struct{}), make(chan struct{}, callers)
		w.provider.start = func(context.Context, idv.StartRequest) (idv.Started, error) {
			<-release
			return idv.Started{}, &idv.ProviderError{Kind: idv.KindRejected, HTTPStatus: 400}
		}
		w.Store = counting{w.store, claims}
		errs := make(chan error, callers)
		for range callers {
			go func() {
				_, err := w.Create(t.Context(), request("user-1"))
				errs <- err
			}()
		}
		for range callers {
			<-claims // everybody has found the one session
		}
		close(release)
		for range callers {
			faulted(t, <-errs, idv.KindRejected)
		}
		if n := w.provider.starts.Load(); n != 1 {
			t.Errorf("the provider was asked %d times", n)
		}
	})
}

func TestOpenSessionIsReused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.create("user-1")
		r, err := w.Create(t.Context(), request("user-1"))
		must(t, err)
		if r.Session.ID != first.ID || r.Outcome != session.Reused {
			t.Errorf("got %s %v", r.Session.ID, r.Outcome)
		}
		another := request("user-1")
		another.Another = true
		r, err = w.Create(t.Context(), another)
		must(t, err)
		if r.Session.ID == first.ID || r.Outcome != session.Made {
			t.Errorf("asked for another, got %s %v", r.Session.ID, r.Outcome)
		}
		// The newer one has taken the user's place.
		again, err := w.Create(t.Context(), request("user-1"))
		must(t, err)
		if again.Session.ID != r.Session.ID {
			t.Errorf("got %s, want the newer session", again.Session.ID)
		}
	})
}

func TestVerifiedUserIsNotVerifiedAgainUnasked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.decide(w.create("user-1"), idv.Approved)
		_, err := w.Create(t.Context(), request("user-1"))
		if c := conflict(t, err, session.ConflictVerified); c.SessionID != first.ID {
			t.Errorf("names %s", c.SessionID)
		}
		req := request("user-1")
		req.Reverify = true
		r, err := w.Create(t.Context(), req)
		must(t, err)
		if r.Outcome != session.Made || w.userStatus("user-1") != idv.UserVerified {
			t.Errorf("outcome %v, user %s", r.Outcome, w.userStatus("user-1"))
		}
	})
}

func TestProviderFaults(t *testing.T) {
	for _, c := range []struct {
		err    *idv.ProviderError
		reason idv.ReasonCode
		kept   bool // under the idempotency key
	}{
		{&idv.ProviderError{Kind: idv.KindRejected, HTTPStatus: 400, Code: "X1"}, idv.ReasonProviderRejected, true},
		{&idv.ProviderError{Kind: idv.KindUnauthorized, HTTPStatus: 401}, idv.ReasonProviderRejected, true},
		{&idv.ProviderError{Kind: idv.KindUnavailable, HTTPStatus: 500}, idv.ReasonProviderUnavailable, false},
		{&idv.ProviderError{Kind: idv.KindRateLimited, HTTPStatus: 429, RetryAfter: 7 * time.Second}, idv.ReasonProviderUnavailable, false},
	} {
		t.Run(string(c.err.Kind), func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.provider.start = func(context.Context, idv.StartRequest) (idv.Started, error) { return idv.Started{}, c.err }
				_, err := w.Create(t.Context(), keyed("user-1", "k"))
				f := faulted(t, err, c.err.Kind)
				x := w.session(f.SessionID)
				if x.State.Status != idv.Failed || x.State.Reasons[0].Code != c.reason || x.State.Reasons[0].ProviderCode != c.err.Code {
					t.Errorf("session %+v", x.State)
				}
				if got := w.userStatus("user-1"); got != idv.UserUnverified {
					t.Errorf("user is %s", got)
				}
				w.provider.start = nil
				r, err := w.Create(t.Context(), keyed("user-1", "k"))
				must(t, err)
				if kept := r.Replay != nil; kept != c.kept {
					t.Errorf("answer kept: %v, want %v", kept, c.kept)
				}
			})
		})
	}
}

// An adapter's other errors are defects; they must not pass for a decision.
func TestStrangeProviderErrorIsUnavailable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.provider.start = func(context.Context, idv.StartRequest) (idv.Started, error) {
			return idv.Started{}, errors.New("strange")
		}
		_, err := w.Create(t.Context(), request("user-1"))
		faulted(t, err, idv.KindUnavailable)
	})
}

func TestProviderIDOfAnotherSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.provider.start = func(context.Context, idv.StartRequest) (idv.Started, error) {
			return idv.Started{Ref: "same", Status: idv.Pending}, nil
		}
		first := w.create("user-1")
		_, err := w.Create(t.Context(), request("user-2"))
		f := faulted(t, err, idv.KindRejected)
		if got := w.session(f.SessionID).State.Status; got != idv.Failed {
			t.Errorf("the second session is %s", got)
		}
		if got := w.session(first.ID).Ref; got != "same" {
			t.Errorf("the first session's reference is %q", got)
		}
	})
}

func TestIdempotencyKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, err := w.Create(t.Context(), keyed("user-1", "k"))
		must(t, err)
		w.decide(first.Session, idv.Declined)
		again, err := w.Create(t.Context(), keyed("user-1", "k"))
		must(t, err)
		want := render(w.session(first.Session.ID), session.Made, nil)
		if again.Replay == nil || again.Replay.Status != want.Status || w.provider.starts.Load() != 1 {
			t.Fatalf("reply %+v after %d starts", again, w.provider.starts.Load())
		}
		_, err = w.Create(t.Context(), keyed("user-2", "k"))
		conflict(t, err, session.ConflictOtherInput)
		other := keyed("user-2", "k")
		other.Key.Credential = "key_2"
		r, err := w.Create(t.Context(), other)
		must(t, err)
		if r.Outcome != session.Made {
			t.Error("a key belongs to its credential")
		}
	})
}

func TestKeyOfARunningCreate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		release, done := make(chan struct{}), make(chan error)
		w.provider.start = func(context.Context, idv.StartRequest) (idv.Started, error) {
			<-release
			return idv.Started{Ref: "r", Status: idv.Pending}, nil
		}
		go func() {
			_, err := w.Create(t.Context(), keyed("user-1", "k"))
			done <- err
		}()
		for w.provider.starts.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		_, err := w.Create(t.Context(), keyed("user-1", "k"))
		if c := conflict(t, err, session.ConflictInFlight); c.RetryAfter <= 0 {
			t.Error("no word on when to try again")
		}
		close(release)
		must(t, <-done)
	})
}

func TestRouting(t *testing.T) {
	r := session.Routing{
		{Countries: []string{"NG"}, DocumentTypes: []idv.DocumentType{idv.Passport}, Provider: "a"},
		{Countries: []string{"NG"}, Provider: "b"},
		{Provider: "c"},
	}
	for _, c := range []struct {
		country   string
		documents []idv.DocumentType
		want      string
	}{
		{"NG", []idv.DocumentType{idv.Passport}, "a"},
		{"NG", []idv.DocumentType{idv.Passport, idv.IDCard}, "b"},
		{"NG", nil, "b"},
		{"GH", []idv.DocumentType{idv.Passport}, "c"},
		{"", nil, "c"},
	} {
		if got, err := r.Choose(c.country, c.documents); got != c.want || err != nil {
			t.Errorf("%s %v: %q %v, want %q", c.country, c.documents, got, err, c.want)
		}
	}
	if _, err := (session.Routing{{Countries: []string{"NG"}, Provider: "a"}}).Choose("GH", nil); !errors.Is(err, session.ErrNotConfigured) {
		t.Errorf("no rule fits: %v", err)
	}
}
