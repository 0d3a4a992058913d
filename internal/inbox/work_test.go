package inbox_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/inbox"
)

// shelf keeps one delivery, knows any session, and fails when it is told to.
type shelf struct {
	delivery idv.Delivery
	applied  []string // fingerprints, as often as they were applied
	failAt   int      // the number of the Apply that fails, from 1; 0 for none
	applies  int
	jobs     []idv.Job
	// before is the session as it is once a change has the lock on it.
	before idv.Session
}

func (s *shelf) SaveDelivery(_ context.Context, d idv.Delivery) (bool, error) {
	isNew := s.delivery.ID == ""
	if isNew {
		s.delivery = d
	}
	return isNew, nil
}

func (s *shelf) Delivery(context.Context, string) (idv.Delivery, error) { return s.delivery, nil }

func (s *shelf) MarkDelivery(_ context.Context, o idv.DeliveryOutcome) error {
	s.delivery.State, s.delivery.Reason = o.State, o.Reason
	return nil
}

func (s *shelf) Apply(ctx context.Context, c idv.Change) (idv.Session, error) {
	if s.applies++; s.applies == s.failAt {
		return idv.Session{}, errors.New("the process died here")
	}
	s.jobs = append(s.jobs, c.Jobs...)
	if c.Then != nil {
		s.jobs = append(s.jobs, c.Then(s.before, s.before)...)
	}
	for _, o := range c.Observations {
		s.applied = append(s.applied, o.ProviderStatus)
	}
	if c.Delivery != nil {
		return idv.Session{}, s.MarkDelivery(ctx, *c.Delivery)
	}
	return idv.Session{}, nil
}

func (s *shelf) AskAgain(context.Context, string, string) error { return nil }

func (s *shelf) Session(context.Context, string) (idv.Session, error) {
	return idv.Session{}, idv.ErrNotFound
}

func (s *shelf) SessionByRef(_ context.Context, provider string, ref idv.Ref) (idv.Session, error) {
	return idv.Session{ID: "ses_" + string(ref), Provider: provider, Ref: ref}, nil
}

func (s *shelf) Said(context.Context, string) ([]idv.Said, error) { return nil, nil }

func (s *shelf) HasResult(context.Context, string) (bool, error) { return true, nil }

// talker says several things in one webhook.
type talker struct {
	idv.Provider
	updates []idv.Update
}

func (t talker) Authenticate(context.Context, idv.Webhook) error { return nil }

func (t talker) Normalize(idv.Webhook) ([]idv.Update, error) { return t.updates, nil }

