package app

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// front stands before the providers of a world: it counts what is created there
// and holds it back until it is released. As a gateway may, it can lose what the
// provider answers.
type front struct {
	*httptest.Server
	creates atomic.Int64
	release chan struct{}
	target  *url.URL
	answer  atomic.Int64 // the status to answer a create with, 0 for the provider's own answer
}

func newFront(t *testing.T) *front {
	f := &front{release: make(chan struct{})}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(f.target) }}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			proxy.ServeHTTP(w, r)
			return
		}
		f.creates.Add(1)
		<-f.release
		status := int(f.answer.Load())
		if status == 0 {
			proxy.ServeHTTP(w, r)
			return
		}
		proxy.ServeHTTP(httptest.NewRecorder(), r)
		w.WriteHeader(status)
	}))
	t.Cleanup(f.Close)
	return f
}

// before has a world reach its providers through the front.
func (f *front) before(c *config.Config) {
	c.ProviderTimeout = 20 * time.Second
	for _, a := range c.Accounts {
		u, err := url.Parse(a.Settings["BASE_URL"])
		if err != nil {
			panic(err)
		}
		f.target = &url.URL{Scheme: u.Scheme, Host: u.Host}
		a.Settings["BASE_URL"] = strings.Replace(a.Settings["BASE_URL"], f.target.String(), f.URL, 1)
	}
}

// replicas starts two processes on one PostgreSQL that share their providers, or
// one where the database is a file.
func replicas(t *testing.T, databaseURL string, f *front) []*world {
	first := start(t, databaseURL, f.before)
	if strings.HasPrefix(databaseURL, "sqlite:") {
		return []*world{first}
	}
	second := start(t, databaseURL, func(c *config.Config) {
		c.Accounts, c.ProviderTimeout = first.app.config.Accounts, first.app.config.ProviderTimeout
	})
	return []*world{first, second}
}

// However many ask at once, on however many replicas, one verification is
// bought, and everybody gets it.
func TestParallelCreates(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		f := newFront(t)
		all := replicas(t, databaseURL, f)
		const callers = 200
		answers := make([]answer, callers)
		var begun atomic.Int64
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				begun.Add(1)
				answers[i] = all[i%len(all)].call("POST", "/v1/sessions", `{"externalUserId":"user-1","provider":"idnorm"}`)
			})
		}
		eventually(t, "all have asked", func() bool { return begun.Load() == callers && f.creates.Load() > 0 })
		close(f.release)
		wg.Wait()
		made := 0
		for _, a := range answers {
			switch {
			case a.status == http.StatusCreated && a.at("reused") == false:
				made++
			case a.status != http.StatusOK || a.at("reused") != true:
				t.Fatalf("answered %d %s", a.status, a.raw)
			}
			if a.text("id") != answers[0].text("id") || a.text("providerSessionId") == "" {
				t.Fatalf("different sessions: %s and %s", answers[0].raw, a.raw)
			}
		}
		sessions, _ := all[0].emulator("GET", "idnorm", "/_sessions", nil)["sessions"].([]any)
		if made != 1 || f.creates.Load() != 1 || len(sessions) != 1 {
			t.Errorf("%d callers were told that theirs is new, the provider was called %d times and sold %d", made, f.creates.Load(), len(sessions))
		}
	})
}

// An idempotency key means the same to every replica, and after a restart.
func TestIdempotencyKeysAcrossReplicasAndRestarts(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		f := newFront(t)
		all := replicas(t, databaseURL, f)
		here, there := all[0], all[len(all)-1]
		const body, other = `{"externalUserId":"user-1","provider":"kora"}`, `{"externalUserId":"user-2","provider":"kora"}`
		first := make(chan answer)
		go func() { first <- here.call("POST", "/v1/sessions", body, "Idempotency-Key", "order 1") }()
		eventually(t, "the provider is asked", func() bool { return f.creates.Load() == 1 })

		running := there.call("POST", "/v1/sessions", body, "Idempotency-Key", "order 1").want(t, 409, "idempotency_in_flight")
		if running.header.Get("Retry-After") == "" {
			t.Error("no word on when to try again")
		}
		there.call("POST", "/v1/sessions", other, "Idempotency-Key", "order 1").want(t, 422, "idempotency_mismatch")
		close(f.release)
		made := (<-first).want(t, 201, "")
		if made.header.Get("Idempotent-Replayed") != "" {
			t.Error("the first answer claims to be a repetition")
		}
		same := func(w *world) {
			t.Helper()
			again := w.call("POST", "/v1/sessions", body, "Idempotency-Key", "order 1").want(t, 201, "")
			if again.withoutToken() != made.withoutToken() || again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Location") != made.header.Get("Location") {
				t.Errorf("first %s\nagain %s %v", made.raw, again.raw, again.header)
			}
			w.call("POST", "/v1/sessions", other, "Idempotency-Key", "order 1").want(t, 422, "idempotency_mismatch")
		}
		same(there)
		same(here)
		here.decide(made, "approve")
		here.awaitUser("user-1", "verified")
		for _, w := range all {
			w.stop()
		}
		same(start(t, databaseURL, f.before))
		if n := f.creates.Load(); n != 1 {
			t.Errorf("the provider was called %d times", n)
		}
	})
}

// A create that failed at a gateway may have been done. Nothing is bought a
// second time for it: it is found, or settled.
func TestGatewayThatLosesTheAnswer(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		f := newFront(t)
		w := start(t, databaseURL, f.before)
		close(f.release)
		f.answer.Store(http.StatusInternalServerError)
		found := w.call("POST", "/v1/sessions", `{"externalUserId":"user-1","provider":"kora"}`, "Idempotency-Key", "k").want(t, 201, "")
		if found.text("status") != "pending" || found.text("providerSessionId") == "" {
			t.Errorf("found %s", found.raw)
		}
		again := w.call("POST", "/v1/sessions", `{"externalUserId":"user-1","provider":"kora"}`, "Idempotency-Key", "k").want(t, 201, "")
		if again.withoutToken() != found.withoutToken() {
			t.Errorf("found %s\nagain %s", found.raw, again.raw)
		}
		f.answer.Store(http.StatusBadGateway)
		for range 2 { // idenfy cannot be asked
			lost := w.call("POST", "/v1/sessions", `{"externalUserId":"user-2","provider":"idenfy"}`, "Idempotency-Key", "l").want(t, 504, "provider_timeout")
			if got := w.session(lost.text("sessionId")); got.text("status") != "created" {
				t.Errorf("session %s", got.raw)
			}
		}
		if n := f.creates.Load(); n != 2 {
			t.Errorf("the provider was called %d times", n)
		}
	})
}
