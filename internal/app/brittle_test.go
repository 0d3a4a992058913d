package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// brittle is a bonafide with the real router, use cases, adapter and database,
// whose connections break on command. Nothing happens in the background: jobs
// are worked by hand, as the queue would, and time stands still until it is told
// to pass. So the statements come in the same order every time.
type brittle struct {
	t       *testing.T
	app     *App
	api     http.Handler
	breaker *enginetest.Breaker
	plain   *store.Store // the same database, past the breaker
	kora    *standIn
	config  config.Config
	// twice has each job worked twice, as when a process dies after it did a job
	// and before it said so.
	twice bool

	mu     sync.Mutex
	at     time.Time
	later  map[int64]time.Time // when jobs that were put off are due
	worked map[int64]int
}

func newBrittle(t *testing.T, databaseURL string) *brittle {
	t.Helper()
	// River on SQLite wakes nobody twice within a millisecond.
	w := &brittle{t: t, breaker: &enginetest.Breaker{Spared: "river_notification"}, config: testConfig(databaseURL)}
	w.kora = newStandIn(t, w.now)
	w.kora.calls = func(ref string) { w.deliver(w.kora.decide(ref, "processing")) }
	w.config.Accounts = []config.Account{w.kora.account()}
	log := slog.New(slog.DiscardHandler)
	metrics := newMetrics(w.config, "test", log)
	accounts, err := openAccounts(w.config, metrics)
	must(t, err)
	w.plain = w.open(nil)
	w.app, err = newApp(w.config, w.open(w.breaker), accounts, "http://bonafide.example", metrics, log)
	must(t, err)
	w.app.sessions.Now, w.app.inbox.Now = w.now, w.now
	w.api = w.app.handler()
	return w
}

func (w *brittle) open(b *enginetest.Breaker) *store.Store {
	w.t.Helper()
	engine, err := store.Engine(w.config.DatabaseURL)
	must(w.t, err)
	jobs, err := queue.NewInserter(engine)
	must(w.t, err)
	ring, err := seal.New(w.config.EncryptionKeys)
	must(w.t, err)
	o := store.Options{URL: w.config.DatabaseURL, Seal: ring, Jobs: jobs, ValidFor: w.config.ValidFor, Now: w.now, Logger: slog.New(slog.DiscardHandler)}
	if b != nil {
		o.Wrap = b.Wrap
	}
	st, err := store.Open(w.t.Context(), o)
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, st.Close()) })
	return st
}

func (w *brittle) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *brittle) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// call calls the API once.
func (w *brittle) call(method, path, body string, header ...string) answer {
	w.t.Helper()
	req := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+bootstrapKey)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, req)
	a := answer{status: rec.Code, header: rec.Header(), raw: rec.Body.Bytes()}
	must(w.t, json.Unmarshal(a.raw, &a.body))
	return a
}

// patience is how often somebody repeats a call that failed before it is held
// that it never succeeds.
const patience = 40

// ask has a client repeat its request, with the same key and the same bytes,
// until it is answered for good. A create whose session came to nothing is not
// repeated any more.
func (w *brittle) ask(method, path, body, key string) answer {
	w.t.Helper()
	for range patience {
		a := w.call(method, path, body, "Idempotency-Key", key)
		again := a.status >= http.StatusInternalServerError || a.status == http.StatusConflict
		if id := a.text("sessionId"); again && id != "" {
			again = w.look("/v1/sessions/"+id).text("status") != "failed"
		}
		if !again {
			return a
		}
		w.pass(20 * time.Second)
		w.work()
	}
	w.t.Fatalf("%s %s is never answered", method, path)
	return answer{}
}

// look reads something that is there, however often it takes.
func (w *brittle) look(path string) answer {
	w.t.Helper()
	for range patience {
		if a := w.call("GET", path, ""); a.status == http.StatusOK {
			return a
		}
	}
	w.t.Fatalf("%s is never answered", path)
	return answer{}
}

// deliver has the provider repeat a webhook until it is taken.
func (w *brittle) deliver(body string) {
	w.t.Helper()
	mac := hmac.New(sha256.New, []byte(w.config.Accounts[0].Settings["WEBHOOK_SECRET"]))
	mac.Write([]byte(body))
	for range patience {
		if a := w.call("POST", "/v1/webhooks/kora", body, "X-Kora-Signature", hex.EncodeToString(mac.Sum(nil))); a.status == http.StatusOK {
			return
		}
		w.pass(time.Second)
	}
	w.t.Fatal("a webhook is never taken")
}

// work works the jobs that are due, and those that they make, in their order.
func (w *brittle) work() {
	w.t.Helper()
	for {
		id, task, ok := w.due()
		if !ok {
			return
		}
		if w.worked[id]++; w.worked[id] > patience {
			w.t.Fatalf("%s is never done", task.Kind)
		}
		task.Attempt = w.worked[id]
		handle := w.app.handlers()[task.Kind]
		err := handle(w.t.Context(), task)
		if w.twice && err == nil {
			err = handle(w.t.Context(), task)
		}
		var later interface{ Later() time.Duration }
		switch {
		case err == nil:
			_, err := w.plain.DB().ExecContext(w.t.Context(), "DELETE FROM river_job WHERE id = $1", id)
			must(w.t, err)
		case errors.As(err, &later):
			w.later[id] = w.now().Add(later.Later())
		default:
			w.later[id] = w.now().Add(time.Second)
			w.pass(time.Second)
		}
	}
}

// due gives the job that has been due for longest.
func (w *brittle) due() (id int64, task queue.Task, ok bool) {
	w.t.Helper()
	rows, err := w.plain.DB().QueryContext(w.t.Context(), "SELECT id, kind, args->>'id', state, scheduled_at FROM river_job ORDER BY id")
	must(w.t, err)
	defer func() { _ = rows.Close() }()
	first := w.now()
	for rows.Next() {
		var one queue.Task
		var n int64
		var state string
		var at time.Time
		must(w.t, rows.Scan(&n, &one.Kind, &one.ID, &state, &at))
		if state == "available" {
			at = time.Time{} // by the database's clock
		}
		if put, off := w.later[n]; off {
			at = put
		}
		if at.Before(first) || !ok && !at.After(first) {
			first, id, task, ok = at, n, one, true
		}
	}
	must(w.t, rows.Err())
	return id, task, ok
}

// one asks the database for one value.
func one[T any](w *brittle, query string, args ...any) (v T) {
	w.t.Helper()
	if err := w.plain.DB().QueryRowContext(context.WithoutCancel(w.t.Context()), query, args...).Scan(&v); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return v
}
