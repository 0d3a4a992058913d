package app

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// A flood of forged webhooks is answered cheaply, and drowns no genuine one from
// the same address.
func TestFloodOfForgedWebhooks(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w, _ := limited(t, databaseURL, func(c *config.Config) { c.RateLimit = 0 })
		session := w.create("user-1", "kora")
		w.call("POST", "/v1/webhooks/kora", "{}", "Authorization", "").want(t, 401, "forged")
		w.call("POST", "/v1/webhooks/nobody", "{}", "Authorization", "").want(t, 404, "not_found")
		w.call("POST", "/v1/webhooks/nobody", "{}", "Authorization", "").isRefusal(t, "webhook")
		w.call("POST", "/v1/webhooks/kora", strings.Repeat("x", 1<<20+1), "Authorization", "").isRefusal(t, "webhook")
		for i := range 10 {
			w.call("POST", "/v1/webhooks/kora", "{}", "Authorization", "").isRefusal(t, "webhook")
			w.koraSends(w.koraSays(session.text("providerSessionId"), "verification.completed", "manual_review", time.Now().Add(time.Duration(-20+i)*time.Second))).want(t, 200, "")
		}
		w.koraSends(w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now())).want(t, 200, "")
		w.awaitUser("user-1", "verified")
		if n := len(w.deliveries("")); n != 11 {
			t.Errorf("%d deliveries are kept, want 11", n)
		}
	})
}

// What comes beyond the limit leaves no line in the log, and its connection ends.
func TestFloodLeavesNoTrace(t *testing.T) {
	w, _ := limited(t, enginetest.SQLite(t))
	answered := map[int]int{}
	for range 20 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.base, "http://"))
		must(t, err)
		_, err = fmt.Fprint(conn, "POST /v1/webhooks/kora HTTP/1.1\r\nHost: bonafide\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
		must(t, err)
		r := bufio.NewReader(conn)
		res, err := http.ReadResponse(r, nil)
		must(t, err)
		must(t, res.Body.Close())
		answered[res.StatusCode]++
		if res.StatusCode == http.StatusTooManyRequests {
			if _, err := r.Discard(1 << 20); err == nil || !res.Close {
				t.Errorf("the connection goes on: %v, %v", err, res.Close)
			}
		}
		must(t, conn.Close())
	}
	if answered[401] != 2 || answered[429] != 18 {
		t.Errorf("answered %v", answered)
	}
	// The log of a request is written after its answer, and those of all before this
	// one are there once its own is.
	w.call("GET", "/healthz", nil).want(t, 200, "")
	eventually(t, "the log is written", func() bool { return strings.Contains(w.logs.String(), `"route":"/healthz"`) })
	if n := strings.Count(w.logs.String(), `"route":"/v1/webhooks/:provider"`); n != 2 {
		t.Errorf("%d lines in the log of %v", n, answered)
	}
}
