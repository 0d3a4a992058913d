package trace_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/bonafide-idv/bonafide/internal/logtest"
	"github.com/bonafide-idv/bonafide/internal/trace"
)

// collector takes traces as OTLP over HTTP has it: a POST to /v1/traces with a
// message whose first field is the spans by resource.
type collector struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	odd    []string
	spans  []*otlp.ResourceSpans
}

func newCollector(t testing.TB) *collector {
	t.Helper()
	c := &collector{status: http.StatusOK}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.odd = append(c.odd, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type"))
	}
	var data otlp.TracesData
	if err := proto.Unmarshal(raw, &data); err != nil {
		c.odd = append(c.odd, err.Error())
	}
	if c.status == http.StatusOK {
		c.spans = append(c.spans, data.GetResourceSpans()...)
	}
	w.WriteHeader(c.status)
}

func (c *collector) answer(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// told gives the spans, the last resource, and what was odd.
func (c *collector) told() (spans []*otlp.Span, resource string, odd []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range c.spans {
		resource = ""
		for _, a := range rs.GetResource().GetAttributes() {
			resource += a.GetKey() + "=" + a.GetValue().GetStringValue() + " "
		}
		for _, ss := range rs.GetScopeSpans() {
			spans = append(spans, ss.GetSpans()...)
		}
	}
	return spans, strings.TrimSpace(resource), c.odd
}

func newTracer(url string, sample float64) (*trace.Tracer, *logtest.Journal) {
	j := &logtest.Journal{}
	return trace.New(trace.Options{
		URL: url, Sample: sample, Version: "v1.2.3", Instance: "one", Logger: slog.New(slog.NewTextHandler(j, nil)),
	}), j
}

func request(t *trace.Tracer, parent string) {
	header := http.Header{}
	if parent != "" {
		header.Set("Traceparent", parent)
		header.Set("Tracestate", "vendor=canary")
	}
	_, end := t.Request(context.Background(), header, "GET", "/v1/sessions/{id}", "req_1")
	end(200)
}

// Parents by the W3C's recommendation on trace context: version, trace, span, and
// the flag that the trace is recorded.
const (
	traceID   = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanID    = "00f067aa0ba902b7"
	recorded  = "00-" + traceID + "-" + spanID + "-01"
	discarded = "00-" + traceID + "-" + spanID + "-00"
)

// The environment, which OpenTelemetry's own variables would change, has no part.
func TestTheEnvironmentHasNoPart(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_TRACES_SAMPLER": "always_off", "OTEL_RESOURCE_ATTRIBUTES": "user=canary,service.name=other", "OTEL_SERVICE_NAME": "other",
		"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "0", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "0", "OTEL_BSP_MAX_QUEUE_SIZE": "1",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS": "a=canary",
		"OTEL_SDK_DISABLED": "true", "OTEL_PROPAGATORS": "none",
	} {
		t.Setenv(name, value)
	}
	c := newCollector(t)
	tracer, _ := newTracer(c.URL, 1)
	request(tracer, recorded)
	tracer.Stop(t.Context())
	spans, resource, odd := c.told()
	if len(odd) > 0 || resource != "service.name=bonafide service.version=v1.2.3 service.instance.id=one" {
		t.Errorf("resource %q, odd %v", resource, odd)
	}
	if len(spans) != 1 || spans[0].GetName() != "GET /v1/sessions/{id}" || len(spans[0].GetAttributes()) != 4 ||
		fmt.Sprintf("%x", spans[0].GetTraceId()) != traceID || fmt.Sprintf("%x", spans[0].GetParentSpanId()) != spanID {
		t.Errorf("spans %v", spans)
	}
	if spans[0].GetTraceState() != "" {
		t.Errorf("a caller's own words are told: %s", spans[0].GetTraceState())
	}
}

// What begins here is sampled, and who began elsewhere decides.
func TestSampling(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sample float64
		parent string
		want   int
	}{
		{1, "", 1},
		{0, "", 0},
		{0, recorded, 1},
		{1, discarded, 0},
		{1, "00-" + traceID + "-x-01", 1}, // no parent at all
		{0, "canary", 0},
	} {
		c := newCollector(t)
		tracer, _ := newTracer(c.URL, tt.sample)
		request(tracer, tt.parent)
		tracer.Stop(t.Context())
		if spans, _, odd := c.told(); len(spans) != tt.want || len(odd) > 0 {
			t.Errorf("%v with parent %q: %d spans, want %d; %v", tt.sample, tt.parent, len(spans), tt.want, odd)
		}
	}
}

// A method is any word in a request, and one of few in a span.
func TestOddMethod(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	tracer, _ := newTracer(c.URL, 1)
	_, end := tracer.Request(t.Context(), nil, "CANARY", "other", "req_1")
	end(405)
	tracer.Stop(t.Context())
	spans, _, _ := c.told()
	if len(spans) != 1 || spans[0].GetName() != "HTTP other" || strings.Contains(strings.ToLower(spans[0].String()), "canary") {
		t.Errorf("spans %v", spans)
	}
}

// A collector that is away is spoken of once, and once more when it is back; what
// happened meanwhile is lost.
func TestCollectorGoesAway(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	tracer, log := newTracer(c.URL, 1)
	c.answer(http.StatusServiceUnavailable)
	logged := func(words string) func() bool {
		return func() bool {
			request(tracer, "")
			return strings.Contains(log.String(), words)
		}
	}
	eventually(t, "it is logged", logged("does not take them"))
	// Two more rounds fail without a word.
	for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(50 * time.Millisecond) {
		request(tracer, "")
	}
	c.answer(http.StatusOK)
	eventually(t, "it is back", logged("takes traces again"))
	tracer.Stop(t.Context())
	if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "503") || strings.Contains(log.String(), c.URL) {
		t.Errorf("%d lines:\n%s", n, log)
	}
}

// A collector that hangs holds up nobody: neither who is traced, nor who stops.
func TestCollectorHangs(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	defer hangs.Close()
	defer close(released)
	tracer, _ := newTracer(hangs.URL, 1)
	began := time.Now()
	for range 100_000 { // many more than may wait
		request(tracer, "")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("who is traced waited %v", took)
	}
	began = time.Now()
	tracer.Stop(t.Context())
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("who stops waited %v", took)
	}
}

// Nothing is to be stopped where nothing is traced.
func TestNoTracer(t *testing.T) {
	t.Parallel()
	var none *trace.Tracer
	none.Stop(t.Context())
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

// Whatever calls itself a parent, only what the recommendation allows is taken for
// one.
func FuzzParent(f *testing.F) {
	for _, seed := range []string{recorded, discarded, "", "00", "ff-" + traceID + "-" + spanID + "-01", "01-" + traceID + "-" + spanID + "-01-x", recorded + "-"} {
		f.Add(seed)
	}
	allowed := regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}`)
	c := newCollector(f)
	tracer, _ := newTracer(c.URL, 0) // so that only parents decide
	f.Fuzz(func(t *testing.T, value string) {
		traced, end := tracer.Request(context.Background(), http.Header{"Traceparent": {value}}, "GET", "/healthz", "req_1")
		end(200)
		if taken := trace.IDOf(traced); taken != "" && (!allowed.MatchString(value) || value[3:35] != taken) {
			t.Errorf("%q gave the trace %s", value, taken)
		}
	})
}
