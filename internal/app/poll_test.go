package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/watch"
)

const verification = "/v1/users/user-1/verification"

// counted counts the reads of users' statuses.
type counted struct {
	api.Users
	watch.Reader
	reads, looks, users atomic.Int64
}

func (c *counted) Verification(ctx context.Context, user string) (idv.UserVerification, error) {
	c.reads.Add(1)
	return c.Users.Verification(ctx, user)
}

func (c *counted) Verifications(ctx context.Context, users []string) ([]idv.UserVerification, error) {
	c.looks.Add(1)
	c.users.Add(int64(len(users)))
	return c.Reader.Verifications(ctx, users)
}

// beside serves the world's API once more, with a hub of its own that looks at
// nobody unless it hears of a change, and counts reads.
func (w *world) beside(change ...func(*api.Options)) (*world, *counted) {
	w.t.Helper()
	count := &counted{Users: w.app.store, Reader: w.app.store}
	hub := watch.New(watch.Options{Reader: count, Again: time.Hour, Logger: w.app.log})
	ctx, cancel := context.WithCancel(w.t.Context())
	var both sync.WaitGroup
	heard := make(chan struct{})
	both.Go(func() { hub.Run(ctx) })
	both.Go(func() {
		w.app.store.Listen(ctx, &listener{Hub: hub, listening: sync.OnceFunc(func() { close(heard) })})
	})
	<-heard
	o := w.app.apiOptions()
	o.Users, o.Watch = count, hub
	for _, c := range change {
		c(&o)
	}
	server := httptest.NewServer(api.New(o))
	w.t.Cleanup(func() {
		hub.Close()
		server.Close()
		cancel()
		both.Wait()
	})
	twin := *w
	twin.base, twin.hub = server.URL, hub
	return &twin, count
}

// listener tells when it listens.
type listener struct {
	*watch.Hub
	listening func()
}

func (l *listener) Missed() {
	l.Hub.Missed()
	l.listening()
}

// awaitWaiting waits until so many wait.
func (w *world) awaitWaiting(n int) {
	w.t.Helper()
	eventually(w.t, fmt.Sprint(n, " wait"), func() bool { return w.hub.Waiting() == n })
}

// later makes a call that is not answered at once.
func (w *world) later(path string, header ...string) <-chan answer {
	answered := make(chan answer, 1)
	go func() {
		defer close(answered)
		answered <- w.call("GET", path, nil, header...)
	}()
	return answered
}

func TestConditionalRead(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		nobody := w.user("user-1").header.Get("ETag")
		w.create("user-1", "kora")
		a := w.awaitUser("user-1", "pending")
		etag := a.header.Get("ETag")
		if !strings.HasPrefix(etag, `"`) || len(etag) < 10 || etag == nobody || a.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("ETag %s after %s, %v", etag, nobody, a.header)
		}
		if again := w.user("user-1"); again.header.Get("ETag") != etag || string(again.raw) != string(a.raw) {
			t.Errorf("unchanged, and yet %s %s, %s %s", etag, a.raw, again.header.Get("ETag"), again.raw)
		}
		for header, status := range map[string]int{
			etag:                          304,
			"W/" + etag:                   304,
			"*":                           304,
			`"x", ` + etag:                304,
			`"a,b" , W/"c",` + etag + ",": 304,
			nobody:                        200,
			`"x"`:                         200,
			strings.Trim(etag, `"`):       200, // not as it should be written
			etag[:len(etag)-1]:            200,
			`"x", *`:                      304,
			"":                            200,
		} {
			for _, method := range []string{"GET", "HEAD"} {
				req, err := http.NewRequestWithContext(t.Context(), method, w.base+verification, nil)
				must(t, err)
				req.Header.Set("Authorization", "Bearer "+w.key)
				req.Header.Set("If-None-Match", header)
				res, err := http.DefaultClient.Do(req)
				must(t, err)
				must(t, res.Body.Close())
				if res.StatusCode != status || res.Header.Get("ETag") != etag || res.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s If-None-Match: %s answered %d, %v", method, header, res.StatusCode, res.Header)
				}
			}
		}
		if a := w.call("GET", verification, nil, "If-None-Match", etag).want(t, 304, ""); len(a.raw) > 0 {
			t.Errorf("304 with %q", a.raw)
		}
		w.call("GET", verification+"?wait=60", nil).want(t, 200, "")                          // nothing to wait for
		w.call("GET", verification+"?wait=60", nil, "If-None-Match", nobody).want(t, 200, "") // it has changed already
		w.call("GET", verification+"?wait=0", nil, "If-None-Match", etag).want(t, 304, "")
		w.call("GET", verification+"?wait=1", nil, "If-None-Match", etag).want(t, 304, "")
		for _, bad := range []string{"61", "-1", "+1", "x", "1.5", "", "60s", "99999999999999999999", "1&wait=1"} {
			w.call("GET", verification+"?wait="+bad, nil, "If-None-Match", etag).want(t, 400, "invalid_request")
		}
		w.call("GET", verification+"?weit=1", nil).want(t, 400, "invalid_request")
	})
}

