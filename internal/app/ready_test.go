package app

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/logtest"
)

// A process is ready as long as all that it has taken upon itself works, and its
// log says what does not.
func TestReadiness(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		w.call("GET", "/readyz", nil).want(t, 200, "")
		w.app.duty.stop()
		w.call("GET", "/readyz", nil).want(t, 503, "internal")
		a := w.call("GET", "/readyz", nil).want(t, 503, "internal")
		if strings.Contains(string(a.raw), "stopping") || strings.Count(w.logs.String(), `"msg":"not ready","reason":"stopping"`) != 1 {
			t.Errorf("the reason is in the reply, or not in the log: %s", a.raw)
		}
		w.call("GET", "/healthz", nil).want(t, 200, "") // it need not be killed
		w.create("user-1", "kora")                      // and works
	})
}

// Workers that have not begun, or have ended, make a process that has them
// unready, and no other.
func TestReadinessOfWorkers(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		a, base := idle(t, databaseURL)
		ready := func() int {
			res, err := http.Get(base + "/readyz")
			must(t, err)
			must(t, res.Body.Close())
			return res.StatusCode
		}
		a.duty.undertake(parts{api: true})
		if got := ready(); got != http.StatusOK {
			t.Errorf("without workers: %d", got)
		}
		a.duty.undertake(parts{api: true, workers: true})
		if got := ready(); got != http.StatusServiceUnavailable {
			t.Errorf("before its workers have begun: %d", got)
		}
		c, err := a.startWorkers(t.Context())
		must(t, err)
		if got := ready(); got != http.StatusOK {
			t.Errorf("with workers: %d", got)
		}
		must(t, c.Stop(t.Context()))
		if got := ready(); got != http.StatusServiceUnavailable {
			t.Errorf("after its workers have ended: %d", got)
		}
	})
}

// While it drains, a process serves as before and says that it is not to be asked
// any more; then it closes the door.
func TestDraining(t *testing.T) {
	logs := &logtest.Journal{}
	log := slog.New(slog.NewJSONHandler(logs, nil))
	cfg := testConfig(enginetest.SQLite(t))
	cfg.Drain = 2 * time.Second
	st, err := openStore(t.Context(), cfg, log)
	must(t, err)
	defer func() { _ = st.Close() }()
	metrics := newMetrics(cfg, "test", log)
	p, err := openAccounts(cfg, metrics)
	must(t, err)
	a, err := newApp(cfg, st, p, "http://localhost", metrics, log)
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.run(ctx, l, a.handler(), parts{api: true, workers: true}) }()
	// A client without connections of before, as a load balancer's probe is.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+path, nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+bootstrapKey)
		res, err := client.Do(req)
		if err != nil {
			return 0
		}
		must(t, res.Body.Close())
		return res.StatusCode
	}
	eventually(t, "it is ready", func() bool { return get("/readyz") == http.StatusOK })
	began := time.Now()
	stop()
	eventually(t, "it is unready", func() bool { return get("/readyz") == http.StatusServiceUnavailable })
	if got := get("/v1/providers"); got != http.StatusOK && time.Since(began) < cfg.Drain {
		t.Errorf("a request meanwhile is answered %d", got)
	}
	must(t, <-done)
	if took := time.Since(began); took < cfg.Drain || took > cfg.Drain+10*time.Second {
		t.Errorf("it drained for %v", took)
	}
	if got := get("/readyz"); got != 0 {
		t.Errorf("the door is open: %d", got)
	}
}

// A door that breaks ends a drain.
func TestDrainingWithoutADoor(t *testing.T) {
	a, _ := idle(t, enginetest.SQLite(t))
	a.config.Drain = time.Hour
	failed := make(chan error, 1)
	failed <- http.ErrHandlerTimeout
	if err := a.drain(failed); err == nil {
		t.Error("no error")
	}
}

// A process that runs while the database is upgraded goes on, so that replicas can
// be replaced one after the other; a new one of the old version does not start.
func TestReadyOnANewerDatabase(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		_, err := w.app.store.DB().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
		must(t, err)
		for range 2 {
			w.call("GET", "/readyz", nil).want(t, 200, "")
		}
		if n := strings.Count(w.logs.String(), "the database is of a newer version"); n != 1 {
			t.Errorf("it is logged %d times", n)
		}
		w.refused(1, "newer", "serve", "--listen=127.0.0.1:0")

		_, err = w.app.store.DB().ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id > 1")
		must(t, err)
		w.call("GET", "/readyz", nil).want(t, 503, "internal")
		if !strings.Contains(w.logs.String(), `"msg":"not ready","reason":"schema"`) {
			t.Error("why it is not ready is not logged")
		}
	})
}
