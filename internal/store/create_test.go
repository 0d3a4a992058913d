package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestCreateSessionKeepsEverything(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		draft := k.draft("user-42")
		draft.Jobs = []idv.Job{{Kind: idv.JobExpire, ID: draft.Session.ID, RunAt: draft.Session.ExpiresAt}}
		claim := k.create(draft)

		want := draft.Session
		want.State = idv.State{Status: idv.Created}
		want.CreatedAt, want.UpdatedAt, want.ExpiresAt = kept(want.CreatedAt), kept(want.UpdatedAt), kept(want.ExpiresAt)
		if diff := cmp.Diff(idv.Claim{Kind: idv.ClaimNew, Session: want}, claim); diff != "" {
			t.Errorf("claim (-want +got):\n%s", diff)
		}
		got, err := k.Session(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("session (-want +got):\n%s", diff)
		}
		if got := k.queued(idv.JobExpire); !slices.Equal(got, []string{want.ID}) {
			t.Errorf("jobs %v", got)
		}
		user := idv.UserVerification{
			ExternalUserID: "user-42",
			Verification:   idv.Verification{Status: idv.UserPending, SessionID: want.ID, Provider: "kora", OpenSessionID: want.ID},
			Version:        1,
			UpdatedAt:      kept(k.now()),
		}
		if diff := cmp.Diff(user, k.user("user-42")); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
	})
}

func TestCreateSessionAnswersTheOpenOne(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		first := k.created("user-42")
		claim := k.create(k.draft("user-42"))
		if claim.Kind != idv.ClaimOpen || claim.Session.ID != first.ID {
			t.Errorf("claim = %s of %s, want open of %s", claim.Kind, claim.Session.ID, first.ID)
		}
		if k.create(k.draft("user-43")).Kind != idv.ClaimNew {
			t.Error("another user was in the way")
		}
		if n := k.count("sessions"); n != 2 {
			t.Errorf("%d sessions", n)
		}
	})
}

func TestAnotherSessionTakesTheOpenPlace(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		first := k.created("user-42")
		another := k.draft("user-42")
		another.Another = true

		if claim := k.create(another); claim.Kind != idv.ClaimOpen || claim.Session.ID != first.ID {
			t.Fatalf("a session that is not settled yielded: %s", claim.Kind)
		}
		k.say(first.ID, idv.Pending)
		k.pass(time.Second)
		another.Session.CreatedAt = k.now()
		if claim := k.create(another); claim.Kind != idv.ClaimNew {
			t.Fatalf("claim = %s", claim.Kind)
		}
		if claim := k.create(k.draft("user-42")); claim.Kind != idv.ClaimOpen || claim.Session.ID != another.Session.ID {
			t.Errorf("the place is with %s", claim.Session.ID)
		}
		if v := k.user("user-42"); v.OpenSessionID != another.Session.ID {
			t.Errorf("open session of the user is %s", v.OpenSessionID)
		}

		// The one that yielded is still open, and gets its place back.
		k.say(another.Session.ID, idv.Canceled)
		if claim := k.create(k.draft("user-42")); claim.Kind != idv.ClaimOpen || claim.Session.ID != first.ID {
			t.Errorf("the place is with %s (%s), not with the one still open", claim.Session.ID, claim.Kind)
		}
		k.say(first.ID, idv.Expired)
		if claim := k.create(k.draft("user-42")); claim.Kind != idv.ClaimNew {
			t.Errorf("nothing is open and the claim is %s", claim.Kind)
		}
	})
}

func TestReopenedSessionTakesTheOpenPlaceOnlyIfItIsFree(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		first := k.created("user-42")
		expiry := k.word(idv.Expired)
		expiry.Source = idv.SourceClock
		k.apply(idv.Change{SessionID: first.ID, Observations: []idv.Observation{expiry}})
		second := k.created("user-42")

		// The provider was at work all along.
		if got := k.say(first.ID, idv.Processing); got.State.Status != idv.Processing {
			t.Fatalf("status %s", got.State.Status)
		}
		if claim := k.create(k.draft("user-42")); claim.Kind != idv.ClaimOpen || claim.Session.ID != second.ID {
			t.Errorf("the place went from %s to %s", second.ID, claim.Session.ID)
		}
		k.say(second.ID, idv.Canceled)
		if claim := k.create(k.draft("user-42")); claim.Kind != idv.ClaimOpen || claim.Session.ID != first.ID {
			t.Errorf("the free place is with %s", claim.Session.ID)
		}
	})
}

