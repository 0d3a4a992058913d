// Package reconcile makes up for what was not heard: it asks providers about
// sessions that should have moved by now, and writes down what the passing of
// time alone has changed. Several replicas share the work.
package reconcile

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Store keeps what is to be asked, and when.
type Store interface {
	TakeQuestions(ctx context.Context, r idv.Ration) (idv.Questions, error)
	PostponeQuestion(ctx context.Context, q idv.Question, at time.Time) error
	Pause(ctx context.Context, provider string, pause func(failures int) time.Duration) error
	Resume(ctx context.Context, provider string, failures int) error
}

// Keeper keeps what time alone changes. Each method works on at most limit rows
// and gives how many it was.
type Keeper interface {
	LapseUsers(ctx context.Context, limit int) (int, error)
	SweepKeys(ctx context.Context, limit int) (int, error)
	// DropResults and DropWebhooks remove what is older than the given time.
	DropResults(ctx context.Context, before time.Time, limit int) (int, error)
	DropWebhooks(ctx context.Context, before time.Time, limit int) (int, error)
}

// Retention is how long personal data is kept; 0 is for ever.
type Retention struct{ Webhooks, Results time.Duration }

// Asker asks the provider about a session, takes over the answer, and gives the
// session after. Its errors wrap an *idv.ProviderError if the provider failed.
type Asker interface {
	Refresh(ctx context.Context, sessionID string) (idv.Session, error)
}

// Observer counts. It may be called at once from several goroutines.
type Observer interface {
	Asked(account string, outcome Outcome)
}

// Outcome is what a question was good for.
type Outcome string

// The outcomes of a question.
const (
	Moved  Outcome = "moved"  // the status moved: a webhook was lost or is late
	Same   Outcome = "same"   // nothing new
	Failed Outcome = "failed" // no answer
)

// Outcomes lists every outcome.
func Outcomes() []Outcome { return []Outcome{Moved, Same, Failed} }

// Options are what a Reconciler works with.
type Options struct {
	Store    Store
	Keeper   Keeper
	Asker    Asker
	Schedule Schedule
	// Retain is how long webhooks and results are kept.
	Retain Retention
	// Timeout is how long one question may take, the writing of its answer
	// included.
	Timeout time.Duration
	// Parallel is how many questions this process asks one account at once.
	// Default: 8.
	Parallel int
	Observer Observer // nil counts nothing
	Now      func() time.Time
	Logger   *slog.Logger
}

// defaultParallel is small, so that replicas share what is due.
const defaultParallel = 8

// Reconciler asks, on the schedule, until it is stopped.
type Reconciler struct {
	Options
	tick   time.Duration
	cancel context.CancelFunc // ends the taking of questions
	abort  context.CancelFunc // ends the questions too
	work   sync.WaitGroup
}

// New makes a reconciler.
func New(o Options) *Reconciler {
	o.Parallel = cmp.Or(o.Parallel, defaultParallel)
	return &Reconciler{Options: o, tick: Tick(o.Schedule)}
}

// Tick is how often it is looked for what is due: a fifth of the interval, but no
// less than 10 ms and no more than a second.
func Tick(s Schedule) time.Duration {
	return min(max(s.interval()/5, 10*time.Millisecond), time.Second)
}

// Start begins to work in the background: each account by itself, so that one
// that hangs holds up no other. The end of ctx does not end the work: Stop does.
func (r *Reconciler) Start(ctx context.Context) {
	ctx, r.abort = context.WithCancel(context.WithoutCancel(ctx))
	taking, cancel := context.WithCancel(ctx)
	r.cancel = cancel
	for _, account := range slices.Sorted(maps.Keys(r.Schedule.Paces)) {
		desk := r.newDesk(account)
		r.work.Go(func() {
			every(taking, r.tick, func() { desk.take(taking, ctx) })
			desk.asking.Wait()
		})
	}
	r.work.Go(func() { every(taking, r.tick, func() { r.lapse(taking) }) })
	r.work.Go(func() { every(taking, r.Schedule.interval(), func() { r.sweep(taking) }) })
}

// Stop takes no more questions and waits for those that were asked. When ctx ends
// first they are given up, and asked again by whoever comes next.
func (r *Reconciler) Stop(ctx context.Context) error {
	defer r.abort()
	r.cancel()
	done := make(chan struct{})
	go func() { r.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		r.abort()
		<-done
		return ctx.Err()
	}
}

// every does something at once and again with each tick until ctx ends.
func every(ctx context.Context, tick time.Duration, do func()) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
}
