package queue_test

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// patience is how long a test waits for what should happen soon.
const patience = 30 * time.Second

// kit is a database with the means to put jobs into it.
type kit struct {
	t        testing.TB
	handles  queue.Handles
	db       *sql.DB
	inserter *queue.Inserter
}

// each runs a test on each engine, beside other tests: most of them wait.
func each(t *testing.T, run func(t *testing.T, k *kit)) {
	t.Helper()
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, url string) { run(t, open(t, url)) })
}

func open(t testing.TB, url string) *kit {
	t.Helper()
	engine, err := store.Engine(url)
	if err != nil {
		t.Fatal(err)
	}
	inserter, err := queue.NewInserter(engine)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &kit{t: t, handles: queue.Handles{Pool: s.Pool(), DB: s.DB()}, db: s.DB(), inserter: inserter}
}

// insert keeps jobs in a transaction that is committed, or rolled back.
func (k *kit) insert(commit bool, jobs ...idv.Job) {
	k.t.Helper()
	tx, err := k.db.BeginTx(context.Background(), nil)
	if err != nil {
		k.t.Fatal(err)
	}
	if err := k.inserter.InsertTx(context.Background(), tx, jobs...); err != nil {
		k.t.Fatal(err)
	}
	end := tx.Rollback
	if commit {
		end = tx.Commit
	}
	if err := end(); err != nil {
		k.t.Fatal(err)
	}
}

// work starts a queue that stops with the test.
func (k *kit) work(handlers map[idv.JobKind]queue.Handler, options queue.Options) *queue.Queue {
	k.t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	q, err := queue.New(k.handles, handlers, options)
	if err != nil {
		k.t.Fatal(err)
	}
	if err := q.Start(context.Background()); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		if err := stop(q); err != nil {
			k.t.Errorf("Stop: %v", err)
		}
	})
	return q
}

func stop(q *queue.Queue) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return q.Stop(ctx)
}

// log is what handlers were given, in order.
type log struct {
	mu    sync.Mutex
	tasks []queue.Task
	times []time.Time
	more  chan struct{}
}

func newLog() *log { return &log{more: make(chan struct{}, 10_000)} }

func (l *log) add(task queue.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks = append(l.tasks, task)
	l.times = append(l.times, time.Now())
	l.more <- struct{}{}
}

// wait waits until n tasks were given and gives all of them.
func (l *log) wait(t testing.TB, n int) []queue.Task {
	t.Helper()
	timeout := time.After(patience)
	for {
		l.mu.Lock()
		tasks := append([]queue.Task(nil), l.tasks...)
		l.mu.Unlock()
		if len(tasks) >= n {
			return tasks
		}
		select {
		case <-l.more:
		case <-timeout:
			t.Fatalf("%d tasks were given, not %d: %v", len(tasks), n, tasks)
		}
	}
}
