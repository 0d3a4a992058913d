package reconcile

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// desk asks about the sessions of one account.
type desk struct {
	*Reconciler
	ration idv.Ration
	seats  chan struct{} // one taken for each question that is being asked
	asking sync.WaitGroup
}

// margin is how much longer a question is its asker's own than it may take.
const margin = 5 * time.Second

func (r *Reconciler) newDesk(account string) *desk {
	d := &desk{Reconciler: r, ration: ration(account, r.Schedule.Paces[account]), seats: make(chan struct{}, r.Parallel)}
	d.ration.Lease = r.Timeout + margin
	return d
}

// take takes as many questions as there are seats, and asks them. The questions
// live as long as ctx, and are taken as long as taking.
func (d *desk) take(taking, ctx context.Context) {
	d.ration.Most = cap(d.seats) - len(d.seats)
	if d.ration.Most == 0 {
		return
	}
	taken, err := d.Store.TakeQuestions(taking, d.ration)
	if err != nil {
		d.complain(taking, "sessions to ask about could not be looked up", err)
		return
	}
	for _, q := range taken.List {
		d.seats <- struct{}{}
		d.asking.Go(func() {
			defer func() { <-d.seats }()
			defer d.survive(ctx, q)
			ctx, cancel := context.WithTimeout(ctx, d.Timeout)
			defer cancel()
			d.ask(ctx, q, taken.Failures)
		})
	}
}

// ask asks one question and settles it. failures is how often the account
// failed before.
func (d *desk) ask(ctx context.Context, q idv.Question, failures int) {
	after, err := d.Asker.Refresh(ctx, q.Session.ID)
	var fault *idv.ProviderError
	switch {
	case err == nil:
		d.count(outcome(q.Session, after))
		d.answers(ctx, failures)
	case errors.Is(ctx.Err(), context.Canceled):
		// The process stops; whoever comes next asks again.
	case errors.As(err, &fault):
		d.count(Failed)
		d.Logger.WarnContext(ctx, "provider does not answer for a session", "session", q.Session.ID, "provider", d.ration.Provider, "error", fault.Error())
		d.unanswered(ctx, q, fault, failures)
	default:
		d.count(Failed)
		d.complain(ctx, "the answer about a session could not be taken over", err)
		d.postpone(ctx, q, d.Schedule.Retry(q.Session, d.Now()))
	}
}

// survive keeps a defect of an adapter from ending the process. The value of a
// panic may hold anything, so that only its type is told.
func (d *desk) survive(ctx context.Context, q idv.Question) {
	if p := recover(); p != nil {
		d.count(Failed)
		d.Logger.ErrorContext(ctx, "asking about a session panicked", "session", q.Session.ID, "provider", d.ration.Provider,
			"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	}
}

func outcome(before, after idv.Session) Outcome {
	version := func(x idv.Session) int {
		if x.State.Decision == nil {
			return 0
		}
		return x.State.Decision.Version
	}
	if before.State.Status != after.State.Status || version(before) != version(after) {
		return Moved
	}
	return Same
}

// unanswered plans when the session is asked about again, and whether the
// account needs a rest. A provider that refuses one session answers all the
// same.
func (d *desk) unanswered(ctx context.Context, q idv.Question, fault *idv.ProviderError, failures int) {
	now := d.Now()
	at := d.Schedule.Retry(q.Session, now)
	if fault.Kind == idv.KindNotFound || fault.Kind == idv.KindRejected {
		at = d.Schedule.Refused(q.Session, now)
		d.answers(ctx, failures)
	} else if err := d.Store.Pause(ctx, d.ration.Provider, func(failures int) time.Duration {
		return d.Schedule.pause(fault, failures)
	}); err != nil {
		d.complain(ctx, "a pause could not be noted", err)
	}
	d.postpone(ctx, q, at)
}

func (d *desk) postpone(ctx context.Context, q idv.Question, at time.Time) {
	if err := d.Store.PostponeQuestion(ctx, q, at); err != nil {
		d.complain(ctx, "a question could not be postponed", err)
	}
}

// answers notes that an account that was in trouble is not any more.
func (d *desk) answers(ctx context.Context, failures int) {
	if failures == 0 {
		return
	}
	if err := d.Store.Resume(ctx, d.ration.Provider, failures); err != nil {
		d.complain(ctx, "the end of a pause could not be noted", err)
	}
}

func (d *desk) count(o Outcome) {
	if d.Observer != nil {
		d.Observer.Asked(d.ration.Provider, o)
	}
}

// complain tells what went wrong here, by ids only.
func (d *desk) complain(ctx context.Context, what string, err error) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		d.Logger.WarnContext(ctx, what, "provider", d.ration.Provider, "error", err.Error())
	}
}
