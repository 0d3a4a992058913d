package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestApplyStarted(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		k.pass(time.Second)
		k.apply(idv.Change{SessionID: session.ID, StartUnanswered: true})
		if got, _ := k.Session(t.Context(), session.ID); !got.StartUnanswered || !got.UpdatedAt.Equal(session.UpdatedAt) {
			t.Errorf("unanswered: %+v", got)
		}
		k.pass(time.Second)
		launch := idv.Launch{URL: "https://hosted.example/1", Token: "tok", VerificationID: "v1"}
		got := k.apply(idv.Change{
			SessionID:    session.ID,
			Started:      &idv.Started{Ref: "ref-1", Launch: launch, ExpiresAt: k.now().Add(time.Hour)},
			Observations: []idv.Observation{{Fingerprint: "start", Source: idv.SourceCreate, HeardAt: k.now(), Status: idv.Pending}},
			Jobs:         []idv.Job{{Kind: idv.JobExpire, ID: session.ID, RunAt: k.now().Add(time.Hour)}},
		})

		want := session
		want.Ref, want.Launch = "ref-1", launch
		want.State.Status = idv.Pending
		want.UpdatedAt, want.ExpiresAt = kept(k.now()), kept(k.now().Add(time.Hour))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("session (-want +got):\n%s", diff)
		}
		byRef, err := k.SessionByRef(t.Context(), "kora", "ref-1")
		if diff := cmp.Diff(want, byRef); err != nil || diff != "" {
			t.Errorf("by ref: %v (-want +got):\n%s", err, diff)
		}
		if _, err := k.SessionByRef(t.Context(), "idnorm", "ref-1"); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("by the ref of another provider: %v", err)
		}
		if got := k.queued(idv.JobExpire); !slices.Equal(got, []string{session.ID}) {
			t.Errorf("jobs %v", got)
		}
	})
}

func TestApplyKeepsObservationsAsTheyWereHeard(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		whole := idv.Observation{
			Fingerprint:       "one",
			Source:            idv.SourceWebhook,
			DeliveryID:        "whd_1",
			HeardAt:           k.now(),
			OccurredAt:        k.now().Add(-time.Minute),
			ProviderStatus:    "declined",
			Status:            idv.Declined,
			Attempt:           "attempt-1",
			Reasons:           []idv.Reason{idv.NewReason(idv.ReasonDocumentExpired, "207")},
			Notice:            &idv.Notice{Kind: idv.NoticeFraudAlert, Facts: map[string]string{"severity": "high"}},
			DocumentExpiresAt: time.Date(2031, 5, 10, 0, 0, 0, 0, time.UTC),
			Why:               "the decision came twice",
		}
		bare := idv.Observation{Fingerprint: "two", Source: idv.SourceFetch, HeardAt: k.now().Add(-time.Hour), Unknown: true, Partial: true, Test: true}
		k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{whole}})
		k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{bare, bare}})

		for _, o := range []*idv.Observation{&whole, &bare} {
			o.HeardAt = kept(o.HeardAt)
			if !o.OccurredAt.IsZero() {
				o.OccurredAt = kept(o.OccurredAt)
			}
		}
		got, err := k.Observations(t.Context(), session.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]idv.Observation{whole, bare}, got); diff != "" {
			t.Errorf("observations (-want +got):\n%s", diff)
		}

		// Our reading of the first word is revised; what was said is not.
		reading := whole
		reading.HeardAt = k.now().Add(time.Hour)
		reading.DeliveryID, reading.Attempt = "whd_2", "attempt-2"
		reading.OccurredAt = whole.OccurredAt.Add(2 * time.Hour)
		reading.ProviderStatus, reading.Status = "declined?", idv.InReview
		reading.Reasons, reading.Notice, reading.DocumentExpiresAt = nil, nil, time.Time{}
		reading.Why = "a word that may mean two things"
		session = k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{reading}})
		reading.HeardAt, reading.DeliveryID = whole.HeardAt, whole.DeliveryID

		got, err = k.Observations(t.Context(), session.ID)
		if diff := cmp.Diff([]idv.Observation{reading, bare}, got); err != nil || diff != "" {
			t.Errorf("reread: %v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff(idv.State{Status: idv.InReview}, session.State); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
	})
}

