package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/logtest"
)

// numbers are the values of series such as name{label="value"}.
type numbers map[string]float64

// scrape reads the numbers at an address, as Prometheus does.
func scrape(t *testing.T, address, key string) numbers {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	must(t, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain; version=") {
		t.Fatalf("%s answered %s %q: %s", address, res.Status, res.Header.Get("Content-Type"), raw)
	}
	n := numbers{}
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
			continue
		}
		cut := strings.LastIndexByte(line, ' ')
		n[line[:cut]], err = strconv.ParseFloat(line[cut+1:], 64)
		must(t, err)
	}
	return n
}

func (w *world) scrape() numbers {
	w.t.Helper()
	return scrape(w.t, w.base+"/metrics", w.key)
}

// awaitNumbers scrapes until all of the numbers are as wanted.
func (w *world) awaitNumbers(want numbers) {
	w.t.Helper()
	var last numbers
	defer func() {
		for series, value := range want {
			if got, there := last[series]; !there || got != value {
				w.t.Errorf("%s is %v (there: %v), want %v", series, got, there, value)
			}
		}
	}()
	eventually(w.t, "the numbers are as wanted", func() bool {
		last = w.scrape()
		for series, value := range want {
			if got, there := last[series]; !there || got != value {
				return false
			}
		}
		return true
	})
}

// What happens is counted, from the door to the provider.
func TestMetricsTellWhatHappens(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		w.awaitNumbers(numbers{
			`bonafide_webhooks_total{outcome="new",provider="kora"}`:              0,
			`bonafide_webhooks_total{outcome="busy",provider="veriff"}`:           0,
			`bonafide_deliveries{provider="kora",state="received"}`:               0,
			`bonafide_delivery_oldest_received_seconds{provider="kora"}`:          0,
			`bonafide_job_oldest_due_seconds{kind="delivery"}`:                    0,
			`bonafide_source_up{source="deliveries"}`:                             1,
			`bonafide_source_up{source="jobs"}`:                                   1,
			`bonafide_source_up{source="reconcile"}`:                              1,
			`bonafide_reconcile_due_sessions{provider="kora"}`:                    0,
			`bonafide_reconcile_questions_total{outcome="moved",provider="kora"}`: 0,
			`bonafide_delivery_visible_after_seconds_count{provider="kora"}`:      0,
		})

		ref := w.create("user-1", "kora").text("providerSessionId")
		verified := w.koraSays(ref, "verification.verified", "verified", time.Now())
		for range 3 {
			w.koraSends(verified).want(t, 200, "")
		}
		w.koraSends(`{"not JSON`).want(t, 200, "")
		w.koraSends(w.koraSays("ver_unknown", "verification.verified", "verified", time.Now())).want(t, 200, "")
		for range 2 {
			w.call("POST", "/v1/webhooks/kora", verified, "Authorization", "", "X-Kora-Signature", strings.Repeat("0", 64)).want(t, 401, "forged")
		}
		w.call("POST", "/v1/webhooks/kora", strings.Repeat("x", 1<<20+1), "Authorization", "").want(t, 413, "too_large")
		w.call("POST", "/v1/webhooks/nobody", verified, "Authorization", "").want(t, 404, "not_found")
		w.awaitUser("user-1", "verified")
		w.awaitNumbers(numbers{
			`bonafide_webhooks_total{outcome="new",provider="kora"}`:                                 3,
			`bonafide_webhooks_total{outcome="repeated",provider="kora"}`:                            2,
			`bonafide_webhooks_total{outcome="forged",provider="kora"}`:                              2,
			`bonafide_webhooks_total{outcome="refused",provider="kora"}`:                             1,
			`bonafide_webhooks_total{outcome="refused",provider="unknown"}`:                          1,
			`bonafide_webhook_acknowledge_duration_seconds_count{provider="kora"}`:                   5,
			`bonafide_deliveries_worked_total{provider="kora",state="processed"}`:                    1,
			`bonafide_deliveries_worked_total{provider="kora",state="parked"}`:                       1,
			`bonafide_delivery_visible_after_seconds_count{provider="kora"}`:                         1,
			`bonafide_deliveries{provider="kora",state="received"}`:                                  0,
			`bonafide_deliveries{provider="kora",state="parked"}`:                                    1,
			`bonafide_deliveries{provider="kora",state="unmatched"}`:                                 1,
			`bonafide_deliveries{provider="veriff",state="unmatched"}`:                               0,
			`bonafide_jobs_worked_total{kind="fetch",outcome="ok"}`:                                  1,
			`bonafide_provider_calls_total{method="POST",outcome="ok",provider="kora"}`:              1,
			`bonafide_provider_calls_total{method="GET",outcome="ok",provider="kora"}`:               1,
			`bonafide_provider_call_duration_seconds_count{method="GET",provider="kora"}`:            1,
			`bonafide_http_requests_total{code="201",method="POST",route="/v1/sessions"}`:            1,
			`bonafide_http_requests_total{code="401",method="POST",route="/v1/webhooks/{provider}"}`: 2,
		})
		n := w.scrape()
		if n[`bonafide_jobs_worked_total{kind="delivery",outcome="later"}`] < 1 || n[`bonafide_deliveries_worked_total{provider="kora",state="unmatched"}`] < 1 {
			t.Errorf("the wait for a session was not counted: %v", n)
		}
		if took := n[`bonafide_delivery_visible_after_seconds_sum{provider="kora"}`]; took <= 0 || took > 20 {
			t.Errorf("what was said could be read after %v s", took)
		}

		// A replay, however late, says nothing of the delay.
		id := w.deliveries("state=processed")[0]["id"].(string)
		w.call("POST", "/v1/webhook-deliveries/"+id+"/replay", nil).want(t, 202, "")
		w.awaitNumbers(numbers{
			`bonafide_deliveries_worked_total{provider="kora",state="processed"}`: 2,
			`bonafide_delivery_visible_after_seconds_count{provider="kora"}`:      1,
		})
	})
}

