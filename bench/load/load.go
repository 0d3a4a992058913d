// Package load makes HTTP requests at little cost and measures how long their
// answers take.
package load

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Load is requests over some connections to one server.
type Load struct {
	Address     string // host:port
	Connections int
	Status      int // of every answer; another one ends the measurement
	// Requests makes the source of the requests of one connection, which is
	// called for each in turn. Its bytes are sent before it is called again.
	Requests func() (Source, error)
}

// Source gives the bytes of request n, which counts from 0 over all connections.
type Source func(n int) []byte

// Result is what was measured.
type Result struct {
	// Rate is how many requests were answered in a second.
	Rate float64
	// Latencies are how long the answers took, shortest first.
	Latencies []time.Duration
	// Answered is how many requests were answered, those included that were so
	// after the end and do not count.
	Answered int
}

// Closed keeps every connection busy for a while: the next request follows the
// answer to the one before.
func (l Load) Closed(ctx context.Context, length time.Duration) (Result, error) {
	var sent atomic.Int64
	r, err := l.run(ctx, func(c *connection, next Source, began time.Time) (latencies []time.Duration, err error) {
		latencies = make([]time.Duration, 0, 1<<14)
		end := began.Add(length)
		for ctx.Err() == nil {
			now := time.Now()
			if !now.Before(end) {
				return latencies, nil
			}
			if err := c.exchange(next(int(sent.Add(1))-1), l.Status); err != nil {
				return nil, err
			}
			if answered := time.Now(); answered.Before(end) {
				latencies = append(latencies, answered.Sub(now))
			}
		}
		return nil, ctx.Err()
	})
	r.Rate = float64(len(r.Latencies)) / length.Seconds()
	r.Answered = int(sent.Load())
	return r, err
}

// Paced sends a number of requests on schedule, request n at began + n × every,
// whether or not those before were answered, as long as a connection is free.
// How long an answer took counts from the time at which its request was due.
func (l Load) Paced(ctx context.Context, began time.Time, every time.Duration, count int) (Result, error) {
	var taken atomic.Int64
	r, err := l.run(ctx, func(c *connection, next Source, _ time.Time) (latencies []time.Duration, err error) {
		for n := int(taken.Add(1)) - 1; n < count; n = int(taken.Add(1)) - 1 {
			due := began.Add(time.Duration(n) * every)
			if err := wait(ctx, due); err != nil {
				return nil, err
			}
			if err := c.exchange(next(n), l.Status); err != nil {
				return nil, err
			}
			latencies = append(latencies, time.Since(due))
		}
		return latencies, nil
	})
	r.Rate = float64(len(r.Latencies)) / time.Since(began).Seconds()
	r.Answered = len(r.Latencies)
	return r, err
}

// run has every connection do its work at once.
func (l Load) run(ctx context.Context, work func(*connection, Source, time.Time) ([]time.Duration, error)) (Result, error) {
	connections, sources := make([]*connection, l.Connections), make([]Source, l.Connections)
	for i := range connections {
		var err error
		if sources[i], err = l.Requests(); err != nil {
			return Result{}, err
		}
		c, err := dial(ctx, l.Address)
		if err != nil {
			return Result{}, err
		}
		defer func() { _ = c.Close() }()
		connections[i] = c
	}
	latencies := make([][]time.Duration, l.Connections)
	failures := make([]error, l.Connections)
	began := time.Now()
	var wg sync.WaitGroup
	for i, c := range connections {
		_ = c.SetDeadline(began.Add(patience))
		wg.Go(func() { latencies[i], failures[i] = work(c, sources[i], began) })
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		return Result{}, err
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	return Result{Latencies: all}, nil
}

func wait(ctx context.Context, until time.Time) error {
	left := time.Until(until)
	if left <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