func open(t *testing.T, s *shelf, updates ...idv.Update) *inbox.Inbox {
	t.Helper()
	b := inbox.New(inbox.Options{
		Store: s, Sessions: s, Providers: map[string]idv.Provider{"acme": talker{updates: updates}},
		NewID: func() string { return "whd_1" }, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if _, err := b.Receive(t.Context(), "acme", http.Header{}, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	return b
}

// Wherever a process dies between the sessions that one delivery is about, all
// of it is applied in the end.
func TestEveryUpdateOfADeliveryIsApplied(t *testing.T) {
	updates := []idv.Update{{Ref: "a", ProviderStatus: "one"}, {Ref: "b", ProviderStatus: "two"}, {Ref: "c", ProviderStatus: "three"}}
	for failAt := range len(updates) + 1 {
		s := &shelf{failAt: failAt}
		b := open(t, s, updates...)
		if _, err := b.Work(t.Context(), "whd_1", 1); (err != nil) != (failAt > 0) {
			t.Fatalf("fails at %d: %v", failAt, err)
		}
		if failAt > 0 && s.delivery.State != idv.DeliveryReceived {
			t.Errorf("fails at %d: the delivery is %s already", failAt, s.delivery.State)
		}
		if _, err := b.Work(t.Context(), "whd_1", 2); err != nil {
			t.Fatal(err)
		}
		last := s.applied[max(0, len(s.applied)-len(updates)):]
		if diff := cmp.Diff([]string{"one", "two", "three"}, last); diff != "" {
			t.Errorf("fails at %d: %s", failAt, diff)
		}
		if s.delivery.State != idv.DeliveryProcessed {
			t.Errorf("fails at %d: the delivery is %s", failAt, s.delivery.State)
		}
	}
}

// What a delivery says about one session is one change: nobody sees half of it.
func TestUpdatesOfOneSessionAreOneChange(t *testing.T) {
	s := &shelf{}
	b := open(t, s, idv.Update{Ref: "r", ProviderStatus: "one"}, idv.Update{Ref: "r", ProviderStatus: "two"})
	if _, err := b.Work(t.Context(), "whd_1", 1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one", "two"}, s.applied); diff != "" || s.applies != 1 {
		t.Errorf("%d changes: %s", s.applies, diff)
	}
}

// One thing that is not understood parks the delivery, and hides nothing else.
func TestOneUnknownWordParksTheDelivery(t *testing.T) {
	s := &shelf{}
	b := open(t, s, idv.Update{Ref: "r", Unknown: true, ProviderStatus: "odd", Why: "unknown word"}, idv.Update{Ref: "r", ProviderStatus: "known"})
	if _, err := b.Work(t.Context(), "whd_1", 1); err != nil {
		t.Fatal(err)
	}
	if len(s.applied) != 2 || s.delivery.State != idv.DeliveryParked || s.delivery.Reason != "unknown word" {
		t.Errorf("applied %v, delivery %s %q", s.applied, s.delivery.State, s.delivery.Reason)
	}
}

// What a provider cannot tell by itself is asked for, whether it counts or not.
func TestTheTruthIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		update idv.Update
		asked  bool
	}{
		{idv.Update{Ref: "r", Status: idv.InReview, Ask: true}, true},
		{idv.Update{Ref: "r", Status: idv.Approved, Partial: true}, true},
		{idv.Update{Ref: "r", Status: idv.InReview}, false},
		{idv.Update{Ref: "r", Status: idv.Approved, Unknown: true}, false},
	} {
		s := &shelf{}
		if _, err := open(t, s, c.update).Work(t.Context(), "whd_1", 1); err != nil {
			t.Fatal(err)
		}
		if asked := len(s.jobs) == 1 && s.jobs[0] == (idv.Job{Kind: idv.JobFetch, ID: "ses_r"}); asked != c.asked {
			t.Errorf("%+v: jobs %v", c.update, s.jobs)
		}
	}
}

// forgetful is a provider whose webhooks cannot be told from late ones.
type forgetful struct{ talker }

func (forgetful) Repeats() bool { return true }

// Two decisions that contradict each other are worked at once, and neither knew
// of the other when its work began: the second to be written down has the truth
// asked for.
func TestDecisionsThatContradictEachOtherHaveTheTruthAskedFor(t *testing.T) {
	for _, c := range []struct {
		stands, said idv.Status
		asked        bool
	}{
		{"", idv.Approved, false},
		{idv.Declined, idv.Approved, true},
		{idv.Approved, idv.Declined, true},
		{idv.Approved, idv.Approved, false},
		{idv.Approved, idv.InReview, false},
	} {
		s := &shelf{}
		if c.stands != "" {
			s.before.State.Decision = &idv.Decision{Outcome: c.stands, Version: 1}
		}
		b := open(t, s)
		b.Providers["acme"] = forgetful{talker{updates: []idv.Update{{Ref: "r", Status: c.said}}}}
		if _, err := b.Work(t.Context(), "whd_1", 1); err != nil {
			t.Fatal(err)
		}
		if asked := len(s.jobs) == 1 && s.jobs[0].Kind == idv.JobFetch; asked != c.asked {
			t.Errorf("%q stands and %q is said: jobs %v", c.stands, c.said, s.jobs)
		}
	}
}