// The outcomes of calls tell whose trouble it is.
func TestMetricsTellOfProviders(t *testing.T) {
	w := start(t, enginetest.SQLite(t), func(c *config.Config) { c.ProviderTimeout = 200 * time.Millisecond })
	for outcome, fault := range map[string]map[string]any{
		"5xx":     {"api": map[string]any{"status": 500, "times": 1}},
		"429":     {"api": map[string]any{"status": 429, "times": 1}},
		"4xx":     {"api": map[string]any{"status": 400, "times": 1}},
		"timeout": {"api": map[string]any{"hang": true, "times": 1}},
	} {
		w.emulator("PUT", "kora", "/_faults", fault)
		if a := w.call("POST", "/v1/sessions", forUser("user-"+outcome, "kora")); a.status < 500 {
			t.Errorf("%s: %d %s", outcome, a.status, a.raw)
		}
		w.emulator("DELETE", "kora", "/_faults", nil)
		w.awaitNumbers(numbers{`bonafide_provider_calls_total{method="POST",outcome="` + outcome + `",provider="kora"}`: 1})
	}
}

// A call without an answer says why there is none.
func TestOutcomesWithoutAnAnswer(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	var outcomes []string
	var answered []bool
	m := &monitor{
		next: http.DefaultTransport, tell: func(_, outcome string, _ time.Duration) { outcomes = append(outcomes, outcome) },
		answers: func(yes bool) { answered = append(answered, yes) },
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gone.URL, nil)
	must(t, err)
	_, err = m.RoundTrip(req)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, cerr := m.RoundTrip(req.WithContext(canceled))
	if err == nil || cerr == nil || !slices.Equal(outcomes, []string{"connection", "canceled"}) || !slices.Equal(answered, []bool{false}) {
		t.Errorf("outcomes %v and answers %v of %v and %v", outcomes, answered, err, cerr)
	}
}

