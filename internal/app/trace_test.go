package app

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// collector takes traces by OTLP over HTTP.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	raw   [][]byte
	spans []*otlp.Span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var data otlp.TracesData
	_ = proto.Unmarshal(raw, &data)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, raw)
	for _, resource := range data.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

// told gives what came so far.
func (c *collector) told() (spans []*otlp.Span, raw []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans), bytes.Join(c.raw, []byte{'\n'})
}

// find gives the first span that has the name, and of whose attributes these are
// some, such as "bonafide.outcome=ok".
func find(spans []*otlp.Span, name string, attributes ...string) *otlp.Span {
	for _, s := range spans {
		has := func(want string) bool { return slices.Contains(attributesOf(s), want) }
		if s.GetName() == name && !slices.ContainsFunc(attributes, func(want string) bool { return !has(want) }) {
			return s
		}
	}
	return nil
}

func attributesOf(s *otlp.Span) (list []string) {
	for _, a := range s.GetAttributes() {
		value := a.GetValue().GetStringValue()
		if value == "" {
			value = fmt.Sprint(a.GetValue().GetIntValue())
		}
		list = append(list, a.GetKey()+"="+value)
	}
	return list
}

// overheard keeps whether any header of a request names a trace.
type overheard struct {
	next http.RoundTripper
	mu   sync.Mutex
	told []string
}

func (o *overheard) RoundTrip(r *http.Request) (*http.Response, error) {
	o.hear(r.Header)
	return o.next.RoundTrip(r)
}

func (o *overheard) hear(header http.Header) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name := range header {
		if strings.Contains(strings.ToLower(name), "trace") || strings.EqualFold(name, "baggage") {
			o.told = append(o.told, name)
		}
	}
}

// The walk of a session is told from the door to the client's endpoint, and tells
// nobody who it is about.
func TestTraceOfAWalk(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		c := newCollector(t)
		w := start(t, databaseURL, onLoopback, func(cfg *config.Config) { cfg.TracesURL, cfg.TracesSample = c.URL, 1 })
		outward := &overheard{next: w.app.accounts.monitors["kora"].next}
		w.app.accounts.monitors["kora"].next = outward
		backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { outward.hear(r.Header) }))
		t.Cleanup(backend.Close)
		endpoint := w.call("POST", "/v1/endpoints", map[string]any{"url": backend.URL + "/canary"}).want(t, 201, "").text("id")

		const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
		session := w.call("POST", "/v1/sessions", map[string]any{
			"externalUserId": "canary-user", "provider": "kora", "metadata": map[string]string{"name": "canary-metadata"},
			"user": map[string]string{"firstName": "Canary", "email": "canary@example.com"}, "callbackUrl": "https://canary.example/back?canary=1",
		}, "Traceparent", "00-"+parent+"-00f067aa0ba902b7-01", "Tracestate", "canary=canary", "Baggage", "user=canary", "User-Agent", "canary").want(t, 201, "")
		w.koraSends(w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now())).want(t, 200, "")
		w.awaitUser("canary-user", "verified")
		odd, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.base+"/v1/canary?canary=canary", nil)
		must(t, err)
		odd.Header.Set("X-Forwarded-For", "192.0.2.77")
		res, err := http.DefaultClient.Do(odd)
		must(t, err)
		must(t, res.Body.Close())
		w.call("GET", "/v1/users/canary-user/verification", nil, "Traceparent", "00-"+strings.Repeat("d", 32)+"-00f067aa0ba902b7-00").want(t, 200, "")
		w.call("POST", "/v1/webhooks/canary", `{"canary":1}`, "Authorization", "").want(t, 404, "not_found")

		want := map[string][]string{
			"POST /v1/sessions":            {"http.request.method=POST", "http.route=/v1/sessions", "http.response.status_code=201", "bonafide.request_id=" + session.header.Get("X-Request-Id")},
			"POST kora":                    {"bonafide.provider=kora", "bonafide.outcome=ok"},
			"POST /v1/webhooks/{provider}": {"http.response.status_code=200"},
			"job delivery":                 {"bonafide.job_kind=delivery", "bonafide.outcome=ok", "bonafide.subject_id=" + w.deliveries("")[0]["id"].(string)},
			"webhook kora":                 {"bonafide.provider=kora", "bonafide.outcome=processed"},
			"job fetch":                    {"bonafide.outcome=ok", "bonafide.subject_id=" + session.text("id")},
			"GET kora":                     {"bonafide.outcome=ok"},
			"send event":                   {"bonafide.endpoint_id=" + endpoint, "bonafide.outcome=delivered"},
			"GET other":                    {"http.route=other", "http.response.status_code=404"},
			"GET /v1/users/{externalUserId}/verification": {"http.response.status_code=200"},
		}
		var spans []*otlp.Span
		eventually(t, "the walk is told", func() bool {
			spans, _ = c.told()
			for name, attributes := range want {
				if find(spans, name, attributes...) == nil {
					return false
				}
			}
			return true
		})
		w.stop() // and all that is left is told
		spans, raw := c.told()
		for name, attributes := range want {
			if find(spans, name, attributes...) == nil {
				t.Errorf("no span %s with %v", name, attributes)
			}
		}
		if t.Failed() {
			return
		}
		for child, of := range map[string]string{"POST kora": "POST /v1/sessions", "webhook kora": "job delivery", "GET kora": "job fetch"} {
			a, b := find(spans, child, want[child]...), find(spans, of, want[of]...)
			if !bytes.Equal(a.GetParentSpanId(), b.GetSpanId()) || !bytes.Equal(a.GetTraceId(), b.GetTraceId()) {
				t.Errorf("%s is no part of %s", child, of)
			}
		}
		if id := fmt.Sprintf("%x", find(spans, "POST /v1/sessions", want["POST /v1/sessions"]...).GetTraceId()); id != parent {
			t.Errorf("the caller's trace is not continued: %s", id)
		}
		if bytes.Contains(raw, bytes.Repeat([]byte{0xdd}, 16)) {
			t.Error("what the caller does not record is told")
		}
		for _, secret := range []string{"canary", "192.0.2.77", "127.0.0.1", "http:", "https:", bootstrapKey} {
			if bytes.Contains(bytes.ToLower(raw), []byte(secret)) {
				t.Errorf("%q is told", secret)
			}
		}
		known := []string{
			"http.request.method", "http.route", "http.response.status_code", "bonafide.request_id", "bonafide.provider", "bonafide.outcome",
			"bonafide.job_kind", "bonafide.subject_id", "bonafide.delivery_id", "bonafide.endpoint_id", "bonafide.event_id",
		}
		keys := map[string]bool{}
		for _, s := range spans {
			for _, a := range s.GetAttributes() {
				keys[a.GetKey()] = true
			}
			if len(s.GetEvents()) > 0 || s.GetStatus().GetMessage() != "" {
				t.Errorf("%s has words of its own: %v", s.GetName(), s)
			}
		}
		if got := slices.Sorted(maps.Keys(keys)); !slices.Equal(got, slices.Sorted(slices.Values(known))) {
			t.Errorf("attributes %v", got)
		}
		if len(outward.told) > 0 {
			t.Errorf("others are told of the trace: %v", outward.told)
		}
	})
}

