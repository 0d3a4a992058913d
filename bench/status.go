package main

import (
	"bufio"
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/bonafide-idv/bonafide/bench/load"
)

// statusScript is the least that reading a user's status asks of the database.
//
//go:embed status.sql
var statusScript []byte

// statusReader is one way to read statuses.
type statusReader struct {
	name string
	run  func(ctx context.Context, connections int) (load.Result, error)
	// share of the limit that it is to reach, and of the reader before; 0 if
	// nothing is asked of it.
	share, ofBefore float64

	rates, shares, before []float64
	latencies             []load.Result
}

// measureStatus: how many statuses a second are read with an API key, as a share
// of what pgbench reads of the same rows, with few users and with many.
func measureStatus(ctx context.Context, b *bench) error {
	readers, stop, err := b.statusReaders(ctx)
	defer stop()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(b.out, "reading statuses with an API key, of %d users and of %d, medians of %d rounds of %v\n", b.users[0], b.users[1], b.rounds, b.round)
	t := newTable(b.out, "connections", "", "reads/s", "× limit", "× line above", "p50 ms", "p99 ms")
	for _, connections := range b.connections {
		if err := b.compareReaders(ctx, t, connections, readers); err != nil {
			return err
		}
	}
	return t.flush()
}

// compareReaders has the readers take turns. The first one is the limit.
func (b *bench) compareReaders(ctx context.Context, t table, connections int, readers []*statusReader) error {
	for _, r := range readers {
		r.rates, r.shares, r.before, r.latencies = nil, nil, nil, nil
	}
	for range b.rounds {
		limit, before := 0.0, 0.0
		for _, r := range readers {
			result, err := r.run(ctx, connections)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			if limit == 0 {
				limit, before = result.Rate, result.Rate
			}
			r.rates = append(r.rates, result.Rate)
			r.shares, r.before = append(r.shares, result.Rate/limit), append(r.before, result.Rate/before)
			r.latencies = append(r.latencies, result)
			before = result.Rate
		}
	}
	for i, r := range readers {
		cells := []string{strconv.Itoa(connections), r.name, count(median(r.rates)), ratio(median(r.shares)), ratio(median(r.before)), "", ""}
		if i > 0 {
			cells[5], cells[6] = millis(r.percentile(0.5)), millis(r.percentile(0.99))
		}
		var goals []goal
		if r.share > 0 {
			goals = append(goals, atLeast("× limit", median(r.shares), r.share))
		}
		if r.ofBefore > 0 {
			goals = append(goals, atLeast("× line above", median(r.before), r.ofBefore))
		}
		t.line(append(cells, verdict(goals...))...)
	}
	return nil
}

// statusReaders starts everybody on databases with users.
func (b *bench) statusReaders(ctx context.Context) (list []*statusReader, stop func(), err error) {
	var servers []*process
	stop = func() {
		for _, p := range servers {
			p.stop()
		}
	}
	for i, users := range b.users {
		url, err := b.database(ctx)
		if err != nil {
			return nil, stop, err
		}
		if err := b.populate(ctx, url, users); err != nil {
			return nil, stop, err
		}
		if i == 0 {
			list = append(list, &statusReader{name: "limit: pgbench, one row by its key", run: func(ctx context.Context, connections int) (load.Result, error) {
				rate, err := b.pgbench(ctx, url, statusScript, connections, "--define=users="+strconv.Itoa(users))
				return load.Result{Rate: rate}, err
			}})
		}
		key, err := b.apiKey(ctx, url, "users:read")
		if err != nil {
			return nil, stop, err
		}
		p, err := b.serve(ctx, url, nobody, "--only=api")
		if err != nil {
			return nil, stop, err
		}
		servers = append(servers, p)
		r := &statusReader{name: fmt.Sprintf("bonafide, %d users", users), share: 0.8, run: b.reads(p, 200, func() (load.Source, error) {
			return func(n int) []byte { return statusRequest(spread(n, users), key, "") }, nil
		})}
		if i > 0 {
			r.ofBefore = 0.8
		}
		list = append(list, r)
		if i < len(b.users)-1 {
			continue
		}
		known, err := knownStatuses(ctx, p.address, key, users)
		if err != nil {
			return nil, stop, err
		}
		list = append(list, &statusReader{name: "bonafide, known already: 304", ofBefore: 1, run: b.reads(p, 304, func() (load.Source, error) {
			return func(n int) []byte { return known[n%len(known)] }, nil
		})})
	}
	return list, stop, nil
}

func (b *bench) reads(p *process, status int, requests func() (load.Source, error)) func(ctx context.Context, connections int) (load.Result, error) {
	return func(ctx context.Context, connections int) (load.Result, error) {
		return load.Load{Address: p.address, Connections: connections, Status: status, Requests: requests}.Closed(ctx, b.round)
	}
}

// populate writes verified users into a database.
func (b *bench) populate(ctx context.Context, databaseURL string, users int) error {
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		"INSERT INTO users (external_user_id, status, session_id, provider, open_session_id, reasons, verified_at, expires_at, changes_at, version, updated_at) " +
			"SELECT 'user_' || lpad(n::text, " + strconv.Itoa(refDigits) + ", '0'), 'verified', 'ses_' || lpad(n::text, 26, '0'), 'kora', NULL, '[]', " +
			"now(), now() + interval '1 year', now() + interval '1 year', 3, now() FROM generate_series(0, " + strconv.Itoa(users-1) + ") AS n",
		"VACUUM (ANALYZE) users",
		"CHECKPOINT",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("write users: %w", err)
		}
	}
	return nil
}

// spread walks over the users in leaps, so that neighbours do not follow each
// other.
func spread(n, users int) int { return int(uint64(n) * 2654435761 % uint64(users)) }

func statusRequest(n int, key, etag string) []byte {
	condition := ""
	if etag != "" {
		condition = "If-None-Match: " + etag + "\r\n"
	}
	return []byte("GET /v1/users/" + userOf(n) + "/verification HTTP/1.1\r\nHost: id.example.com\r\nAuthorization: Bearer " + key + "\r\n" + condition + "\r\n")
}

// knownStatuses are requests whose answer is known already.
func knownStatuses(ctx context.Context, address, key string, users int) ([][]byte, error) {
	c, err := newClient(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var requests [][]byte
	for n := range 1000 {
		user := spread(n, users)
		etag, err := c.etag(user, key)
		if err != nil {
			return nil, err
		}
		requests = append(requests, statusRequest(user, key, etag))
	}
	return requests, nil
}

// etag asks what a user's status is called.
func (c *client) etag(user int, key string) (string, error) {
	if _, err := c.Write(statusRequest(user, key, "")); err != nil {
		return "", err
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || res.Header.Get("ETag") == "" {
		return "", fmt.Errorf("a status was answered with %s and the ETag %q", res.Status, res.Header.Get("ETag"))
	}
	return res.Header.Get("ETag"), nil
}

// percentile is the median of the rounds' ones.
func (r *statusReader) percentile(p float64) time.Duration {
	var rounds []time.Duration
	for _, result := range r.latencies {
		rounds = append(rounds, load.Percentile(result.Latencies, p))
	}
	return median(rounds)
}