// odd sends requests that nobody asked for, with a canary wherever text goes.
func (w *world) odd(canary string) {
	w.t.Helper()
	session := w.call("POST", "/v1/sessions", map[string]any{"externalUserId": canary, "provider": "kora", "metadata": map[string]string{"name": canary}}).want(w.t, 201, "")
	w.call("POST", "/v1/sessions/"+session.text("id")+"/cancel", nil).want(w.t, 200, "")
	send := func(method, path, host, auth, body string) {
		req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(body))
		must(w.t, err)
		if host != "" {
			req.Host = host
		}
		if auth != "" {
			req.Header.Set("Authorization", "Bearer "+auth)
		}
		req.Header.Set("X-Request-Id", canary)
		req.Header.Set("User-Agent", canary)
		res, err := http.DefaultClient.Do(req)
		must(w.t, err)
		must(w.t, res.Body.Close())
	}
	send("GET", "/"+canary, "", "", "")
	send("GET", "/v1/"+canary+"/x?y="+canary, canary+".example", w.key, "")
	send(strings.ToUpper(strings.ReplaceAll(canary, "-", "")), "/v1/sessions", "", w.key, "")
	send("PUT", "/v1/sessions", "", w.key, "")
	send("GET", "/v1/users/"+canary+"/verification", canary, w.key, "")
	send("GET", "/v1/sessions/ses_"+canary, "", w.key, "")
	send("GET", "/v1/sessions?status="+canary, "", w.key, "")
	send("GET", "/v1/sessions", "", canary, "")
	send("POST", "/v1/webhooks/"+canary, "", "", `{"name":"`+canary+`"}`)
	send("POST", "/v1/webhooks/kora", "", "", `{"name":"`+canary+`"}`)
	send("GET", "/docs/"+canary, "", "", "")
	send("OPTIONS", "/v1/providers", "", "", "")
	w.koraSends(`{"`+canary).want(w.t, 200, "")
	w.koraSends(w.koraSays("ver_"+canary, "verification."+canary, canary, time.Now())).want(w.t, 200, "")
}

// However odd what comes is, the series stay the same, and none of them tells of
// anybody.
func TestSeriesAreBounded(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		seriesAfter := func() []string {
			eventually(t, "all is worked once", func() bool { return len(w.deliveries("state=received")) == 0 })
			w.scrape()
			return slices.Sorted(maps.Keys(w.scrape()))
		}
		w.odd("canary-first")
		before := seriesAfter()
		for i := range 10 {
			w.odd(fmt.Sprintf("canary-%d", i))
		}
		after := seriesAfter()
		for _, series := range after {
			if strings.Contains(strings.ToLower(series), "canary") {
				t.Errorf("%s tells of somebody", series)
			}
			if !slices.Contains(before, series) {
				t.Errorf("%s is new", series)
			}
		}
		if len(after) != len(before) {
			t.Errorf("%d series before, %d after", len(before), len(after))
		}
		t.Logf("%d series", len(after))
	})
}

// idle is an app on the database without workers, and its API.
func idle(t *testing.T, databaseURL string) (*App, string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg := testConfig(databaseURL)
	p := &accounts{names: []string{"still"}, providers: map[string]idv.Provider{"still": still{}}, monitors: map[string]*monitor{"still": {}}}
	st, err := openStore(t.Context(), cfg, log)
	must(t, err)
	t.Cleanup(func() { _ = st.Close() })
	a, err := newApp(cfg, st, p, "http://localhost", newMetrics(cfg, "test", log), log)
	must(t, err)
	server := httptest.NewServer(a.handler())
	t.Cleanup(server.Close)
	return a, server.URL
}