func TestCreateSessionOfAVerifiedUser(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		first := k.created("user-42")
		k.say(first.ID, idv.Approved)

		claim := k.create(k.draft("user-42"))
		if claim.Kind != idv.ClaimVerified || claim.Session.ID != first.ID {
			t.Errorf("claim = %s of %s", claim.Kind, claim.Session.ID)
		}
		again := k.draft("user-42")
		again.Reverify = true
		if claim := k.create(again); claim.Kind != idv.ClaimNew {
			t.Errorf("reverify: %s", claim.Kind)
		}
		if v := k.user("user-42"); v.Status != idv.UserVerified || v.SessionID != first.ID || v.OpenSessionID != again.Session.ID {
			t.Errorf("user = %+v", v)
		}
	})
}

func TestCreateSessionAfterAnApprovalLapsed(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.say(k.created("user-42").ID, idv.Approved)
		k.pass(validFor - time.Millisecond)
		if claim := k.create(k.draft("user-42")); claim.Kind != idv.ClaimVerified {
			t.Errorf("just before: %s", claim.Kind)
		}
		k.pass(time.Millisecond)
		if claim := k.create(k.draft("user-42")); claim.Kind != idv.ClaimNew {
			t.Errorf("just after: %s", claim.Kind)
		}
	})
}

func TestTwoHundredCreatesMakeOneSession(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const calls = 200
		claims := make([]idv.Claim, calls)
		errs := make([]error, calls)
		var wg sync.WaitGroup
		began := time.Now()
		for i := range calls {
			draft := k.draft("user-42")
			draft.Jobs = []idv.Job{{Kind: idv.JobSettle, ID: draft.Session.ID}}
			wg.Go(func() { claims[i], errs[i] = k.CreateSession(t.Context(), draft) })
		}
		wg.Wait()
		t.Logf("%d creates in %s", calls, time.Since(began))
		var made []string
		for i, claim := range claims {
			if errs[i] != nil {
				t.Errorf("call %d: %v", i, errs[i])
			}
			if claim.Kind == idv.ClaimNew {
				made = append(made, claim.Session.ID)
			}
		}
		if len(made) != 1 {
			t.Fatalf("%d calls made a session", len(made))
		}
		for _, claim := range claims {
			if claim.Session.ID != made[0] || claim.Kind != idv.ClaimNew && claim.Kind != idv.ClaimOpen {
				t.Errorf("claim = %s of %s", claim.Kind, claim.Session.ID)
			}
		}
		if got := k.queued(idv.JobSettle); !slices.Equal(got, made) {
			t.Errorf("jobs %v", got)
		}
	})
}

func TestCreateSessionUnderOneKey(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		draft := k.draft("user-42")
		draft.Key = key("k1", "body")
		if claim := k.create(draft); claim.Kind != idv.ClaimNew {
			t.Fatalf("claim = %s", claim.Kind)
		}
		repeat := k.draft("user-42")
		repeat.Key = key("k1", "body")
		if claim := k.create(repeat); claim.Kind != idv.ClaimSameKey || claim.Session.ID != draft.Session.ID {
			t.Errorf("before the answer: %s of %s", claim.Kind, claim.Session.ID)
		}
		other := k.draft("user-42")
		other.Key = key("k1", "another body")
		if claim := k.create(other); claim.Kind != idv.ClaimMismatch {
			t.Errorf("another body: %s", claim.Kind)
		}
		stranger := k.draft("user-77")
		stranger.Key = key("k1", "body")
		stranger.Key.Credential = "key_2"
		if claim := k.create(stranger); claim.Kind != idv.ClaimNew {
			t.Errorf("another credential: %s", claim.Kind)
		}

		answer := idv.Answer{Status: 201, Body: []byte(`{"id":"ses"}`)}
		k.apply(idv.Change{SessionID: draft.Session.ID, Key: draft.Key, Answer: func(s idv.Session) idv.Answer {
			if s.ID != draft.Session.ID {
				t.Errorf("answer about %s", s.ID)
			}
			return answer
		}})
		if diff := cmp.Diff(idv.Claim{Kind: idv.ClaimReplay, Answer: answer}, k.create(repeat)); diff != "" {
			t.Errorf("after the answer (-want +got):\n%s", diff)
		}
		if claim := k.create(other); claim.Kind != idv.ClaimMismatch {
			t.Errorf("another body after the answer: %s", claim.Kind)
		}

		k.pass(24*time.Hour - 2*time.Millisecond)
		if claim := k.create(repeat); claim.Kind != idv.ClaimReplay {
			t.Errorf("within a day: %s", claim.Kind)
		}
		k.pass(2 * time.Millisecond)
		if claim := k.create(repeat); claim.Kind != idv.ClaimOpen {
			t.Errorf("after a day: %s", claim.Kind)
		}
	})
}

