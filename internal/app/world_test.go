package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/docs"
	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/logtest"
	"github.com/bonafide-idv/bonafide/internal/openapi"
	"github.com/bonafide-idv/bonafide/internal/watch"
)

// world is a whole bonafide: the real router, a real database, workers, and the
// emulators of all providers over HTTP.
type world struct {
	t    *testing.T
	app  *App
	base string
	hub  *watch.Hub // of whoever serves base
	key  string
	logs *logtest.Journal
	stop func()
	// settings are those that the emulators accept and sign with.
	settings map[string]idv.Settings
	calls    *calls
}

const bootstrapKey = "bootstrap-key-for-tests-0123456789"

// testConfig is a configuration on the database.
func testConfig(databaseURL string) config.Config {
	return config.Config{
		DatabaseURL:     databaseURL,
		BootstrapAPIKey: bootstrapKey,
		EncryptionKeys:  [][]byte{[]byte("0123456789abcdef0123456789abcdef")},
		ValidFor:        8760 * time.Hour,
		ProviderTimeout: 2 * time.Second,
		Sandbox:         true, // the providers are emulators
	}
}

// start starts a world on the database; change may change its configuration.
func start(t *testing.T, databaseURL string, change ...func(*config.Config)) *world {
	t.Helper()
	w := &world{t: t, key: bootstrapKey, logs: &logtest.Journal{}}
	log := slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg := testConfig(databaseURL)

	server := httptest.NewUnstartedServer(nil)
	w.base = "http://" + server.Listener.Addr().String()
	emulators := startEmulators(w.base+emulatorPath, func(name string) string { return w.base + "/v1/webhooks/" + name }, nil, log)
	cfg.Accounts, w.settings = emulators.accounts(), emulators.settings
	for _, c := range change {
		c(&cfg)
	}
	metrics := newMetrics(cfg, "test", log)
	accounts, err := openAccounts(cfg, metrics)
	must(t, err)
	st, err := openStoreOn(t.Context(), cfg, accounts.schedule(cfg), log)
	must(t, err)
	w.app, err = newApp(cfg, st, accounts, w.base, metrics, log)
	must(t, err)
	tracer := newTracer(cfg, "test", log)
	w.app.follow(tracer)
	w.hub = w.app.hub
	w.calls = &calls{next: emulators.beside(w.app.handler()), of: map[string]int{}}
	server.Config.Handler = w.calls
	server.Start()
	stopWatching, stopKeys := w.app.startWatching(t.Context()), w.app.startKeys(t.Context())
	q, err := w.app.startWorkers(t.Context())
	must(t, err)

	w.stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		emulators.Close()
		w.app.hub.Close()
		server.Close()
		stopWatching()
		stopKeys()
		if err := q.Stop(ctx); err != nil {
			t.Errorf("stop the workers: %v", err)
		}
		tracer.Stop(ctx)
		if err := st.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var checker = sync.OnceValues(func() (*openapi.Checker, error) { return openapi.NewChecker(docs.OpenAPI()) })

// answer is what the API answered.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// call calls the API with the world's key. body is nothing, raw bytes as a
// string, or a value to send as JSON. header are pairs of name and value; an
// empty Authorization sends none. Every reply is held against the API document.
func (w *world) call(method, path string, body any, header ...string) answer {
	w.t.Helper()
	a, err := w.try(method, path, body, header...)
	must(w.t, err)
	return a
}

// try is call for goroutines that must not end the test.
func (w *world) try(method, path string, body any, header ...string) (answer, error) {
	w.t.Helper()
	var sent io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		sent = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		sent = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, sent)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+w.key)
	if sent != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			req.Header.Del(header[i])
			continue
		}
		req.Header[http.CanonicalHeaderKey(header[i])] = []string{header[i+1]}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.Header.Get("Content-Type") == "text/event-stream" {
		w.checkReply(method, path, res, nil) // it has no end
		return answer{status: res.StatusCode, header: res.Header}, nil
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	w.checkReply(method, path, res, raw)
	a := answer{status: res.StatusCode, header: res.Header, raw: raw}
	if len(raw) > 0 && !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			return a, fmt.Errorf("%s %s answered what is not a JSON object: %s", method, path, raw)
		}
	}
	return a, nil
}

