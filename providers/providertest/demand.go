package providertest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// emulatorFaults checks that what goes wrong on demand does, and that the
// adapter holds.
func (s Suite) emulatorFaults(t *testing.T, pace emulator.Pace) {
	approved := s.Outcomes[emulator.Approve]
	t.Run("duplicate and reorder", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		started := st.start(t, "test-approve-1+duplicate+reorder")
		st.reach(t, started.Ref, approved)
		if approved.Silent {
			return
		}
		st.inbox.wait(t, "a webhook comes twice", func() bool {
			for i, body := range st.inbox.bodies {
				for _, other := range st.inbox.bodies[:i] {
					if bytes.Equal(body, other) {
						return true
					}
				}
			}
			return false
		})
	})
	t.Run("forge", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		if approved.Silent {
			return
		}
		started := st.start(t, "test-approve-1+forge")
		st.inbox.wait(t, "a forged webhook comes", func() bool { return st.inbox.forged > 0 })
		st.ask(t, started.Ref, approved.Status)
		if n := len(st.inbox.bodies); n != 0 {
			t.Errorf("%d forged webhooks were taken for genuine", n)
		}
	})
	t.Run("drop", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		started := st.start(t, "test-approve-1+drop")
		st.ask(t, started.Ref, approved.Status)
	})
	t.Run("429", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		st.faults(t, emulator.Faults{API: emulator.APIFault{Status: 429, RetryAfter: 7, Times: 1}})
		_, err := st.provider.Start(t.Context(), st.request("user-42"))
		checkFailure(t, err, idv.ProviderError{Kind: idv.KindRateLimited, RetryAfter: 7 * time.Second})
		st.start(t, "user-42")
	})
	t.Run("500", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		_, err := st.provider.Start(t.Context(), st.request("test-approve-1+500"))
		var failure *idv.ProviderError
		if !errors.As(err, &failure) || failure.Kind != idv.KindUnavailable {
			t.Errorf("got %v", err)
		}
	})
	t.Run("hang", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := st.provider.Start(ctx, st.request("test-approve-1+hang"))
		checkFailure(t, err, idv.ProviderError{Kind: idv.KindTimeout, Ambiguous: true})
		st.nothingFound(t, "test-approve-1+hang")
	})
	t.Run("lose", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		st.faults(t, emulator.Faults{API: emulator.APIFault{Method: http.MethodPost, Lose: true, Times: 1}})
		_, err := st.provider.Start(t.Context(), st.request("user-42"))
		checkFailure(t, err, idv.ProviderError{Kind: idv.KindTimeout, Ambiguous: true})
		if u, ok := st.found(t, "user-42"); ok && !u.Status.Open() {
			t.Errorf("what was found is %q", u.Status)
		}
	})
	t.Run("lose what is decided meanwhile", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		_, err := st.provider.Start(t.Context(), st.request("test-approve-1+lose"))
		checkFailure(t, err, idv.ProviderError{Kind: idv.KindTimeout, Ambiguous: true})
		if !approved.Silent {
			st.inbox.wait(t, "the decision comes", func() bool { return idv.Fold(st.inbox.heard).Status == approved.Status })
		}
		if u, ok := st.found(t, "test-approve-1+lose"); ok && !approved.Silent && u.Status != approved.Status {
			t.Errorf("what was found is %q", u.Status)
		}
	})
	t.Run("wrong credentials", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		for _, key := range s.Credentials {
			settings := s.filled(st.settings)
			settings[key] = "somebody-else-0000"
			_, err := s.provider(t, settings, 5*time.Second).Start(t.Context(), st.request("user-42"))
			checkFailure(t, err, idv.ProviderError{Kind: idv.KindUnauthorized})
			s.noSecret(t, settings, err)
		}
	})
	t.Run("unknown session", func(t *testing.T) {
		t.Parallel()
		st := s.stand(t, pace)
		_, err := st.provider.Fetch(t.Context(), s.Ref)
		checkFailure(t, err, idv.ProviderError{Kind: idv.KindNotFound})
	})
}

// found asks for a create whose answer was lost, and then for what became of
// it; false if the provider cannot be asked.
func (st *stand) found(t *testing.T, externalUserID string) (idv.Update, bool) {
	t.Helper()
	finder, ok := st.provider.(idv.Finder)
	if !ok {
		return idv.Update{}, false
	}
	list, err := finder.Find(t.Context(), st.request(externalUserID))
	if err != nil || len(list) != 1 {
		t.Fatalf("found %d sessions, error %v", len(list), err)
	}
	return st.fetch(t, list[0].Ref), true
}

func (st *stand) nothingFound(t *testing.T, externalUserID string) {
	t.Helper()
	finder, ok := st.provider.(idv.Finder)
	if !ok {
		return
	}
	list, err := finder.Find(t.Context(), st.request(externalUserID))
	if err != nil || len(list) != 0 {
		t.Errorf("found %d sessions, error %v", len(list), err)
	}
}