// What we did ourselves is a fact and no reading of one.
func TestOwnObservationsAreNotReread(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		var own []idv.Observation
		for _, source := range []idv.Source{idv.SourceCreate, idv.SourceOperator, idv.SourceClock} {
			own = append(own, idv.Observation{Fingerprint: string(source), Source: source, HeardAt: kept(k.now()), Status: idv.Pending, Why: "first"})
		}
		k.apply(idv.Change{SessionID: session.ID, Observations: own})
		for _, o := range own {
			o.HeardAt, o.OccurredAt = k.now().Add(time.Hour), k.now()
			o.Status, o.Attempt, o.Why = idv.Failed, "another", "second"
			k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{o}})
		}
		got, err := k.Observations(t.Context(), session.ID)
		if diff := cmp.Diff(own, got); err != nil || diff != "" {
			t.Errorf("observations: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestApplyKeepsTheWholeState(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		expires := time.Date(2031, 5, 10, 0, 0, 0, 0, time.UTC)
		approval := k.word(idv.Approved)
		approval.DocumentExpiresAt = expires
		k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{approval}})
		k.pass(time.Hour)
		decline := k.word(idv.Declined)
		decline.Reasons = []idv.Reason{idv.NewReason(idv.ReasonFraudSuspected, "F1")}
		got := k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{decline}})

		want := idv.State{
			Status:            idv.Declined,
			Decision:          &idv.Decision{Outcome: idv.Declined, Version: 2, DecidedAt: kept(k.now()), RevisedFrom: idv.Approved},
			Reasons:           decline.Reasons,
			EverApproved:      true,
			DocumentExpiresAt: expires,
		}
		if diff := cmp.Diff(want, got.State); diff != "" {
			t.Errorf("answered state (-want +got):\n%s", diff)
		}
		read, err := k.Session(t.Context(), session.ID)
		if diff := cmp.Diff(want, read.State); err != nil || diff != "" {
			t.Errorf("kept state: %v (-want +got):\n%s", err, diff)
		}
		if v := k.user("user-42"); v.Status != idv.UserRevoked {
			t.Errorf("user is %s", v.Status)
		}
	})
}

func TestUpdatedAtMovesWithWhatCanBeSeen(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.say(k.created("user-42").ID, idv.Processing)
		user := k.user("user-42")
		k.pass(time.Minute)
		old := k.word(idv.Pending)
		same := k.say(session.ID, idv.Processing)
		same = k.apply(idv.Change{SessionID: same.ID, Observations: []idv.Observation{old}})
		if !same.UpdatedAt.Equal(session.UpdatedAt) {
			t.Errorf("nothing moved, but updatedAt did, to %v", same.UpdatedAt)
		}
		if diff := cmp.Diff(user, k.user("user-42")); diff != "" {
			t.Errorf("user (-before +after):\n%s", diff)
		}
		moved := k.say(session.ID, idv.InReview)
		if !moved.UpdatedAt.Equal(kept(k.now())) {
			t.Errorf("updatedAt stayed at %v", moved.UpdatedAt)
		}
		if v := k.user("user-42"); v.Version != user.Version+1 || !v.UpdatedAt.Equal(kept(k.now())) {
			t.Errorf("user = %+v", v)
		}
	})
}

func TestRefBelongsToOneSession(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		one, two := k.created("user-1"), k.created("user-2")
		start := func(sessionID string) error {
			_, err := k.Apply(t.Context(), idv.Change{SessionID: sessionID, Started: &idv.Started{Ref: "ref-1"}})
			return err
		}
		if err := start(one.ID); err != nil {
			t.Fatal(err)
		}
		if err := start(one.ID); err != nil {
			t.Errorf("the same once more: %v", err)
		}
		if err := start(two.ID); !errors.Is(err, idv.ErrTaken) {
			t.Errorf("err = %v", err)
		}
		if got, err := k.Session(t.Context(), two.ID); err != nil || got.Ref != "" {
			t.Errorf("ref %q, %v", got.Ref, err)
		}
		taken, err := k.RefsTaken(t.Context(), "kora", []idv.Ref{"ref-0", "ref-1"})
		if err != nil || !slices.Equal(taken, []idv.Ref{"ref-1"}) {
			t.Errorf("taken = %v, %v", taken, err)
		}
		if taken, err := k.RefsTaken(t.Context(), "kora", nil); err != nil || len(taken) != 0 {
			t.Errorf("taken of none = %v, %v", taken, err)
		}
	})
}

func TestApplyToNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		for _, sessionID := range []string{"", "ses_none", "ses_\x00", "ses_\xff"} {
			if _, err := k.Apply(t.Context(), idv.Change{SessionID: sessionID}); !errors.Is(err, idv.ErrNotFound) {
				t.Errorf("%q: %v", sessionID, err)
			}
		}
		session := k.created("user-42")
		_, err := k.Apply(t.Context(), idv.Change{
			SessionID:    session.ID,
			Observations: []idv.Observation{k.word(idv.Approved)},
			Delivery:     &idv.DeliveryOutcome{ID: "whd_none", State: idv.DeliveryProcessed},
		})
		if !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("unknown delivery: %v", err)
		}
		if got, _ := k.Session(t.Context(), session.ID); got.State.Status != idv.Created {
			t.Errorf("status %s", got.State.Status)
		}
	})
}

func TestKnownRefBringsUnmatchedDeliveriesBack(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		early := k.delivered("kora", "early")
		k.mark(idv.DeliveryOutcome{ID: early.ID, State: idv.DeliveryUnmatched, Ref: "ref-1"})
		other := k.delivered("kora", "other")
		k.mark(idv.DeliveryOutcome{ID: other.ID, State: idv.DeliveryUnmatched, Ref: "ref-2"})
		elsewhere := k.delivered("idnorm", "early")
		k.mark(idv.DeliveryOutcome{ID: elsewhere.ID, State: idv.DeliveryUnmatched, Ref: "ref-1"})
		done := k.delivered("kora", "done")
		k.mark(idv.DeliveryOutcome{ID: done.ID, State: idv.DeliveryProcessed, Ref: "ref-1"})

		came := len(k.queued(idv.JobDelivery)) // each brought its own
		k.apply(idv.Change{SessionID: session.ID, Started: &idv.Started{Ref: "ref-1"}})
		if got := k.queued(idv.JobDelivery)[came:]; !slices.Equal(got, []string{early.ID}) {
			t.Errorf("jobs %v, want %v", got, early.ID)
		}
		k.apply(idv.Change{SessionID: session.ID, Started: &idv.Started{Ref: "ref-1"}})
		if got := k.queued(idv.JobDelivery)[came:]; len(got) != 1 {
			t.Errorf("the same ref once more: jobs %v", got)
		}
	})
}

func TestApplyIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		draft := k.draft("user-42")
		draft.Key = key("k1", "body")
		session := k.create(draft).Session
		delivery := k.delivered("kora", "one")
		before := k.user("user-42")

		k.jobs.breakDown(true)
		_, err := k.Apply(t.Context(), idv.Change{
			SessionID:    session.ID,
			Observations: []idv.Observation{k.word(idv.Approved)},
			Started:      &idv.Started{Ref: "ref-1"},
			Result:       &idv.Result{},
			Delivery:     &idv.DeliveryOutcome{ID: delivery.ID, State: idv.DeliveryProcessed},
			Key:          draft.Key,
			Answer:       func(idv.Session) idv.Answer { return idv.Answer{Status: 201} },
			Jobs:         []idv.Job{{Kind: idv.JobFetch, ID: session.ID}},
		})
		if !errors.Is(err, errBroken) {
			t.Fatalf("err = %v", err)
		}
		k.jobs.breakDown(false)

		if got, err := k.Session(t.Context(), session.ID); err != nil || cmp.Diff(session, got) != "" {
			t.Errorf("session: %v (-before +after):\n%s", err, cmp.Diff(session, got))
		}
		if diff := cmp.Diff(before, k.user("user-42")); diff != "" {
			t.Errorf("user (-before +after):\n%s", diff)
		}
		if got, err := k.Observations(t.Context(), session.ID); err != nil || len(got) != 0 {
			t.Errorf("observations %v, %v", got, err)
		}
		if has, err := k.HasResult(t.Context(), session.ID); err != nil || has {
			t.Errorf("result: %v, %v", has, err)
		}
		if got, err := k.Delivery(t.Context(), delivery.ID); err != nil || got.State != idv.DeliveryReceived || got.Attempts != 0 {
			t.Errorf("delivery: %+v, %v", got, err)
		}
		if claim := k.create(draft); claim.Kind != idv.ClaimSameKey {
			t.Errorf("key: %s", claim.Kind)
		}
	})
}