func (w *world) checkReply(method, path string, res *http.Response, raw []byte) {
	w.t.Helper()
	if res.Header.Get("X-Request-Id") == "" {
		w.t.Errorf("%s %s: no X-Request-Id", method, path)
	}
	if res.StatusCode >= 400 && res.Header.Get("Content-Type") != "application/problem+json" {
		w.t.Errorf("%s %s: %d is not a problem: %s", method, path, res.StatusCode, raw)
	}
	c, err := checker()
	if err != nil {
		w.t.Errorf("the API document: %v", err)
		return
	}
	route, _, _ := strings.Cut(path, "?")
	if err := c.Check(method, route, res, raw); err != nil {
		w.t.Errorf("%s %s answered %d, which the document does not allow: %v\n%s", method, path, res.StatusCode, err, raw)
	}
}

// want fails unless the answer has the status, and the code if it is a problem.
func (a answer) want(t *testing.T, status int, code string) answer {
	t.Helper()
	if a.status != status || code != "" && a.text("code") != code {
		t.Fatalf("answered %d %s, want %d %s", a.status, a.raw, status, code)
	}
	return a
}

// at gives the value at a path of members such as "decision.outcome".
func (a answer) at(path string) any {
	var v any = a.body
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (a answer) text(path string) string {
	s, _ := a.at(path).(string)
	return s
}

func (a answer) list(path string) []map[string]any {
	var list []map[string]any
	items, _ := a.at(path).([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		list = append(list, m)
	}
	return list
}

// eventually asks until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute) // for machines that are busy
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// forUser asks for a session, with what the pickiest provider needs.
func forUser(user, provider string) map[string]any {
	return map[string]any{"externalUserId": user, "provider": provider, "user": map[string]string{"email": "amara@example.com"}}
}

// create creates a session and fails unless it is new.
func (w *world) create(user, provider string) answer {
	w.t.Helper()
	return w.call("POST", "/v1/sessions", forUser(user, provider)).want(w.t, 201, "")
}

func (w *world) session(id string) answer {
	w.t.Helper()
	return w.call("GET", "/v1/sessions/"+id, nil).want(w.t, 200, "")
}

func (w *world) user(id string) answer {
	w.t.Helper()
	return w.call("GET", "/v1/users/"+id+"/verification", nil).want(w.t, 200, "")
}

func (w *world) awaitUser(id, status string) answer {
	w.t.Helper()
	var a answer
	eventually(w.t, "user "+id+" is "+status, func() bool { a = w.user(id); return a.text("status") == status })
	return a
}

// emulator calls the control door of a provider's emulator.
func (w *world) emulator(method, provider, path string, body any) map[string]any {
	w.t.Helper()
	raw, err := json.Marshal(body)
	must(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+emulatorPath+"/"+provider+path, bytes.NewReader(raw))
	must(w.t, err)
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer func() { _ = res.Body.Close() }()
	var out map[string]any
	if res.StatusCode == http.StatusNoContent {
		return nil
	}
	must(w.t, json.NewDecoder(res.Body).Decode(&out))
	if res.StatusCode >= http.StatusMultipleChoices {
		w.t.Fatalf("emulator %s %s: %d %v", method, path, res.StatusCode, out)
	}
	return out
}

// decide has a person decide at the provider.
func (w *world) decide(session answer, outcome string) {
	w.t.Helper()
	w.emulator("POST", session.text("provider"), "/_sessions/"+session.text("providerSessionId")+"/decide", map[string]string{"outcome": outcome})
}
