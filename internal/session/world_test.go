package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/internal/session"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// world is the use cases on a real database, with a provider that does as it is
// told and a clock that stands still.
type world struct {
	*session.Service
	t        *testing.T
	store    *store.Store
	provider *scripted
	clock    *clock
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// scripted is a provider that answers what the test says.
type scripted struct {
	starts   atomic.Int64
	start    func(ctx context.Context, req idv.StartRequest) (idv.Started, error)
	fetch    func(ref idv.Ref) (idv.Update, error)
	canceled []idv.Ref
}

func (p *scripted) Start(ctx context.Context, req idv.StartRequest) (idv.Started, error) {
	p.starts.Add(1)
	if p.start != nil {
		return p.start(ctx, req)
	}
	return idv.Started{Ref: idv.Ref("ref-" + req.SessionID), Status: idv.Pending, Launch: idv.Launch{URL: "https://acme.example/" + req.SessionID}}, nil
}

func (p *scripted) Fetch(_ context.Context, ref idv.Ref) (idv.Update, error) { return p.fetch(ref) }

func (p *scripted) Cancel(_ context.Context, ref idv.Ref) error {
	p.canceled = append(p.canceled, ref)
	return nil
}

// finding is a scripted provider that can be asked for lost creates.
type finding struct {
	*scripted
	found func(req idv.StartRequest) ([]idv.Started, error)
}

func (p *finding) Find(_ context.Context, req idv.StartRequest) ([]idv.Started, error) {
	return p.found(req)
}

const timeout = 10 * time.Second

// each runs a test on both engines.
func each(t *testing.T, run func(t *testing.T, w *world)) {
	enginetest.Each(t, func(t *testing.T, url string) {
		c := &clock{t: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
		p := &scripted{}
		st := open(t, url, c)
		run(t, &world{Service: service(st, c, p), t: t, store: st, provider: p, clock: c})
	})
}

func open(t *testing.T, url string, c *clock) *store.Store {
	t.Helper()
	engine, err := store.Engine(url)
	must(t, err)
	jobs, err := queue.NewInserter(engine)
	must(t, err)
	keyring, err := seal.New([][]byte{[]byte("0123456789abcdef0123456789abcdef")})
	must(t, err)
	st, err := store.Open(t.Context(), store.Options{URL: url, Seal: keyring, Jobs: jobs, ValidFor: 8760 * time.Hour, Now: c.now, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	return st
}

func service(st *store.Store, c *clock, p idv.Provider) *session.Service {
	return session.New(session.Options{
		Store:           st,
		Erasures:        st,
		Providers:       map[string]idv.Provider{"acme": p},
		Routing:         session.Routing{{Provider: "acme"}},
		WebhookURL:      func(provider string) string { return "https://idv.example/v1/webhooks/" + provider },
		ProviderTimeout: timeout,
		NewID:           func() string { return id.New("ses") },
		Now:             c.now,
		Logger:          slog.New(slog.DiscardHandler),
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func request(user string) session.Request {
	return session.Request{ExternalUserID: user, Provider: "acme", ExpiresIn: time.Hour, Answer: render}
}

// keyed is a request with an idempotency key.
func keyed(user, key string) session.Request {
	req := request(user)
	req.Key = &idv.IdempotencyKey{Credential: "key_1", Key: key, Request: []byte("digest of " + user)}
	return req
}

// render stands in for the edge: it tells what it was given.
func render(x idv.Session, o session.Outcome, err error) idv.Answer {
	shown := map[string]any{"id": x.ID, "status": x.State.Status, "outcome": o}
	if err != nil {
		shown["error"] = err.Error()
	}
	body, merr := json.Marshal(shown)
	return idv.Answer{Status: 200 + int(o), Body: append(body, []byte(errText(merr))...)}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (w *world) create(user string) idv.Session {
	w.t.Helper()
	r, err := w.Create(w.t.Context(), request(user))
	must(w.t, err)
	return r.Session
}

func (w *world) session(id string) idv.Session {
	w.t.Helper()
	x, err := w.store.Session(w.t.Context(), id)
	must(w.t, err)
	return x
}

func (w *world) userStatus(user string) idv.UserStatus {
	w.t.Helper()
	v, err := w.store.Verification(w.t.Context(), user)
	must(w.t, err)
	return v.Status
}

// decide has the provider decide.
func (w *world) decide(x idv.Session, outcome idv.Status) idv.Session {
	w.t.Helper()
	x, err := w.store.Apply(w.t.Context(), idv.Change{SessionID: x.ID, Observations: []idv.Observation{{
		Fingerprint: "decision-" + string(outcome) + w.clock.now().String(), Source: idv.SourceWebhook, HeardAt: w.clock.now(), OccurredAt: w.clock.now(), Status: outcome,
	}}})
	must(w.t, err)
	return x
}

func conflict(t *testing.T, err error, kind session.ConflictKind) *session.ConflictError {
	t.Helper()
	var c *session.ConflictError
	if !errors.As(err, &c) || c.Kind != kind {
		t.Fatalf("error %v, want the conflict %s", err, kind)
	}
	return c
}

func faulted(t *testing.T, err error, kind idv.ErrorKind) *session.FaultError {
	t.Helper()
	var f *session.FaultError
	if !errors.As(err, &f) || f.Err.Kind != kind {
		t.Fatalf("error %v, want the fault %s", err, kind)
	}
	return f
}
