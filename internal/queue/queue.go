package queue

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Handles are the open database: Pool for PostgreSQL, or else DB for SQLite.
type Handles struct {
	Pool *pgxpool.Pool
	DB   *sql.DB
}

// Options are optional settings.
type Options struct {
	// Logger gets what goes wrong, by ids only. Default: slog.Default().
	Logger *slog.Logger
	// Workers is how many tasks of one kind are worked at once by this process.
	// Default: on PostgreSQL 50 of those that wait for providers, 16 of others;
	// 4 on SQLite.
	Workers int
	// Timeout is how long a handler may take before its context ends.
	// Default: 30 s.
	Timeout time.Duration
	// Observe is told how each try of a job ended. Default: nobody is.
	Observe func(kind idv.JobKind, outcome string, took time.Duration)
	// Trace begins to follow one try of a job; end is told how it ended. Default:
	// nobody follows.
	Trace func(ctx context.Context, task Task) (traced context.Context, end func(outcome string))
}

const (
	// fetchCooldown bounds how often one queue asks for work while it is woken.
	fetchCooldown = 2 * time.Millisecond
	// fetchInterval is how often it asks by itself. It bounds the delay of a
	// short pause, and of a wake-up that was lost.
	fetchInterval = 200 * time.Millisecond
	// completedFor is how long finished jobs stay to be looked at.
	completedFor   = 15 * time.Minute
	defaultTimeout = 30 * time.Second
	// hardStop is how long handlers have to obey once their context has ended.
	hardStop = 5 * time.Second
)

// Queue works jobs.
type Queue struct {
	client  client
	orphans orphans
	started atomic.Bool
}

// client is what both engines' River clients can do.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Stopped() <-chan struct{}
}

// New makes a queue that works each kind of job with its handler. Jobs of other
// kinds are left to other processes.
func New(db Handles, handlers map[idv.JobKind]Handler, options Options) (*Queue, error) {
	if len(handlers) == 0 {
		return nil, errors.New("a queue without handlers")
	}
	log := cmp.Or(options.Logger, slog.Default())
	timeout := cmp.Or(options.Timeout, defaultTimeout)
	observe := options.Observe
	if observe == nil {
		observe = func(idv.JobKind, string, time.Duration) {}
	}
	trace := options.Trace
	if trace == nil {
		trace = func(ctx context.Context, _ Task) (context.Context, func(string)) { return ctx, func(string) {} }
	}

	bundle, queues := river.NewWorkers(), map[string]river.QueueConfig{}
	for kind, handle := range handlers {
		river.AddWorkerArgs(bundle, args{kind: kind}, &worker{handle: handle, log: log, observe: observe, trace: trace})
		queues[queueOf(kind)] = river.QueueConfig{MaxWorkers: cmp.Or(options.Workers, defaultWorkers(db, kind))}
	}
	name := rand.Text()
	config := &river.Config{
		ID:                          name,
		CompletedJobRetentionPeriod: completedFor,
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchInterval,
		JobTimeout:                  timeout,
		Logger:                      slog.New(atLeast{slog.LevelWarn, log.Handler()}),
		Queues:                      queues,
		RescueStuckJobsAfter:        timeout + hardStop,
		RetryPolicy:                 backoff{},
		Workers:                     bundle,
	}
	client, err := newClient(db, config)
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return &Queue{client: client, orphans: newOrphans(db, name, timeout+hardStop, log)}, nil
}

func newClient(db Handles, config *river.Config) (client, error) {
	switch {
	case db.Pool != nil:
		return river.NewClient(workDriver{riverpgxv5.New(db.Pool)}, config)
	case db.DB != nil:
		return river.NewClient(riversqlite.New(db.DB), config)
	default:
		return nil, errors.New("no database")
	}
}

func defaultWorkers(db Handles, kind idv.JobKind) int {
	switch {
	case db.Pool == nil:
		// SQLite writes one at a time; more workers would only wait for each other.
		return 4
	case kind == idv.JobFetch || kind == idv.JobSettle:
		return 50 // most of the time they wait for a provider
	default:
		return 16 // as many as a few cores of a database are busy with
	}
}

// Start begins to work in the background, first of all at what a process that
// died left unfinished. The end of ctx does not end the work: Stop does.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.orphans.start(ctx); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		q.orphans.stop()
		return fmt.Errorf("start the queue: %w", err)
	}
	q.started.Store(true)
	return nil
}

// errNotRunning says that nothing is worked any more, or not yet.
var errNotRunning = errors.New("the queue does not run")

// Running is nil as long as jobs are worked, if there are any: from Start to Stop,
// unless the queue dies in between.
func (q *Queue) Running() error {
	if !q.started.Load() {
		return errNotRunning
	}
	select {
	case <-q.client.Stopped():
		return errNotRunning
	default:
		return nil
	}
}

// Stop takes no more jobs and waits for those at work. When ctx ends first,
// their contexts are ended, and what does not obey soon is left behind, to be
// worked again by whoever comes next.
func (q *Queue) Stop(ctx context.Context) error {
	defer q.orphans.stop()
	err := q.client.Stop(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hardStop)
	defer cancel()
	return q.client.StopAndCancel(ctx)
}
