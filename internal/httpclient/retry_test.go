package httpclient_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// failing answers the first calls as given and the rest well.
func failing(times int64, h http.HandlerFunc) http.HandlerFunc {
	var calls atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) <= times {
			h(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"id":"x"}`))
	}
}

func TestReadIsRepeated(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, h := range map[string]http.HandlerFunc{
		"429": status(429), "502": status(502), "503": status(503), "504": status(504),
		"hang up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, calls := serve(t, failing(2, h))
			var out answer
			err := client(t, root, time.Minute).Read(t.Context(), "/", &out)
			if err != nil || out.ID != "x" || calls.Load() != 3 {
				t.Errorf("after %d calls: %+v, %v", calls.Load(), out, err)
			}
		})
	}
	t.Run("not for ever", func(t *testing.T) {
		t.Parallel()
		root, calls := serve(t, status(503))
		f := failure(t, client(t, root, time.Minute).Read(t.Context(), "/", &answer{}))
		if f.Kind != idv.KindUnavailable || calls.Load() != 3 {
			t.Errorf("after %d calls: %v", calls.Load(), f)
		}
	})
	t.Run("not what is the provider's last word", func(t *testing.T) {
		t.Parallel()
		for _, code := range []int{400, 401, 404, 500} {
			root, calls := serve(t, status(code))
			_ = failure(t, client(t, root, time.Minute).Read(t.Context(), "/", &answer{}))
			if calls.Load() != 1 {
				t.Errorf("%d: %d calls", code, calls.Load())
			}
		}
	})
	t.Run("a question by POST", func(t *testing.T) {
		t.Parallel()
		root, calls := serve(t, failing(1, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body) // checked below
			if r.Method != "POST" || string(body) != `{"id":"scan"}` {
				t.Errorf("asked %s %s", r.Method, body)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		var out answer
		err := client(t, root, time.Minute).Read(t.Context(), "/", &out, httpclient.Post(answer{ID: "scan"}))
		if err != nil || out.ID != "x" || calls.Load() != 2 {
			t.Errorf("after %d calls: %+v, %v", calls.Load(), out, err)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for name, value := range map[string]func() string{
		"seconds": func() string { return "1" },
		"date":    func() string { return time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, _ := serve(t, failing(1, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", value())
				w.WriteHeader(http.StatusTooManyRequests)
			}))
			begin := time.Now()
			if err := client(t, root, time.Minute).Read(t.Context(), "/", &answer{}); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begin); waited < 900*time.Millisecond || waited > 20*time.Second {
				t.Errorf("waited %s", waited)
			}
		})
	}
}

// A wait that ends after the deadline is not begun: the caller is told at once.
func TestRetryAfterBeyondTheDeadline(t *testing.T) {
	date := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for _, value := range []string{"3600", date} {
		root, calls := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		begin := time.Now()
		f := failure(t, client(t, root, 0).Read(ctx, "/", &answer{}))
		if f.Kind != idv.KindRateLimited || f.RetryAfter < 59*time.Minute || f.RetryAfter > time.Hour || calls.Load() != 1 {
			t.Errorf("%s: %v, retry after %s, %d calls", value, f, f.RetryAfter, calls.Load())
		}
		if time.Since(begin) > 10*time.Second {
			t.Errorf("%s: waited", value)
		}
	}
}

func TestRetryAfterOddities(t *testing.T) {
	for _, value := range []string{"", "-5", "soon", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999999999999"} {
		root, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		if f := failure(t, client(t, root, time.Minute).Write(t.Context(), "POST", "/", nil, nil)); f.RetryAfter != 0 {
			t.Errorf("%q: %s", value, f.RetryAfter)
		}
	}
}

// The time-out covers all tries of a read together.
func TestTimeoutCoversAllTries(t *testing.T) {
	root, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	begin := time.Now()
	f := failure(t, client(t, root, 200*time.Millisecond).Read(t.Context(), "/", &answer{}))
	if f.Kind != idv.KindTimeout || f.Ambiguous {
		t.Errorf("got %v", f)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
