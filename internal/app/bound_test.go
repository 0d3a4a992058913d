package app

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// A database that hangs is told as such, in bounded time, and the same request may
// be sent again at once when it no longer does.
func TestRequestsEndThoughTheDatabaseHangs(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		w.koraSends(w.koraSays("ver_unknown", "verification.verified", "verified", time.Now())).want(t, 200, "")
		eventually(t, "it is unmatched", func() bool { return len(w.deliveries("state=unmatched")) == 1 })
		path := "/v1/webhook-deliveries/" + w.deliveries("")[0]["id"].(string) + "/replay"

		twin, _ := w.beside(func(o *api.Options) { o.Within = 200 * time.Millisecond })
		release := hold(t, databaseURL)
		began := time.Now()
		a := twin.call("POST", path, nil, "Idempotency-Key", "k")
		took := time.Since(began)
		release()
		if a.want(t, 503, "internal").header.Get("Retry-After") == "" {
			t.Errorf("no Retry-After: %v", a.header)
		}
		// SQLite waits for a lock for ten seconds, whatever the request says.
		if took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
		w.call("POST", path, nil, "Idempotency-Key", "k").want(t, 202, "")
	})
}

// hanging never tells who calls.
type hanging struct{}

func (hanging) Authenticate(ctx context.Context, _ string) (idv.Caller, error) {
	<-ctx.Done()
	return idv.Caller{}, ctx.Err()
}

// Nor is anybody kept waiting to be recognized, on routes too that hold requests.
func TestAuthenticationIsBounded(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	twin, _ := w.beside(func(o *api.Options) { o.Within, o.Authenticator = 50*time.Millisecond, hanging{} })
	for _, path := range []string{"/v1/sessions", verification, verification + "/stream"} {
		if a := twin.call("GET", path, nil).want(t, 503, "internal"); a.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After: %v", path, a.header)
		}
	}
}

// The bound is for requests that do not ask to be held.
func TestLongPollsAndStreamsOutlastTheBound(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	twin, _ := w.beside(func(o *api.Options) { o.Within = 50 * time.Millisecond })
	etag := w.user("user-1").header.Get("ETag")
	began := time.Now()
	a := twin.call("GET", verification+"?wait=1", nil, "If-None-Match", etag).want(t, http.StatusNotModified, "")
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("it was held for %v: %v", took, a.header)
	}
}
