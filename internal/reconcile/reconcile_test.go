package reconcile_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/reconcile"
)

// shelf is a store that gives each question once.
type shelf struct {
	mu        sync.Mutex
	due       map[string][]string // session ids by account
	failures  map[string]int
	pauses    []time.Duration
	postponed map[string]time.Time
	resumed   []string
	lapsed    int
	sweeps    int
}

func (s *shelf) TakeQuestions(_ context.Context, r idv.Ration) (idv.Questions, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := idv.Questions{Failures: s.failures[r.Provider]}
	for len(taken.List) < r.Most && len(s.due[r.Provider]) > 0 {
		x := session(r.Provider, idv.Pending)
		x.ID, s.due[r.Provider] = s.due[r.Provider][0], s.due[r.Provider][1:]
		taken.List = append(taken.List, idv.Question{Session: x, Until: noon.Add(r.Lease)})
	}
	return taken, nil
}

func (s *shelf) PostponeQuestion(_ context.Context, q idv.Question, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postponed[q.Session.ID] = at
	return nil
}

func (s *shelf) Pause(_ context.Context, account string, pause func(int) time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[account]++
	s.pauses = append(s.pauses, pause(s.failures[account]))
	return nil
}

func (s *shelf) Resume(_ context.Context, account string, _ int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumed = append(s.resumed, account)
	return nil
}

func (s *shelf) LapseUsers(_ context.Context, limit int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(limit, s.lapsed)
	s.lapsed -= n
	return n, nil
}

func (s *shelf) DropResults(context.Context, time.Time, int) (int, error) { return 0, nil }

func (s *shelf) DropWebhooks(context.Context, time.Time, int) (int, error) { return 0, nil }

func (s *shelf) SweepKeys(context.Context, int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweeps++
	return 0, errors.New("the database is away")
}

// is reports whether something holds of the shelf.
func (s *shelf) is(holds func() bool) func() bool {
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return holds()
	}
}

// refresh is a provider that answers what the test says.
type refresh func(ctx context.Context, id string) (idv.Session, error)

func (f refresh) Refresh(ctx context.Context, id string) (idv.Session, error) { return f(ctx, id) }

// tally counts outcomes.
type tally struct {
	mu sync.Mutex
	n  map[reconcile.Outcome]int
}

func (t *tally) Asked(_ string, o reconcile.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n[o]++
}

func (t *tally) of(o reconcile.Outcome) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n[o]
}

type world struct {
	*reconcile.Reconciler
	shelf *shelf
	tally *tally
	logs  *bytes.Buffer // to be read after Stop
}

// begin starts a reconciler with the sessions due, one account each name's
// first part: "plain-1".
func begin(t *testing.T, ask refresh, due ...string) *world {
	t.Helper()
	w := &world{
		shelf: &shelf{due: map[string][]string{}, failures: map[string]int{}, postponed: map[string]time.Time{}},
		tally: &tally{n: map[reconcile.Outcome]int{}},
		logs:  &bytes.Buffer{},
	}
	for _, id := range due {
		account, _, _ := strings.Cut(id, "-")
		w.shelf.due[account] = append(w.shelf.due[account], id)
	}
	w.Reconciler = reconcile.New(reconcile.Options{
		Store: w.shelf, Keeper: w.shelf, Asker: ask, Observer: w.tally, Parallel: 2,
		Schedule: schedule(10 * time.Millisecond), Timeout: time.Minute,
		Now: func() time.Time { return noon }, Logger: slog.New(slog.NewTextHandler(w.logs, nil)),
	})
	w.Start(t.Context())
	t.Cleanup(func() { w.end(t) })
	return w
}

