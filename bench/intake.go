package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/bonafide-idv/bonafide/bench/load"
)

// contender is one way to take in webhooks.
type contender struct {
	name string
	// share of the limit, and latency, that it is to reach; 0 if nothing is asked
	// of it.
	share float64
	worst time.Duration
	run   func(ctx context.Context, connections int, length time.Duration) (load.Result, error)
}

// measureIntake: how many webhooks a second are taken in, each durable before
// it is answered, as a share of what pgbench writes of the same rows.
func measureIntake(ctx context.Context, b *bench) error {
	contenders, stop, err := b.contenders(ctx)
	defer stop()
	if err != nil {
		return err
	}
	for _, c := range contenders[1:] {
		if _, err := c.run(ctx, b.connections[0], b.warmUp); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	version, err := b.version(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(b.out, "taking in webhooks of %d bytes, PostgreSQL %s, medians of %d rounds of %v\n", bodySize, version, b.rounds, b.round)
	t := newTable(b.out, "connections", "", "webhooks/s", "× limit", "p50 ms", "p99 ms")
	for _, connections := range b.connections {
		if err := b.compare(ctx, t, contenders, connections); err != nil {
			return err
		}
	}
	return t.flush()
}

// compare has the contenders take turns. The first one is the limit.
func (b *bench) compare(ctx context.Context, t table, contenders []contender, connections int) error {
	rates, shares := make([][]float64, len(contenders)), make([][]float64, len(contenders))
	p50, p99 := make([][]time.Duration, len(contenders)), make([][]time.Duration, len(contenders))
	for range b.rounds {
		limit := 0.0
		for i, c := range contenders {
			r, err := c.run(ctx, connections, b.round)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if i == 0 {
				limit = r.Rate
			}
			rates[i], shares[i] = append(rates[i], r.Rate), append(shares[i], r.Rate/limit)
			p50[i] = append(p50[i], load.Percentile(r.Latencies, 0.5))
			p99[i] = append(p99[i], load.Percentile(r.Latencies, 0.99))
		}
	}
	for i, c := range contenders {
		cells := []string{strconv.Itoa(connections), c.name, count(median(rates[i])), ratio(median(shares[i])), "", ""}
		if i > 0 {
			cells[4], cells[5] = millis(median(p50[i])), millis(median(p99[i]))
		}
		var goals []goal
		if c.share > 0 {
			goals = append(goals, atLeast("× limit", median(shares[i]), c.share))
		}
		if c.worst > 0 {
			goals = append(goals, below("p99", median(p99[i]), c.worst))
		}
		t.line(append(cells, verdict(goals...))...)
	}
	return nil
}

// contenders starts everybody, each with a database of its own.
func (b *bench) contenders(ctx context.Context) (list []contender, stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	limit, err := b.database(ctx)
	if err != nil {
		return nil, stop, err
	}
	list = append(list, contender{name: "limit: pgbench, both rows in one statement", run: func(ctx context.Context, connections int, _ time.Duration) (load.Result, error) {
		rate, err := b.pgbench(ctx, limit, limitScript, connections)
		return load.Result{Rate: rate}, err
	}})
	add := func(c contender, p *process) {
		stops = append(stops, p.stop)
		c.run = func(ctx context.Context, connections int, length time.Duration) (load.Result, error) {
			return intakeLoad(p.address, connections).Closed(ctx, length)
		}
		list = append(list, c)
	}

	bareURL, err := b.database(ctx)
	if err != nil {
		return nil, stop, err
	}
	p, err := b.bare(ctx, bareURL, "")
	if err != nil {
		return nil, stop, err
	}
	add(contender{name: "bare net/http + pgx"}, p)

	postgresURL, err := b.database(ctx)
	if err != nil {
		return nil, stop, err
	}
	if p, err = b.serve(ctx, postgresURL, nobody, "--only=api"); err != nil {
		return nil, stop, err
	}
	add(contender{name: "bonafide on PostgreSQL", share: 0.9, worst: 20 * time.Millisecond}, p)

	if p, err = b.serve(ctx, "sqlite:"+filepath.Join(b.folder, "intake.db"), nobody, "--only=api", "--migrate"); err != nil {
		return nil, stop, err
	}
	add(contender{name: "bonafide on SQLite", share: 0.6}, p)
	return list, stop, nil
}

// nobody is the address of a provider that is not called.
const nobody = "http://127.0.0.1:9"

func intakeLoad(address string, connections int) load.Load {
	return load.Load{Address: address, Connections: connections, Status: 200, Requests: func() (load.Source, error) {
		w, err := newWebhooks(time.Now())
		if err != nil {
			return nil, err
		}
		return w.next, nil
	}}
}
