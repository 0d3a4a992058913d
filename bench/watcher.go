package main

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// watcher sees when the statuses of users change, with one small query a
// millisecond for all of them: asking for each would be the greater load.
type watcher struct {
	db *pgx.Conn
}

func newWatcher(ctx context.Context, url string) (*watcher, error) {
	db, err := pgx.Connect(ctx, url)
	return &watcher{db}, err
}

func (w *watcher) close() { _ = w.db.Close(context.Background()) }

const (
	lookEvery = time.Millisecond
	// lookAt is how many users one query asks about, the longest waiting first.
	lookAt = 500
	// giveUp is how long after the last webhook a status is waited for.
	giveUp = 10 * time.Second
)

// seen is what a watcher saw: how long the statuses that came took.
type seen struct {
	latencies []time.Duration
	err       error
}

// watch waits until users, from first on, are verified. Their webhooks are due
// one after the other from began on.
func (w *watcher) watch(ctx context.Context, first, count int, began time.Time) <-chan seen {
	result := make(chan seen, 1)
	go func() {
		latencies, err := w.look(ctx, first, count, began)
		slices.Sort(latencies)
		result <- seen{latencies, err}
	}()
	return result
}

func (w *watcher) look(ctx context.Context, first, count int, began time.Time) (latencies []time.Duration, err error) {
	due := func(n int) time.Time { return began.Add(time.Duration(n) * time.Second / pace) }
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	waiting, added := map[string]time.Time{}, 0
	var names []string // of those who wait, in order
	for len(latencies) < count && time.Now().Before(due(count).Add(giveUp)) {
		for ; added < count && !time.Now().Before(due(added)); added++ {
			name := userOf(first + added)
			names, waiting[name] = append(names, name), due(added)
		}
		if len(names) > 0 {
			verified, err := w.verified(ctx, names[:min(len(names), lookAt)])
			if err != nil {
				return nil, err
			}
			now := time.Now()
			for _, name := range verified {
				latencies = append(latencies, now.Sub(waiting[name]))
				delete(waiting, name)
			}
			names = slices.DeleteFunc(names, func(name string) bool { _, still := waiting[name]; return !still })
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return latencies, nil
}

func (w *watcher) verified(ctx context.Context, names []string) ([]string, error) {
	rows, err := w.db.Query(ctx, "SELECT external_user_id FROM users WHERE external_user_id = ANY ($1) AND status = 'verified'", names)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// drain waits until nothing is left to do that webhooks brought about, and gives
// what is left after a while all the same.
func (w *watcher) drain(ctx context.Context) (left int, err error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(giveUp); ; {
		err := w.db.QueryRow(ctx, `SELECT (SELECT count(*) FROM river_job WHERE state <> 'completed' AND NOT (state = 'scheduled' AND scheduled_at > now()))
			+ (SELECT count(*) FROM deliveries WHERE state <> 'processed')`).Scan(&left)
		if err != nil || left == 0 || time.Now().After(end) {
			return left, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return left, ctx.Err()
		}
	}
}
