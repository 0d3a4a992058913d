package queue

import (
	"context"
	"log/slog"
	"time"
)

// A process that dies leaves the jobs it was at marked as running. River gives
// them to others when they have run for too long, which is a long time to wait
// for a webhook. So that it takes seconds, each process shows that it lives, and
// jobs of processes that do not are made available again, as are those that
// nobody can be at any more. A job that was at work after all is worked twice,
// which handlers allow.
type orphans interface {
	// start shows that this process lives and adopts the jobs of the dead.
	start(ctx context.Context) error
	// stop ends what start began.
	stop()
}

// newOrphans makes them for the process of that name. longest is how long a job
// may take.
func newOrphans(db Handles, name string, longest time.Duration, log *slog.Logger) orphans {
	if db.Pool != nil {
		return &postgresOrphans{pool: db.Pool, name: name, longest: longest, log: log, end: func() {}}
	}
	return &sqliteOrphans{db: db.DB, longest: longest, log: log, end: func() {}}
}

// lookEvery is how often what was left behind is looked for.
const lookEvery = 5 * time.Second

// keepLooking looks now and again until it is ended.
func keepLooking(ctx context.Context, log *slog.Logger, look func(ctx context.Context) error) (end func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := look(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "jobs that were left behind are not looked for at present", "error", err)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// adopted tells how many jobs were left behind, if any.
func adopted(ctx context.Context, log *slog.Logger, jobs int64) {
	if jobs > 0 {
		log.InfoContext(ctx, "jobs that were left behind are worked again", "jobs", jobs)
	}
}
