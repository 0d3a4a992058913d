package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/bench/load"
)

// creator is one server that makes sessions.
type creator struct {
	name   string
	ours   bool
	server *process
	key    string // its API key
	users  int    // how many it has so far

	p50, p99     []time.Duration
	rates        []float64
	transactions []float64 // that one create takes
}

// measureCreate: what a create takes here, with a provider that answers at once.
func measureCreate(ctx context.Context, b *bench) error {
	providerURL, stopProvider, err := provider(ctx)
	if err != nil {
		return err
	}
	defer stopProvider()
	ours, theirs := &creator{name: "bonafide", ours: true}, &creator{name: "bare net/http + pgx"}

	bareURL, err := b.database(ctx)
	if err != nil {
		return err
	}
	if theirs.server, err = b.bare(ctx, bareURL, providerURL); err != nil {
		return err
	}
	defer theirs.server.stop()
	url, err := b.database(ctx)
	if err != nil {
		return err
	}
	if ours.key, err = b.apiKey(ctx, url, "sessions:write"); err != nil {
		return err
	}
	if ours.server, err = b.serve(ctx, url, providerURL, "--only=api"); err != nil {
		return err
	}
	defer ours.server.stop()

	_, _ = fmt.Fprintf(b.out, "creating sessions at a provider that answers at once, medians of %d rounds of %v\n", b.rounds, b.round)
	t := newTable(b.out, "at once", "", "creates/s", "p50 ms", "p99 ms", "p50 × bare", "transactions")
	for _, atOnce := range b.atOnce {
		if err := b.compareCreates(ctx, t, atOnce, theirs, ours); err != nil {
			return err
		}
	}
	return t.flush()
}

// compareCreates has the creators take turns. The first one is the baseline.
func (b *bench) compareCreates(ctx context.Context, t table, atOnce int, creators ...*creator) error {
	for _, c := range creators {
		c.p50, c.p99, c.rates, c.transactions = nil, nil, nil, nil
		if _, err := c.create(ctx, atOnce, b.warmUp); err != nil { // warms it up
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range b.rounds {
		for _, c := range creators {
			if err := b.measureCreator(ctx, c, atOnce); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	for _, c := range creators {
		transactions, p99 := median(c.transactions), median(c.p99)
		var goals []goal
		if c.ours {
			// A transaction in passing, such as that of a vacuum, is not the create's.
			goals = append(goals, below("p99", p99, 30*time.Millisecond), atMost("transactions", float64(int(transactions*10))/10, 2))
		}
		t.line(strconv.Itoa(atOnce), c.name, count(median(c.rates)), millis(median(c.p50)), millis(p99),
			ratio(float64(median(c.p50))/float64(median(creators[0].p50))), ratio(transactions), verdict(goals...))
	}
	return nil
}

func (b *bench) measureCreator(ctx context.Context, c *creator, atOnce int) error {
	before, err := b.transactions(ctx)
	if err != nil {
		return err
	}
	r, err := c.create(ctx, atOnce, b.round)
	if err != nil {
		return err
	}
	after, err := b.transactions(ctx)
	if err != nil {
		return err
	}
	c.rates = append(c.rates, r.Rate)
	c.p50 = append(c.p50, load.Percentile(r.Latencies, 0.5))
	c.p99 = append(c.p99, load.Percentile(r.Latencies, 0.99))
	c.transactions = append(c.transactions, float64(after-before)/float64(r.Answered))
	return nil
}

// create makes sessions for users who are new, for a while.
func (c *creator) create(ctx context.Context, atOnce int, length time.Duration) (load.Result, error) {
	first := c.users
	l := load.Load{Address: c.server.address, Connections: atOnce, Status: 201, Requests: func() (load.Source, error) {
		return func(n int) []byte { return creation(first+n, c.key) }, nil
	}}
	r, err := l.Closed(ctx, length)
	c.users += r.Answered
	return r, err
}

// creation is the request for the session of user n.
func creation(n int, key string) []byte {
	body := fmt.Sprintf(`{"externalUserId":%q,"provider":"kora","callbackUrl":"https://app.example.com/done","metadata":{"plan":"gold"}}`, userOf(n))
	return fmt.Appendf(nil, "POST /v1/sessions HTTP/1.1\r\nHost: id.example.com\r\nAuthorization: Bearer %s\r\n"+
		"Idempotency-Key: key-%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", key, n, len(body), body)
}

// apiKey makes a key with the scopes, which commas separate.
func (b *bench) apiKey(ctx context.Context, databaseURL, scopes string) (string, error) {
	said, err := b.command(ctx, databaseURL, "keys", "create", "--name=bench", "--scopes="+scopes).Output()
	if err != nil {
		return "", fmt.Errorf("make an API key: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	return lines[len(lines)-1], nil
}