// Waiting costs no query, a change one, and all who wait are told.
func TestLongPollsAreToldOfAChange(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		first := start(t, databaseURL)
		w, count := first.beside()
		const clients = 500
		etag := w.user("user-1").header.Get("ETag")
		var waiting []<-chan answer
		for range clients {
			waiting = append(waiting, w.later(verification+"?wait=60", "If-None-Match", etag))
		}
		w.awaitWaiting(clients)
		eventually(t, "all have read", func() bool { return count.reads.Load() == clients+1 })
		looks := count.looks.Load()
		if other := w.user("user-2"); other.text("status") != "unverified" {
			t.Errorf("another user: %s", other.raw)
		}
		first.create("user-1", "kora")
		for _, answered := range waiting {
			a := (<-answered).want(t, 200, "")
			if a.text("status") != "pending" || a.header.Get("ETag") == etag {
				t.Fatalf("told %s %s", a.header.Get("ETag"), a.raw)
			}
		}
		if n := count.reads.Load(); n != clients+2 {
			t.Errorf("those who waited read %d times", n-clients-2)
		}
		// The session goes from created to pending: the user may change twice.
		if n := count.looks.Load() - looks; n < 1 || n > 3 {
			t.Errorf("one user changed, and was looked at %d times", n)
		}
	})
}

// A status that changes by time alone is told of when it does.
func TestLapseIsTold(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		first := start(t, databaseURL, func(c *config.Config) { c.ValidFor = 3 * time.Second })
		w, _ := first.beside()
		session := first.create("user-1", "kora")
		first.decide(session, "approve")
		for a := w.user("user-1"); a.text("status") != "expired"; {
			a = (<-w.later(verification+"?wait=60", "If-None-Match", a.header.Get("ETag"))).want(t, 200, "")
		}
	})
}

// A change on one replica wakes those who wait at another.
func TestReplicasTellEachOther(t *testing.T) {
	databaseURL := enginetest.Postgres(t)
	one, other := start(t, databaseURL), start(t, databaseURL)
	w, _ := other.beside()
	answered := w.later(verification+"?wait=60", "If-None-Match", w.user("user-1").header.Get("ETag"))
	w.awaitWaiting(1)
	one.create("user-1", "kora")
	if a := (<-answered).want(t, 200, ""); a.text("status") != "pending" {
		t.Errorf("told %s", a.raw)
	}
}

// A change that happens while nobody hears is made up for.
func TestDeafnessLosesNothing(t *testing.T) {
	databaseURL := enginetest.Postgres(t)
	first := start(t, databaseURL)
	w, _ := first.beside()
	for i := range 5 {
		user := fmt.Sprint("deaf-", i)
		path := "/v1/users/" + user + "/verification"
		answered := w.later(path+"?wait=60", "If-None-Match", w.user(user).header.Get("ETag"))
		w.awaitWaiting(1)
		_, err := w.app.store.DB().ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN bonafide_users'")
		must(t, err)
		w.create(user, "kora")
		if a := (<-answered).want(t, 200, ""); a.text("status") != "pending" {
			t.Errorf("told %s", a.raw)
		}
	}
	if !strings.Contains(w.logs.String(), "changes of status are not heard at present") {
		t.Error("nobody was deaf")
	}
}

// No read ever calls a provider.
func TestReadsAskNoProvider(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	w.create("user-1", "kora")
	var calls atomic.Int64
	for _, m := range w.app.accounts.monitors {
		next := m.next
		m.next = roundTrip(func(r *http.Request) (*http.Response, error) {
			calls.Add(1)
			return next.RoundTrip(r)
		})
	}
	etag := w.awaitUser("user-1", "pending").header.Get("ETag")
	w.call("GET", verification+"?wait=1", nil, "If-None-Match", etag).want(t, 304, "")
	w.call("GET", verification+"/stream", nil).want(t, 200, "")
	if n := calls.Load(); n != 0 {
		t.Errorf("%d calls of providers", n)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// There is room for so many; whoever comes then is sent away and may still read.
func TestRoomToWaitIsBounded(t *testing.T) {
	first := start(t, enginetest.SQLite(t))
	hub := watch.New(watch.Options{Reader: first.app.store, Most: 1, Logger: first.app.log})
	defer hub.Close()
	w, _ := first.beside(func(o *api.Options) { o.Watch = hub })
	w.hub = hub
	etag := w.user("user-1").header.Get("ETag")
	answered := w.later(verification+"?wait=60", "If-None-Match", etag)
	w.awaitWaiting(1)
	for _, path := range []string{verification + "?wait=60", verification + "/stream"} {
		if a := w.call("GET", path, nil, "If-None-Match", etag).want(t, 503, "internal"); a.header.Get("Retry-After") == "" {
			t.Errorf("no Retry-After: %v", a.header)
		}
	}
	w.user("user-1")
	hub.Close()
	(<-answered).want(t, 304, "")
	w.awaitWaiting(0)
}

// A credential that ends while its request waits gets no answer any more.
func TestRevokedWhileWaiting(t *testing.T) {
	first := start(t, enginetest.SQLite(t))
	w, _ := first.beside()
	w.key = w.grant([]idv.Scope{idv.ScopeUsersRead}, time.Time{})
	answered := w.later(verification+"?wait=60", "If-None-Match", w.user("user-1").header.Get("ETag"))
	w.awaitWaiting(1)
	keys, err := w.app.store.Keys(t.Context(), idv.Page{})
	must(t, err)
	must(t, w.app.store.RevokeKey(t.Context(), keys[0].ID, "test", time.Now()))
	first.create("user-1", "kora")
	(<-answered).want(t, 401, "unauthorized")
}

// A server that stops does not wait for those who wait.
func TestStoppingEndsWaiting(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	a := *w.app
	a.hub = watch.New(watch.Options{Reader: a.store, Logger: a.log})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, l, a.handler(), parts{api: true}) }()
	w.base, w.hub = "http://"+l.Addr().String(), a.hub
	answered := w.later(verification+"?wait=60", "If-None-Match", w.user("user-1").header.Get("ETag"))
	followed := w.follow("user-1", "")
	w.awaitWaiting(2)
	stop()
	(<-answered).want(t, 304, "")
	followed.wantEnd()
	must(t, <-ended) // or it would be a stop that took too long
}