// Where nobody works, the age of what waits rises, and processes that do not
// work themselves tell it.
func TestMetricsTellThatNobodyWorks(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		a, base := idle(t, databaseURL)
		received := time.Now().Add(-time.Minute)
		_, err := a.store.SaveDelivery(t.Context(), idv.Delivery{ID: "whd_01kagt2f6pe4mrt1qq3g1c2s8f", Provider: "still", Digest: "d", State: idv.DeliveryReceived, ReceivedAt: received})
		must(t, err)
		n := scrape(t, base+"/metrics", bootstrapKey)
		// The account is in no configuration.
		if age := n[`bonafide_delivery_oldest_received_seconds{provider="unknown"}`]; age < 60 || age > 90 {
			t.Errorf("the oldest is %v s old", age)
		}
		if n[`bonafide_deliveries{provider="unknown",state="received"}`] != 1 || n[`bonafide_jobs_due{kind="delivery"}`] != 1 {
			t.Errorf("the backlog is not told: %v", n)
		}
		eventually(t, "the wait rises", func() bool {
			return scrape(t, base+"/metrics", bootstrapKey)[`bonafide_job_oldest_due_seconds{kind="delivery"}`] > n[`bonafide_job_oldest_due_seconds{kind="delivery"}`]
		})
	})
}

// A database that is gone takes its own numbers with it and no others.
func TestScrapeWithoutDatabase(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		a, base := idle(t, databaseURL)
		must(t, a.store.Close())
		own := httptest.NewServer(a.metricsOnly())
		t.Cleanup(own.Close)
		for address, key := range map[string]string{base: bootstrapKey, own.URL: ""} {
			n := scrape(t, address+"/metrics", key)
			for _, source := range []string{"deliveries", "jobs"} {
				if up, there := n[`bonafide_source_up{source="`+source+`"}`]; !there || up != 0 {
					t.Errorf("%s is up: %v", source, up)
				}
			}
			if n["go_goroutines"] == 0 || n["process_start_time_seconds"] == 0 {
				t.Errorf("the numbers of the process are gone too: %v", n)
			}
			for series := range n {
				if strings.HasPrefix(series, "bonafide_deliveries{") || strings.HasPrefix(series, "bonafide_jobs_due") {
					t.Errorf("%s is told by nobody", series)
				}
			}
		}
	})
}

// Workers have no API, and still serve their metrics, to anybody who can reach
// the address; nothing else is there.
func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	logs := &logtest.Journal{}
	log := slog.New(slog.NewJSONHandler(logs, nil))
	cfg := testConfig(enginetest.SQLite(t))
	cfg.MetricsListen = "127.0.0.1:0"
	st, err := openStore(t.Context(), cfg, log)
	must(t, err)
	defer func() { _ = st.Close() }()
	metrics := newMetrics(cfg, "v1.2.3", log)
	p, err := openAccounts(cfg, metrics)
	must(t, err)
	a, err := newApp(cfg, st, p, "http://localhost", metrics, log)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.run(ctx, nil, nil, parts{workers: true}) }()

	var address string
	eventually(t, "the metrics are served", func() bool {
		m := regexp.MustCompile(`"serving metrics","listen":"([^"]+)"`).FindStringSubmatch(logs.String())
		if m != nil {
			address = m[1]
		}
		return m != nil
	})
	n := scrape(t, "http://"+address+"/metrics", "")
	version := slices.IndexFunc(slices.Collect(maps.Keys(n)), func(series string) bool {
		return strings.HasPrefix(series, "bonafide_build_info{") && strings.Contains(series, `version="v1.2.3"`)
	})
	if version < 0 || n[`bonafide_source_up{source="jobs"}`] != 1 {
		t.Errorf("numbers %v", n)
	}
	for _, path := range []string{"/", "/v1/providers", "/healthz"} {
		res, err := http.Get("http://" + address + path)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s is served: %s", path, res.Status)
		}
	}

	second := *a
	second.config.MetricsListen = address
	if err := second.run(t.Context(), nil, nil, parts{workers: true}); err == nil || !bytes.Contains([]byte(err.Error()), []byte("--metrics-listen")) {
		t.Errorf("an address that is taken: %v", err)
	}
	stop()
	must(t, <-done)
}
