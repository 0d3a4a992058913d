package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/bench/load"
)

const (
	// pace is how many webhooks come in a second.
	pace = 500
	// paceConnections is how many connections they come over.
	paceConnections = 32
)

// measureVisible: how long it takes from a webhook to the status that follows
// from it, while webhooks come on schedule, each about a session of its own.
func measureVisible(ctx context.Context, b *bench) error {
	providerURL, stopProvider, err := provider(ctx)
	if err != nil {
		return err
	}
	defer stopProvider()
	bareURL, err := b.database(ctx)
	if err != nil {
		return err
	}
	bare, err := b.bare(ctx, bareURL, providerURL)
	if err != nil {
		return err
	}
	defer bare.stop()
	url, err := b.database(ctx)
	if err != nil {
		return err
	}
	c := &creator{name: "bonafide"}
	if c.key, err = b.apiKey(ctx, url, "sessions:write"); err != nil {
		return err
	}
	if c.server, err = b.serve(ctx, url, providerURL); err != nil {
		return err
	}
	defer c.server.stop()
	watcher, err := newWatcher(ctx, url)
	if err != nil {
		return err
	}
	defer watcher.close()
	count, err := b.sessions(ctx, c)
	if err != nil {
		return err
	}

	f := visibleFigures{}
	for ; f.rounds < b.rounds && f.waiting == 0; f.rounds++ {
		if err := f.round(ctx, bare.address, c.server.address, watcher, f.rounds*count, count); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(b.out, "from a webhook to the user's status at %d webhooks/s, medians of %d rounds of %d\n", pace, f.rounds, count)
	return f.print(newTable(b.out, "", "p50 ms", "p99 ms", "p50 × commit", "still waiting"))
}

// sessions makes those that the webhooks are about, and says for how many
// webhooks a round they are enough.
func (b *bench) sessions(ctx context.Context, c *creator) (count int, err error) {
	for end := time.Now().Add(b.prepare); c.users < b.rounds*b.webhooks && time.Now().Before(end); {
		if _, err := c.create(ctx, 16, b.prepare/8); err != nil {
			return 0, fmt.Errorf("make sessions: %w", err)
		}
	}
	return min(c.users/b.rounds, b.webhooks), nil
}

// visibleFigures are what is measured: how long it took until webhooks were
// stored by the bare server, answered by ours, and visible in the status.
type visibleFigures struct {
	rounds                  int
	stored, answered, shown latencies
	waiting                 int // in the end
}

// round sends webhooks about the users from first on, to the one server and then
// to the other.
func (f *visibleFigures) round(ctx context.Context, bare, ours string, w *watcher, first, count int) error {
	r, err := onSchedule(ctx, bare, time.Now(), first, count)
	if err != nil {
		return fmt.Errorf("bare: %w", err)
	}
	f.stored.add(r.Latencies)
	began := time.Now()
	watched := w.watch(ctx, first, count, began)
	if r, err = onSchedule(ctx, ours, began, first, count); err != nil {
		return fmt.Errorf("bonafide: %w", err)
	}
	f.answered.add(r.Latencies)
	saw := <-watched
	if saw.err != nil {
		return saw.err
	}
	f.shown.add(saw.latencies)
	left, err := w.drain(ctx)
	f.waiting = max(left, count-len(saw.latencies))
	return err
}

func (f *visibleFigures) print(t table) error {
	line := func(name string, l latencies, waiting, verdict string) {
		t.line(name, millis(l.p50()), millis(l.p99()), ratio(float64(l.p50())/float64(f.stored.p50())), waiting, verdict)
	}
	line("commit alone: bare net/http + pgx", f.stored, "", "")
	line("bonafide, webhook answered", f.answered, "", "")
	line("bonafide, status visible", f.shown, fmt.Sprint(f.waiting), verdict(
		below("p50", f.shown.p50(), 5*time.Millisecond), below("p99", f.shown.p99(), 25*time.Millisecond),
		atMost("waiting", float64(f.waiting), 0)))
	return t.flush()
}

// onSchedule sends webhooks about the users from first on.
func onSchedule(ctx context.Context, address string, began time.Time, first, count int) (load.Result, error) {
	l := load.Load{Address: address, Connections: paceConnections, Status: 200, Requests: func() (load.Source, error) {
		w, err := newWebhooks(time.Now())
		return func(n int) []byte { return w.next(first + n) }, err
	}}
	return l.Paced(ctx, began, time.Second/pace, count)
}

// latencies holds the percentiles of each round.
type latencies struct{ p50s, p99s []time.Duration }

func (l *latencies) add(sorted []time.Duration) {
	l.p50s = append(l.p50s, load.Percentile(sorted, 0.5))
	l.p99s = append(l.p99s, load.Percentile(sorted, 0.99))
}

func (l latencies) p50() time.Duration { return median(l.p50s) }
func (l latencies) p99() time.Duration { return median(l.p99s) }
