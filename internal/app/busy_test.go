package app

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// hold keeps everybody else from writing to the database until it is released.
func hold(t *testing.T, databaseURL string) (release func()) {
	t.Helper()
	other, err := store.Open(t.Context(), store.Options{URL: databaseURL})
	must(t, err)
	tx, err := other.DB().BeginTx(context.Background(), nil)
	must(t, err)
	if other.Pool() != nil {
		_, err = tx.Exec("LOCK TABLE deliveries")
		must(t, err)
	}
	return func() {
		must(t, tx.Rollback())
		must(t, other.Close())
	}
}

// A webhook that cannot be kept is not acknowledged: the provider is told to
// come back, and when it does, all is well.
func TestWebhookWaitsForTheDatabaseForABoundedTime(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.create("user-1", "kora")
		body := w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now())
		release := hold(t, databaseURL)
		a := w.koraSends(body)
		release()
		if a.want(t, 503, "internal").header.Get("Retry-After") == "" {
			t.Errorf("no Retry-After: %v", a.header)
		}
		w.awaitNumbers(numbers{`bonafide_webhooks_total{outcome="busy",provider="kora"}`: 1})
		w.koraSends(body).want(t, 200, "")
		w.awaitUser("user-1", "verified")
		if n := len(w.deliveries("")); n != 1 {
			t.Errorf("%d deliveries", n)
		}
	})
}

// Bodies that never come take a bounded amount of memory, and whoever finds no
// room is sent away in bounded time.
func TestWebhooksTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	w := start(t, enginetest.SQLite(t))
	address := strings.TrimPrefix(w.base, "http://")
	for range 64 {
		conn, err := net.Dial("tcp", address)
		must(t, err)
		defer func() { _ = conn.Close() }()
		_, err = fmt.Fprintf(conn, "POST /v1/webhooks/kora HTTP/1.1\r\nHost: bonafide\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", 1<<20)
		must(t, err)
		// The server asks for the body once it has made room for it.
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		if res.StatusCode != http.StatusContinue {
			t.Fatalf("answered %s", res.Status)
		}
	}
	if a := w.koraSends("{}").want(t, 503, "internal"); a.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After: %v", a.header)
	}
}
