package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/tidwall/gjson"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// worker is a handler as River knows it.
type worker struct {
	river.WorkerDefaults[args]
	handle  Handler
	log     *slog.Logger
	observe func(kind idv.JobKind, outcome string, took time.Duration)
	trace   func(ctx context.Context, task Task) (traced context.Context, end func(outcome string))
}

// Work gives one job to the handler.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	task := Task{Kind: idv.JobKind(job.Kind), ID: job.Args.ID, Attempt: job.Attempt + postponements(job.JobRow)}
	began := time.Now()
	traced, end := w.trace(ctx, task)
	err := w.call(traced, task)
	end(outcomeOf(err))
	w.observe(task.Kind, outcomeOf(err), time.Since(began))
	var later interface{ Later() time.Duration }
	if errors.As(err, &later) {
		return river.JobSnooze(max(later.Later(), 0))
	}
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "job failed and will be tried again",
			"kind", task.Kind, "id", task.ID, "attempt", task.Attempt, "error", err)
	}
	return err
}

// call turns a panic into an error. The value of a panic may hold anything, so
// that only the runtime's own words are kept.
func (w *worker) call(ctx context.Context, task Task) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if words, ok := p.(runtime.Error); ok {
			err = fmt.Errorf("%w: %w", errPanicked, words)
		} else {
			err = fmt.Errorf("%w with a %T", errPanicked, p)
		}
		w.log.ErrorContext(ctx, "handler panicked", "kind", task.Kind, "id", task.ID, "stack", string(debug.Stack()))
	}()
	return w.handle(ctx, task)
}

// postponements is how often the job was put off by Later. River takes those
// off the attempts and counts them apart.
func postponements(job *rivertype.JobRow) int {
	return int(gjson.GetBytes(job.Metadata, "snoozes").Int())
}
