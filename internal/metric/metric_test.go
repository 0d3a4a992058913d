package metric_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/metric"
)

var update = flag.Bool("update", false, "write the generated part of docs/metrics.md anew")

func newSet(log *bytes.Buffer) *metric.Set {
	return metric.New(metric.Options{
		Version: "test", Providers: []string{"acme"}, Webhooks: []string{"new"}, Calls: []string{"ok"}, Jobs: []string{"ok"}, Limits: []string{"credential"}, Questions: []string{"moved"},
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
}

func scrape(s *metric.Set) string {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return fmt.Sprint(w.Code, "\n", w.Body)
}

// A source that does not answer holds up a scrape for two seconds and no more,
// however many scrape, and the others are told all the same.
func TestASourceThatHangs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newSet(&log)
	var asked atomic.Int32
	s.Deliveries(func(ctx context.Context) ([]idv.DeliveryBacklog, error) {
		asked.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	s.JobsWaiting(func(context.Context) ([]idv.JobBacklog, error) {
		return []idv.JobBacklog{{Kind: idv.JobFetch, Due: 3, Failed: 1, Oldest: 90 * time.Second}}, nil
	})
	began := time.Now()
	var scrapers sync.WaitGroup
	for range 5 {
		scrapers.Go(func() {
			out := scrape(s)
			for _, want := range []string{
				"200\n", `bonafide_source_up{source="deliveries"} 0`, `bonafide_source_up{source="jobs"} 1`,
				`bonafide_jobs_due{kind="fetch"} 3`, `bonafide_jobs_failed{kind="fetch"} 1`,
				`bonafide_job_oldest_due_seconds{kind="fetch"} 90`, `bonafide_jobs_due{kind="expire"} 0`,
			} {
				if !strings.Contains(out, want) {
					t.Errorf("%s is missing in\n%s", want, out)
				}
			}
			if strings.Contains(out, "bonafide_deliveries{") {
				t.Errorf("numbers of a source that did not answer:\n%s", out)
			}
		})
	}
	scrapers.Wait()
	if took := time.Since(began); took < 2*time.Second || took > 10*time.Second || asked.Load() != 1 {
		t.Errorf("five scrapes took %v and asked %d times", took, asked.Load())
	}
	if !strings.Contains(log.String(), "source=deliveries") {
		t.Errorf("nobody is told why: %s", log.String())
	}
}

// Words that are in no list fall together.
func TestUnknownWords(t *testing.T) {
	s := newSet(&bytes.Buffer{})
	s.Deliveries(func(context.Context) ([]idv.DeliveryBacklog, error) {
		return []idv.DeliveryBacklog{
			{Provider: "old", State: idv.DeliveryReceived, Count: 2, Oldest: time.Now().Add(-time.Hour)},
			{Provider: "older", State: idv.DeliveryReceived, Count: 3, Oldest: time.Now().Add(time.Hour)},
		}, nil
	})
	s.Webhook("x", "y", true, time.Second)
	s.Call("x", "BREW", "y", time.Second)
	s.Job("x", "y", time.Second)
	s.DeliveryWorked("x", "y")
	s.DeliveryVisible("x", time.Second)
	s.Request("/v1/sessions", "BREW", 405, time.Second)
	s.Refused("x")
	out := scrape(s)
	for _, want := range []string{
		`bonafide_webhooks_total{outcome="unknown",provider="unknown"} 1`,
		`bonafide_provider_calls_total{method="other",outcome="unknown",provider="unknown"} 1`,
		`bonafide_jobs_worked_total{kind="unknown",outcome="unknown"} 1`,
		`bonafide_deliveries_worked_total{provider="unknown",state="unknown"} 1`,
		`bonafide_delivery_visible_after_seconds_count{provider="unknown"} 1`,
		`bonafide_http_requests_total{code="405",method="other",route="/v1/sessions"} 1`,
		`bonafide_requests_refused_total{limit="credential"} 0`,
		`bonafide_requests_refused_total{limit="unknown"} 1`,
		`bonafide_deliveries{provider="unknown",state="received"} 5`,
		`bonafide_delivery_oldest_received_seconds{provider="unknown"} 3600`,
		`bonafide_delivery_oldest_received_seconds{provider="acme"} 0`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing in\n%s", want, out)
		}
	}
}

const (
	begin = "<!-- metrics:begin -->\n"
	end   = "<!-- metrics:end -->"
)

// The page has a row for each metric, and its rules speak of no other.
func TestThePageTellsTheMetrics(t *testing.T) {
	const path = "../../docs/metrics.md"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(raw), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no %s … %s", path, begin, end)
	}
	s := newSet(&bytes.Buffer{})
	s.Deliveries(func(context.Context) ([]idv.DeliveryBacklog, error) { return nil, nil })
	s.JobsWaiting(func(context.Context) ([]idv.JobBacklog, error) { return nil, nil })
	s.Outgoing(func(context.Context) (idv.OutgoingBacklog, error) { return idv.OutgoingBacklog{}, nil })
	s.Unsettled(func(context.Context) ([]idv.UnsettledCreates, error) { return nil, nil })
	s.PrivacyTasks(func(context.Context) ([]idv.PrivacyBacklog, error) { return nil, nil })
	s.Pools(func() []metric.Pool { return nil })
	s.QuestionsDue(func(context.Context, string) (idv.QuestionBacklog, error) { return idv.QuestionBacklog{}, nil })
	table := "| metric | type | labels | |\n|---|---|---|---|\n"
	known := map[string]bool{}
	for _, m := range s.Catalog() {
		labels := "–"
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		table += fmt.Sprintf("| `%s` | %s | %s | %s |\n", m.Name, m.Type, labels, m.Help)
		known[m.Name] = true
		if m.Type == "histogram" {
			known[m.Name+"_bucket"], known[m.Name+"_count"], known[m.Name+"_sum"] = true, true, true
		}
	}
	for _, name := range regexp.MustCompile(`bonafide_[a-z_]+`).FindAllString(before+after, -1) {
		if !known[name] {
			t.Errorf("%s speaks of %s, which there is not", path, name)
		}
	}
	want := before + begin + table + end + after
	if want == string(raw) {
		return
	}
	if !*update {
		t.Fatal("the table is not what the code says; run: make generate")
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
