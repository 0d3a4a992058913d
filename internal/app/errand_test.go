package app

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// errands is the queue as the tests of orders need it: jobs are kept as they
// come and worked when the test says so. A job whose transaction was rolled
// back stays, as the work may be repeated at any time anyway.
type errands struct {
	mu       sync.Mutex
	waiting  []idv.Job
	attempts map[idv.Job]int
}

// InsertTx keeps the jobs.
func (e *errands) InsertTx(_ context.Context, _ *sql.Tx, jobs ...idv.Job) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiting = append(e.waiting, jobs...)
	return nil
}

// due takes the jobs of the kinds that are to run until the given time, the
// earliest first.
func (e *errands) due(kinds []idv.JobKind, until time.Time) []idv.Job {
	e.mu.Lock()
	defer e.mu.Unlock()
	var taken []idv.Job
	e.waiting = slices.DeleteFunc(e.waiting, func(j idv.Job) bool {
		mine := slices.Contains(kinds, j.Kind) && !j.RunAt.After(until)
		if mine {
			taken = append(taken, j)
		}
		return mine
	})
	slices.SortStableFunc(taken, func(a, b idv.Job) int { return cmp.Compare(a.RunAt.UnixMilli(), b.RunAt.UnixMilli()) })
	return taken
}

// work works all jobs of the kinds that are due before the given time, and
// those that follow from them, several at once. It waits for those that are due
// later than now.
func (e *errands) work(ctx context.Context, a *App, until time.Time, kinds ...idv.JobKind) error {
	for {
		jobs := e.due(kinds, until)
		if len(jobs) == 0 {
			return nil
		}
		err := atOnce(jobs, func(j idv.Job) error {
			<-time.After(time.Until(j.RunAt))
			again, err := e.run(ctx, a, j)
			if err == nil && again > 0 {
				return e.InsertTx(ctx, nil, idv.Job{Kind: j.Kind, ID: j.ID, RunAt: time.Now().Add(again)})
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

func (e *errands) run(ctx context.Context, a *App, j idv.Job) (again time.Duration, err error) {
	key := idv.Job{Kind: j.Kind, ID: j.ID}
	e.mu.Lock()
	if e.attempts == nil {
		e.attempts = map[idv.Job]int{}
	}
	e.attempts[key]++
	attempt := e.attempts[key]
	e.mu.Unlock()
	switch j.Kind {
	case idv.JobDelivery:
		return a.inbox.Work(ctx, j.ID, attempt)
	case idv.JobFetch:
		return 0, a.sessions.Fetch(ctx, j.ID)
	case idv.JobSettle:
		return a.sessions.Settle(ctx, j.ID)
	case idv.JobExpire:
		return a.sessions.Expire(ctx, j.ID)
	default:
		return 0, fmt.Errorf("a job of the kind %q", j.Kind)
	}
}

// atOnce does something with each of them, several at a time, and gives the
// first error.
func atOnce[T any](list []T, do func(T) error) error {
	next := make(chan T)
	errs := make(chan error, len(list))
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for item := range next {
				if err := do(item); err != nil {
					errs <- err
				}
			}
		})
	}
	for _, item := range list {
		next <- item
	}
	close(next)
	workers.Wait()
	close(errs)
	return <-errs
}