// Trouble is told by one word.
func TestTraceOfTrouble(t *testing.T) {
	c := newCollector(t)
	w := start(t, enginetest.SQLite(t), func(cfg *config.Config) { cfg.TracesURL, cfg.TracesSample = c.URL, 1 })
	w.emulator("PUT", "kora", "/_faults", map[string]any{"api": map[string]any{"status": 500, "times": 1}})
	w.call("POST", "/v1/sessions", forUser("user-1", "kora")).want(t, 503, "provider_unavailable")
	w.stop()
	spans, _ := c.told()
	for name, attributes := range map[string]string{"POST /v1/sessions": "http.response.status_code=503", "POST kora": "bonafide.outcome=5xx"} {
		s := find(spans, name, attributes)
		if s == nil || s.GetStatus().GetCode() != otlp.Status_STATUS_CODE_ERROR {
			t.Errorf("%s with %s: %v", name, attributes, s)
		}
	}
}

// Nothing is traced that was not asked for, whatever the environment says.
func TestNothingIsTraced(t *testing.T) {
	c := newCollector(t)
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		t.Setenv(name, c.URL)
	}
	t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
	w := start(t, enginetest.SQLite(t))
	w.create("user-1", "kora")
	o := w.app.apiOptions()
	if o.Trace != nil || w.app.traceJob() != nil || w.app.inbox.Trace != nil || w.app.outbox.Trace != nil || w.app.accounts.monitors["kora"].trace != nil {
		t.Error("somebody follows")
	}
	w.stop()
	if spans, raw := c.told(); len(spans) > 0 || len(raw) > 0 {
		t.Errorf("%d spans", len(spans))
	}
}

// A collector that hangs holds up no request, no job and no stop.
func TestCollectorThatHangs(t *testing.T) {
	released := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	defer hangs.Close()
	defer close(released)
	w := start(t, enginetest.SQLite(t), func(cfg *config.Config) { cfg.TracesURL, cfg.TracesSample = hangs.URL, 1 })
	ref := w.create("user-1", "kora").text("providerSessionId")
	w.koraSends(w.koraSays(ref, "verification.verified", "verified", time.Now())).want(t, 200, "")
	w.awaitUser("user-1", "verified")
	began := time.Now()
	w.stop()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it stopped after %v", took)
	}
}