// Several people may say things about sessions of one user at once.
func TestApplyInParallel(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		var sessions []idv.Session
		for range 4 {
			draft := k.draft("user-42")
			draft.Another = true
			session := k.create(draft).Session
			k.say(session.ID, idv.Pending)
			sessions = append(sessions, session)
		}
		errs := make(chan error)
		const each = 10
		for i := range len(sessions) * each {
			o := k.word(idv.InProgress)
			go func() {
				_, err := k.Apply(t.Context(), idv.Change{SessionID: sessions[i%len(sessions)].ID, Observations: []idv.Observation{o}})
				errs <- err
			}()
		}
		for range len(sessions) * each {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		for _, session := range sessions {
			if got, err := k.Observations(t.Context(), session.ID); err != nil || len(got) != each+1 {
				t.Errorf("%d observations, %v", len(got), err)
			}
		}
	})
}

// Text that PostgreSQL would refuse comes from providers and from clients.
func TestOddTextIsKept(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const odd = "zero \x00 and \xff"
		session := k.created("user-42")
		o := k.word(idv.Declined)
		o.Fingerprint, o.ProviderStatus, o.Attempt = odd, odd, odd
		o.Reasons = []idv.Reason{idv.NewReason(idv.ReasonNotSpecified, odd)}
		o.Notice = &idv.Notice{Kind: idv.NoticeCustomStatus, Facts: map[string]string{odd: odd}}
		delivery := k.delivered("kora", "odd")
		for range 2 {
			k.apply(idv.Change{
				SessionID:    session.ID,
				Observations: []idv.Observation{o},
				Started:      &idv.Started{Ref: odd, Launch: idv.Launch{URL: odd}},
				Delivery:     &idv.DeliveryOutcome{ID: delivery.ID, State: idv.DeliveryProcessed, Reason: odd, EventType: odd, Ref: odd, SessionID: odd},
			})
		}
		if got, err := k.SessionByRef(t.Context(), "kora", odd); err != nil || got.ID != session.ID {
			t.Errorf("by ref: %s, %v", got.ID, err)
		}
		if got, err := k.Observations(t.Context(), session.ID); err != nil || len(got) != 1 {
			t.Errorf("%d observations, %v", len(got), err)
		}
		for what, err := range map[string]error{
			"session":    second(k.Session(t.Context(), odd)),
			"delivery":   second(k.Delivery(t.Context(), odd)),
			"result":     second(k.Result(t.Context(), odd, odd)),
			"session id": second(k.Sessions(t.Context(), idv.SessionFilter{Page: idv.Page{After: odd}})),
			"key":        k.RevokeKey(t.Context(), odd, "key_1", k.now()),
		} {
			if !errors.Is(err, idv.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := k.Sessions(t.Context(), idv.SessionFilter{ExternalUserID: odd, Provider: odd, Status: odd}); err != nil {
			t.Error(err)
		}
		if _, err := k.Deliveries(t.Context(), idv.DeliveryFilter{State: odd, Provider: odd, Page: idv.Page{After: odd}}); err != nil {
			t.Error(err)
		}
		if v, err := k.Verification(t.Context(), odd); err != nil || v.Version != 0 {
			t.Errorf("%+v, %v", v, err)
		}
		if k.create(k.draft(id.New("user"))).Kind != idv.ClaimNew {
			t.Error("the store is out of order")
		}
	})
}

func second[T any](_ T, err error) error { return err }

func BenchmarkApply(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"postgres": enginetest.Postgres, "sqlite": enginetest.SQLite} {
		b.Run(engine, func(b *testing.B) {
			k := open(b, url(b))
			for b.Loop() {
				b.StopTimer()
				session := k.created(id.New("user"))
				delivery := k.delivered("kora", session.ID)
				b.StartTimer()
				k.apply(idv.Change{
					SessionID:    session.ID,
					Observations: []idv.Observation{k.word(idv.Approved)},
					Result:       &idv.Result{},
					Delivery:     &idv.DeliveryOutcome{ID: delivery.ID, State: idv.DeliveryProcessed, SessionID: session.ID},
				})
			}
		})
	}
}

func BenchmarkVerification(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"postgres": enginetest.Postgres, "sqlite": enginetest.SQLite} {
		b.Run(engine, func(b *testing.B) {
			k := open(b, url(b))
			k.say(k.created("user-42").ID, idv.Approved)
			for b.Loop() {
				k.user("user-42")
			}
		})
	}
}