func TestForgottenKeyMayBeUsedAgain(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		draft := k.draft("user-42")
		draft.Key = key("k1", "body")
		k.create(draft)
		k.apply(idv.Change{
			SessionID:    draft.Session.ID,
			Observations: []idv.Observation{k.word(idv.Failed)},
			Key:          draft.Key,
		})
		again := k.draft("user-42")
		again.Key = key("k1", "another body")
		if claim := k.create(again); claim.Kind != idv.ClaimNew {
			t.Errorf("claim = %s", claim.Kind)
		}
	})
}

func TestParallelCreatesUnderOneKey(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const calls = 40
		keys := []string{"k1", "k2", "k3", "k4"}
		claims := make([]idv.Claim, calls)
		errs := make([]error, calls)
		var wg sync.WaitGroup
		for i := range calls {
			name := keys[i%len(keys)]
			draft := k.draft("user of " + name)
			draft.Key = key(name, "body")
			wg.Go(func() { claims[i], errs[i] = k.CreateSession(t.Context(), draft) })
		}
		wg.Wait()
		fresh := map[string]int{}
		sessions := map[string]string{}
		for i, claim := range claims {
			name := keys[i%len(keys)]
			if errs[i] != nil {
				t.Errorf("call %d: %v", i, errs[i])
				continue
			}
			if claim.Kind == idv.ClaimNew {
				fresh[name]++
			} else if claim.Kind != idv.ClaimSameKey {
				t.Errorf("call %d: %s", i, claim.Kind)
			}
			if sessions[name] == "" {
				sessions[name] = claim.Session.ID
			}
			if sessions[name] != claim.Session.ID {
				t.Errorf("two sessions under %s", name)
			}
		}
		for _, name := range keys {
			if fresh[name] != 1 {
				t.Errorf("%d new sessions under %s", fresh[name], name)
			}
		}
	})
}

func TestCreateSessionIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		first := k.created("user-42")
		k.say(first.ID, idv.Pending)
		before := k.user("user-42")

		draft := k.draft("user-42")
		draft.Another = true
		draft.Key = key("k1", "body")
		draft.Jobs = []idv.Job{{Kind: idv.JobSettle, ID: draft.Session.ID}}
		k.jobs.breakDown(true)
		if _, err := k.CreateSession(t.Context(), draft); !errors.Is(err, errBroken) {
			t.Fatalf("err = %v", err)
		}
		k.jobs.breakDown(false)

		if _, err := k.Session(t.Context(), draft.Session.ID); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("the session is there: %v", err)
		}
		if n := k.count("idempotency_keys"); n != 0 {
			t.Errorf("%d keys", n)
		}
		if diff := cmp.Diff(before, k.user("user-42")); diff != "" {
			t.Errorf("user (-before +after):\n%s", diff)
		}
		if claim := k.create(k.draft("user-42")); claim.Kind != idv.ClaimOpen || claim.Session.ID != first.ID {
			t.Errorf("the place is with %s", claim.Session.ID)
		}
	})
}

func TestWhatIsInTheWayChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.created("user-42")
		draft := k.draft("user-42")
		draft.Key = key("k1", "body")
		draft.Jobs = []idv.Job{{Kind: idv.JobSettle, ID: draft.Session.ID}}
		if claim := k.create(draft); claim.Kind != idv.ClaimOpen {
			t.Fatalf("claim = %s", claim.Kind)
		}
		if n := k.count("idempotency_keys"); n != 0 {
			t.Errorf("%d keys", n)
		}
		if got := k.queued(idv.JobSettle); len(got) != 0 {
			t.Errorf("jobs %v", got)
		}
	})
}

func BenchmarkCreateSession(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"postgres": enginetest.Postgres, "sqlite": enginetest.SQLite} {
		b.Run(engine, func(b *testing.B) {
			k := open(b, url(b))
			for b.Loop() {
				draft := k.draft(id.New("user"))
				draft.Key = key(draft.Session.ID, "body")
				draft.Jobs = []idv.Job{{Kind: idv.JobSettle, ID: draft.Session.ID}}
				k.create(draft)
			}
		})
	}
}
