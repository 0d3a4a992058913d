package outbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/logtest"
	"github.com/bonafide-idv/bonafide/internal/outbox"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// desk is an outbox on a real database, with a clock that only moves when it is
// told to.
type desk struct {
	t     testing.TB
	store *store.Store
	*outbox.Outbox
	logs *logtest.Journal
	mu   sync.Mutex
	at   time.Time
}

func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// each runs a test on a fresh database of each engine, with an outbox that is not
// started yet.
func each(t *testing.T, run func(t *testing.T, d *desk)) {
	t.Helper()
	enginetest.Each(t, func(t *testing.T, url string) { run(t, open(t, url)) })
}

func open(t testing.TB, url string, change ...func(*outbox.Options)) *desk {
	t.Helper()
	engine, err := store.Engine(url)
	must(t, err)
	jobs, err := queue.NewInserter(engine)
	must(t, err)
	ring, err := seal.New([][]byte{bytes.Repeat([]byte{7}, 32)})
	must(t, err)
	d := &desk{t: t, at: time.Now(), logs: &logtest.Journal{}}
	d.store, err = store.Open(t.Context(), store.Options{URL: url, Seal: ring, Jobs: jobs, Now: d.now})
	must(t, err)
	t.Cleanup(func() { must(t, d.store.Close()) })
	d.Outbox = d.another(change...)
	return d
}

// another is an outbox of another process on the same database.
func (d *desk) another(change ...func(*outbox.Options)) *outbox.Outbox {
	o := outbox.Options{
		Store: d.store, Endpoints: d.store, NewID: id.New, Now: d.now, Allow: loopback(), Poll: 2 * time.Millisecond,
		Render: func(e idv.Event) ([]byte, error) {
			return json.Marshal(map[string]string{"id": e.ID, "of": e.ExternalUserID})
		},
		Logger: slog.New(slog.NewJSONHandler(d.logs, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	return outbox.New(o)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

// run starts an outbox until the test ends.
func (d *desk) run(outboxes ...*outbox.Outbox) {
	for _, o := range append(outboxes, d.Outbox) {
		o.Start(d.t.Context())
		d.t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := o.Stop(ctx); err != nil {
				d.t.Errorf("Stop: %v", err)
			}
		})
	}
}

// endpoint makes an endpoint at an address.
func (d *desk) endpoint(url string, types ...string) idv.Endpoint {
	d.t.Helper()
	e, err := d.Create(d.t.Context(), idv.Endpoint{URL: url, Types: types})
	must(d.t, err)
	return e
}

// create has a session created, which announces session.created and user.pending.
func (d *desk) create(user string) idv.Session {
	d.t.Helper()
	now := d.now()
	claim, err := d.store.CreateSession(d.t.Context(), idv.NewSession{Session: idv.Session{
		ID: id.New(id.Session), ExternalUserID: user, Provider: "kora", CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(72 * time.Hour),
	}})
	must(d.t, err)
	return claim.Session
}

// approve has the provider approve, which announces session.approved and
// user.verified.
func (d *desk) approve(s idv.Session) {
	d.t.Helper()
	_, err := d.store.Apply(d.t.Context(), idv.Change{SessionID: s.ID, Observations: []idv.Observation{{
		Fingerprint: id.New(id.Event), Source: idv.SourceWebhook, HeardAt: d.now(), OccurredAt: d.now(), Status: idv.Approved,
	}}})
	must(d.t, err)
}

// feed is everything that was announced.
func (d *desk) feed() []idv.Event {
	d.t.Helper()
	events, err := d.store.Events(d.t.Context(), idv.EventFilter{})
	must(d.t, err)
	return events
}

// messages is everything on its way to an endpoint, the newest first.
func (d *desk) messages(e idv.Endpoint) []idv.Message {
	d.t.Helper()
	list, err := d.store.Messages(d.t.Context(), idv.MessageFilter{EndpointID: e.ID})
	must(d.t, err)
	return list
}

// delivered lists what the endpoint took.
func (d *desk) delivered(e idv.Endpoint) []idv.Message {
	d.t.Helper()
	list, err := d.store.Messages(d.t.Context(), idv.MessageFilter{EndpointID: e.ID, State: idv.MessageDelivered})
	must(d.t, err)
	return list
}

// settled waits until nothing waits for the endpoint, and gives its messages.
func (d *desk) settled(e idv.Endpoint, n int) (list []idv.Message) {
	d.t.Helper()
	eventually(d.t, "all messages are settled", func() bool {
		list = d.messages(e)
		for _, m := range list {
			if m.State == idv.MessagePending {
				return false
			}
		}
		return len(list) == n
	})
	return list
}

func (d *desk) read(e idv.Endpoint) idv.Endpoint {
	d.t.Helper()
	e, err := d.store.Endpoint(d.t.Context(), e.ID)
	must(d.t, err)
	return e
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// call is one request that a receiver got.
type call struct {
	id     string
	header http.Header
	body   []byte
	Type   string
	Data   struct{ ID, Of string }
}

// receiver is a client's endpoint.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []call
	answer func(w http.ResponseWriter, r *http.Request)
}

// receive opens a receiver that takes everything.
func receive(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	got := call{id: req.Header.Get("webhook-id"), header: req.Header.Clone(), body: body}
	_ = json.Unmarshal(body, &got)
	r.mu.Lock()
	r.calls = append(r.calls, got)
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(w, req)
	}
}

// answers has the receiver answer like this from now on; nil for taking everything.
func (r *receiver) answers(answer func(w http.ResponseWriter, r *http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func (r *receiver) got() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call(nil), r.calls...)
}

// await waits for so many calls.
func (r *receiver) await(t testing.TB, n int) []call {
	t.Helper()
	eventually(t, "the receiver was called", func() bool { return len(r.got()) >= n })
	return r.got()
}

// verified reports whether the specification's own library takes the call for
// genuine.
func verified(t testing.TB, secret string, c call) bool {
	t.Helper()
	library, err := webhooks.NewWebhook(secret)
	must(t, err)
	return library.VerifyIgnoringTimestamp(c.body, c.header) == nil
}
