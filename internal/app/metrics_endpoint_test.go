package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// The numbers of what is sent to endpoints, of the pool and of providers.
func TestMetricsTellOfEndpoints(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, onLoopback)
		pool := "postgres"
		if strings.HasPrefix(databaseURL, "sqlite:") {
			pool = "sqlite_write"
		}
		w.awaitNumbers(numbers{
			`bonafide_endpoint_attempts_total{outcome="delivered"}`: 0,
			`bonafide_endpoint_attempts_total{outcome="tls"}`:       0,
			`bonafide_messages_pending`:                             0,
			`bonafide_message_oldest_due_seconds`:                   0,
			`bonafide_event_feed_lag_seconds`:                       0,
			`bonafide_endpoints_disabled{reason="failing"}`:         0,
			`bonafide_sessions_unsettled{provider="kora"}`:          0,
			`bonafide_source_up{source="endpoints"}`:                1,
			`bonafide_source_up{source="unsettled"}`:                1,
		})
		n := w.scrape()
		if _, there := n[`bonafide_provider_up{provider="kora"}`]; there {
			t.Error("a provider that was never called is up or down")
		}
		if most, used := n[`bonafide_database_connections_max{pool="`+pool+`"}`], n[`bonafide_database_connections_in_use{pool="`+pool+`"}`]; most < 1 || used < 0 || used > most {
			t.Errorf("%v connections of %v", used, most)
		}
		if _, there := n[`bonafide_database_connection_wait_seconds_total{pool="`+pool+`"}`]; !there {
			t.Errorf("no wait: %v", n)
		}

		status := http.StatusNoContent
		backend := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) }))
		t.Cleanup(backend.Close)
		made := w.call("POST", "/v1/endpoints", map[string]any{"url": backend.URL, "types": []string{"session.pending"}}).want(t, 201, "")
		w.create("user-1", "kora")
		w.awaitNumbers(numbers{
			`bonafide_endpoint_attempts_total{outcome="delivered"}`: 1,
			`bonafide_provider_up{provider="kora"}`:                 1,
			`bonafide_messages_pending`:                             0,
		})
		backend.Close()
		w.create("user-2", "kora")
		w.awaitNumbers(numbers{
			`bonafide_endpoint_attempts_total{outcome="connect"}`: 1,
			`bonafide_messages_pending`:                           1, // waits for its next try, which is
			`bonafide_message_oldest_due_seconds`:                 0, // not due
		})
		w.call("PATCH", "/v1/endpoints/"+made.text("id"), map[string]any{"enabled": false}).want(t, 200, "")
		w.awaitNumbers(numbers{`bonafide_messages_pending`: 0, `bonafide_endpoints_disabled{reason="client"}`: 1})

		w.emulator("PUT", "kora", "/_faults", map[string]any{"api": map[string]any{"status": 500, "times": 1}})
		w.call("POST", "/v1/sessions", forUser("user-3", "kora"))
		w.emulator("DELETE", "kora", "/_faults", nil)
		w.call("POST", "/v1/sessions", forUser("user-4", "kora"))
		w.awaitNumbers(numbers{`bonafide_provider_up{provider="kora"}`: 1})
	})
}

// A create whose answer was lost is counted until somebody has settled it.
func TestMetricsTellOfLostCreates(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	w.app.config.ProviderTimeout = time.Second
	gone := w.lose("test-abandon-2+hang")
	w.awaitNumbers(numbers{`bonafide_sessions_unsettled{provider="idenfy"}`: 1, `bonafide_provider_up{provider="idenfy"}`: 0})
	w.did("sessions", "settle", gone.text("id"), "--nothing")
	w.awaitNumbers(numbers{`bonafide_sessions_unsettled{provider="idenfy"}`: 0})
}

// Where nobody sends, the lag of the feed rises, and processes that do not send
// themselves tell it.
func TestMetricsTellThatNobodySends(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		w.stop()
		a, base := idle(t, databaseURL)
		_, err := a.store.DB().ExecContext(t.Context(), "INSERT INTO events (id, type, external_user_id, status, version, created_at) VALUES ($1, 'user.pending', 'u', 'pending', 1, $2)",
			"evt_01kagt2f6pe4mrt1qq3g1c2s8f", time.Now().UTC().Add(-time.Minute).Truncate(time.Millisecond))
		must(t, err)
		if lag := scrape(t, base+"/metrics", bootstrapKey)[`bonafide_event_feed_lag_seconds`]; lag < 60 || lag > 90 {
			t.Errorf("the feed lags %v s", lag)
		}

		// What is queued for an endpoint and not sent is due for longer and longer.
		endpoint, err := a.outbox.Create(t.Context(), idv.Endpoint{URL: "https://client.example/hook"})
		must(t, err)
		_, err = a.store.Resend(t.Context(), endpoint.ID, "evt_01kagt2f6pe4mrt1qq3g1c2s8f")
		must(t, err)
		var n numbers
		eventually(t, "it waits", func() bool {
			n = scrape(t, base+"/metrics", bootstrapKey)
			return n[`bonafide_message_oldest_due_seconds`] > 1
		})
		if n[`bonafide_messages_pending`] != 1 || n[`bonafide_event_feed_lag_seconds`] < 60 {
			t.Errorf("numbers %v", n)
		}
	})
}
