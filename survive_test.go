package main_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/pgserver"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// The tests of this file take away what a server stands on, at any moment, and
// hold it to what it had acknowledged.

// crowd is how many users come at a time.
const crowd = 8

// However often one of two replicas is killed while the other serves, what was
// acknowledged ends in its session, once.
func TestKilledReplicasLoseNothing(t *testing.T) {
	t.Parallel()
	databaseURL, provider := enginetest.Postgres(t), newAcme(t)
	a, b := newServer(t, databaseURL, provider), newServer(t, databaseURL, provider)
	a.serve()
	b.serve()
	tr := begin(t, provider, crowd, a, b)
	killAtRandom(5*time.Second, a, b)
	tr.end()
	tr.check()
}

// The same holds for the one process that has a file.
func TestKilledServerLosesNothing(t *testing.T) {
	t.Parallel()
	provider := newAcme(t)
	s := newServer(t, enginetest.SQLite(t), provider)
	s.serve()
	tr := begin(t, provider, crowd, s)
	killAtRandom(5*time.Second, s)
	tr.end()
	tr.check()
}

// Processes that only work may be killed too, and nobody who calls notices.
func TestKilledWorkersLoseNothing(t *testing.T) {
	t.Parallel()
	databaseURL, provider := enginetest.Postgres(t), newAcme(t)
	front := newServer(t, databaseURL, provider, "--only=api")
	front.serve()
	workers := []*server{newServer(t, databaseURL, provider, "--only=workers"), newServer(t, databaseURL, provider, "--only=workers")}
	for _, w := range workers {
		w.run()
	}
	tr := begin(t, provider, crowd, front)
	tr.odd = func(r reply) { t.Errorf("a webhook was answered %d %s", r.status, r.body) }
	for began := time.Now(); time.Since(began) < 5*time.Second; {
		time.Sleep(rand.N(600 * time.Millisecond))
		victim := workers[rand.IntN(len(workers))]
		victim.kill()
		victim.run()
	}
	tr.end()
	tr.check()
}

// killAtRandom kills servers, one at a time, and starts them again.
func killAtRandom(d time.Duration, servers ...*server) {
	for began := time.Now(); time.Since(began) < d; {
		time.Sleep(rand.N(600 * time.Millisecond))
		victim := servers[rand.IntN(len(servers))]
		victim.kill()
		victim.serve()
	}
}

// outage is how long the database goes away.
const outage = 10 * time.Second

// A database that crashes and comes back loses nobody anything that was
// acknowledged, and nobody has to start bonafide again.
func TestPostgresGoesAway(t *testing.T) {
	t.Parallel()
	database, err := pgserver.Start(pgserver.Options{Durable: true})
	must(t, err)
	t.Cleanup(func() { must(t, database.Close()) })
	if _, said, code := run(t, []string{"BONAFIDE_DATABASE_URL=" + database.URL}, "migrate"); code != 0 {
		t.Fatalf("migrate: %s", said)
	}
	provider := newAcme(t)
	a, b := newServer(t, database.URL, provider), newServer(t, database.URL, provider)
	a.serve()
	b.serve()
	tr := begin(t, provider, crowd, a, b)
	tr.odd = comeBack(t)
	time.Sleep(2 * time.Second)

	must(t, database.Stop())
	for _, s := range tr.servers {
		eventually(t, "it is not ready", func() bool { return s.ready() == http.StatusServiceUnavailable })
	}
	time.Sleep(outage)
	must(t, database.Restart())
	back := time.Now()
	for _, s := range tr.servers {
		eventually(t, "it is ready again", func() bool { return s.ready() == http.StatusOK })
	}
	t.Logf("ready %v after the database was back", time.Since(back))
	tr.resumes(back)
	tr.end()
	tr.check()
	for _, s := range tr.servers {
		if !s.alive() {
			t.Errorf("%s ended", s.address)
		}
	}
}

// A file that somebody else writes to for as long is the same to SQLite.
func TestSQLiteIsLocked(t *testing.T) {
	t.Parallel()
	databaseURL, provider := enginetest.SQLite(t), newAcme(t)
	s := newServer(t, databaseURL, provider)
	s.serve()
	tr := begin(t, provider, crowd, s)
	tr.odd = comeBack(t)
	time.Sleep(2 * time.Second)

	other, err := store.Open(t.Context(), store.Options{URL: databaseURL})
	must(t, err)
	tx, err := other.DB().BeginTx(t.Context(), nil) // which locks the file at once
	must(t, err)
	time.Sleep(outage)
	must(t, tx.Rollback())
	back := time.Now()
	must(t, other.Close())
	tr.resumes(back)
	tr.end()
	tr.check()
	if !s.alive() {
		t.Error("the server ended")
	}
}

// comeBack holds each refusal of a webhook to saying when to come back.
func comeBack(t *testing.T) func(reply) {
	return func(r reply) {
		if r.status != http.StatusServiceUnavailable || r.retryAfter == "" {
			t.Errorf("a webhook was answered %d with Retry-After %q: %s", r.status, r.retryAfter, r.body)
		}
	}
}

// resumed is how soon after the database is back everything that was
// acknowledged by then has been worked.
const resumed = 30 * time.Second

// resumes waits until what was acknowledged before a moment has been worked.
func (tr *traffic) resumes(back time.Time) {
	tr.t.Helper()
	eventually(tr.t, "all that was kept by then is worked", func() bool {
		waiting := get[pageOf[struct{ ReceivedAt time.Time }]](tr.t, tr.servers[0], "/v1/webhook-deliveries?state=received&limit=200")
		return !slices.ContainsFunc(waiting.Data, func(d struct{ ReceivedAt time.Time }) bool { return d.ReceivedAt.Before(back) })
	})
	took := time.Since(back)
	tr.t.Logf("all that was acknowledged before was worked %v after the database was back", took)
	if took > resumed {
		tr.t.Errorf("it took longer than %v", resumed)
	}
}

// A server that is told to stop finishes what it took, under load, in time.
func TestStopLosesNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range []func(testing.TB) string{enginetest.Postgres, enginetest.SQLite} {
		databaseURL, provider := engine(t), newAcme(t)
		s := newServer(t, databaseURL, provider)
		s.serve()
		tr := begin(t, provider, crowd, s)
		for range 2 {
			time.Sleep(time.Second)
			code, took := s.stop()
			t.Logf("stopped within %v", took)
			if code != 0 || took > 20*time.Second {
				t.Errorf("exit code %d after %v: %s", code, took, tail(s.log))
			}
			nothingHalfDone(t, databaseURL)
			s.serve()
		}
		tr.end()
		tr.check()
	}
}

// nothingHalfDone looks into the database that nobody uses.
func nothingHalfDone(t *testing.T, databaseURL string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: databaseURL})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	for what, query := range map[string]string{
		"jobs that are still at work": "SELECT count(*) FROM river_job WHERE state = 'running'",
		"creates without an answer":   "SELECT count(*) FROM sessions WHERE status = 'created'",
	} {
		var n int
		must(t, s.DB().QueryRowContext(t.Context(), query).Scan(&n))
		if n > 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}