func (w *world) end(t *testing.T) {
	t.Helper()
	if err := w.Stop(context.Background()); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func says(status idv.Status) refresh {
	return func(context.Context, string) (idv.Session, error) { return session("plain", status), nil }
}

func failing(kind idv.ErrorKind) refresh {
	return func(context.Context, string) (idv.Session, error) {
		return idv.Session{}, &idv.ProviderError{Kind: kind}
	}
}

func TestOutcomesAreCounted(t *testing.T) {
	w := begin(t, func(_ context.Context, id string) (idv.Session, error) {
		switch id {
		case "plain-same":
			return session("plain", idv.Pending), nil
		case "plain-moved":
			return session("plain", idv.InReview), nil
		default:
			return idv.Session{}, &idv.ProviderError{Kind: idv.KindUnavailable}
		}
	}, "plain-same", "plain-moved", "plain-failed")
	eventually(t, "all are counted", func() bool {
		return w.tally.of(reconcile.Same) == 1 && w.tally.of(reconcile.Moved) == 1 && w.tally.of(reconcile.Failed) == 1
	})
}

// An account that hangs holds up no other, and asks no more than its seats.
func TestOneProviderThatHangsHoldsUpNoOther(t *testing.T) {
	release := make(chan struct{})
	var mu sync.Mutex
	most, now := 0, 0
	w := begin(t, func(_ context.Context, id string) (idv.Session, error) {
		if strings.HasPrefix(id, "fickle") {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			<-release
		}
		return session("plain", idv.Pending), nil
	}, "fickle-1", "fickle-2", "fickle-3", "fickle-4", "plain-1", "plain-2", "plain-3", "plain-4", "plain-5")
	eventually(t, "the others are asked", func() bool { return w.tally.of(reconcile.Same) == 5 })
	mu.Lock()
	if most != 2 {
		t.Errorf("%d questions at once, want 2", most)
	}
	mu.Unlock()
	close(release)
	eventually(t, "all are asked", func() bool { return w.tally.of(reconcile.Same) == 9 })
}

// One session that cannot be answered for is no outage, several in a row are.
func TestPauses(t *testing.T) {
	const ms = time.Millisecond // an interval is ten
	for name, c := range map[string]struct {
		fault idv.ProviderError
		want  []time.Duration
	}{
		"down":          {idv.ProviderError{Kind: idv.KindUnavailable}, []time.Duration{0, 0, 10 * ms, 20 * ms, 40 * ms, 50 * ms, 50 * ms}},
		"hangs":         {idv.ProviderError{Kind: idv.KindTimeout}, []time.Duration{0, 0, 10 * ms}},
		"busy":          {idv.ProviderError{Kind: idv.KindRateLimited}, []time.Duration{10 * ms, 20 * ms, 40 * ms, 50 * ms}},
		"says when":     {idv.ProviderError{Kind: idv.KindRateLimited, RetryAfter: 30 * time.Second}, []time.Duration{30 * time.Second, 30 * time.Second}},
		"says nonsense": {idv.ProviderError{Kind: idv.KindUnavailable, RetryAfter: 9999 * time.Hour}, []time.Duration{time.Hour}},
		"refuses us":    {idv.ProviderError{Kind: idv.KindUnauthorized}, []time.Duration{10 * ms, 20 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			var due []string
			for range c.want {
				due = append(due, "plain-"+name+strings.Repeat("x", len(due)))
			}
			w := begin(t, func(context.Context, string) (idv.Session, error) { return idv.Session{}, &c.fault }, due...)
			eventually(t, "all have failed", w.shelf.is(func() bool { return len(w.shelf.pauses) == len(c.want) && len(w.shelf.postponed) == len(c.want) }))
			for i, want := range c.want {
				if got := w.shelf.pauses[i]; got != want {
					t.Errorf("failure %d: pause of %s, want %s", i+1, got, want)
				}
			}
			for id, at := range w.shelf.postponed {
				if want := noon.Add(10 * ms); !at.Equal(want) {
					t.Errorf("%s is asked about again at %s, want %s", id, at, want)
				}
			}
		})
	}
}

// A provider that refuses one session is well.
func TestRefusedSessionIsNoTroubleOfTheAccount(t *testing.T) {
	w := begin(t, failing(idv.KindNotFound))
	w.shelf.mu.Lock()
	w.shelf.failures["plain"] = 3
	w.shelf.due["plain"] = []string{"plain-1"}
	w.shelf.mu.Unlock()
	eventually(t, "it is postponed", w.shelf.is(func() bool { return len(w.shelf.postponed) == 1 }))
	w.end(t)
	if at := w.shelf.postponed["plain-1"]; !at.Equal(noon.Add(600 * time.Millisecond)) {
		t.Errorf("asked about again at %s, want after 60 intervals", at)
	}
	if len(w.shelf.pauses) != 0 || len(w.shelf.resumed) != 1 {
		t.Errorf("pauses %v, resumed %v", w.shelf.pauses, w.shelf.resumed)
	}
}

func TestAccountThatAnswersAgainIsResumed(t *testing.T) {
	w := begin(t, says(idv.Pending))
	w.shelf.mu.Lock()
	w.shelf.failures["plain"] = 5
	w.shelf.due["plain"] = []string{"plain-1"}
	w.shelf.due["fickle"] = []string{"fickle-1"}
	w.shelf.mu.Unlock()
	eventually(t, "both have answered", func() bool { return w.tally.of(reconcile.Moved)+w.tally.of(reconcile.Same) == 2 })
	w.end(t)
	if len(w.shelf.resumed) != 1 || w.shelf.resumed[0] != "plain" {
		t.Errorf("resumed %v, want the one in trouble", w.shelf.resumed)
	}
}

// A defect is logged without what it may hold, and ends nothing.
func TestPanicEndsNothing(t *testing.T) {
	w := begin(t, func(_ context.Context, id string) (idv.Session, error) {
		if id == "plain-1" {
			panic("Xanthippe") // stands for whatever a panic may hold
		}
		return session("plain", idv.Pending), nil
	}, "plain-1", "plain-2")
	eventually(t, "the other is asked", func() bool { return w.tally.of(reconcile.Same) == 1 && w.tally.of(reconcile.Failed) == 1 })
	w.end(t)
	if logs := w.logs.String(); strings.Contains(logs, "Xanthippe") || !strings.Contains(logs, "plain-1") {
		t.Errorf("logs: %s", logs)
	}
}

// What could not be kept here is asked again later, and not at once.
func TestAnswerThatCannotBeKept(t *testing.T) {
	w := begin(t, func(context.Context, string) (idv.Session, error) {
		return idv.Session{}, errors.New("the database is away")
	}, "plain-1")
	eventually(t, "it is postponed", w.shelf.is(func() bool { return len(w.shelf.postponed) == 1 }))
	if w.tally.of(reconcile.Failed) != 1 {
		t.Error("it was not counted")
	}
}

// Stop waits for what was asked, but not for ever.
func TestStop(t *testing.T) {
	asked := make(chan struct{})
	w := begin(t, func(ctx context.Context, _ string) (idv.Session, error) {
		close(asked)
		<-ctx.Done()
		return idv.Session{}, &idv.ProviderError{Kind: idv.KindTimeout, Err: ctx.Err()}
	}, "plain-1")
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := w.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stop: %v", err)
	}
	// That we stopped is no trouble of the provider's.
	if len(w.shelf.pauses) != 0 || len(w.shelf.postponed) != 0 || w.tally.of(reconcile.Failed) != 0 {
		t.Errorf("pauses %v, postponed %v", w.shelf.pauses, w.shelf.postponed)
	}
}

// Batch after batch lapses, and what fails is tried again.
func TestKeeping(t *testing.T) {
	w := begin(t, says(idv.Pending))
	w.shelf.mu.Lock()
	w.shelf.lapsed = 1000
	w.shelf.mu.Unlock()
	eventually(t, "all have lapsed and keys are swept again", w.shelf.is(func() bool { return w.shelf.lapsed == 0 && w.shelf.sweeps >= 2 }))
}
