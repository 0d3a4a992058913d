package app

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// silent accepts connections and says nothing on them.
func silent(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return l.Addr().String()
}

// Each step of a call to a provider has an end, without any time-out of the call.
func TestStepsOfCallsToProvidersEnd(t *testing.T) {
	address := silent(t)
	for step, url := range map[string]string{"greeting": "https://" + address, "answer": "http://" + address} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		must(t, err)
		res, err := newTransport(100 * time.Millisecond).RoundTrip(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if callOutcome(res, err) != callTimeout {
			t.Errorf("%s: %v", step, err)
		}
	}
}

// A provider's answer has a bounded header.
func TestHeadersOfProvidersAreBounded(t *testing.T) {
	size := 0
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Filler", strings.Repeat("a", size))
	}))
	defer provider.Close()
	for bytes, ok := range map[int]bool{32 << 10: true, 128 << 10: false} {
		size = bytes
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, provider.URL, http.NoBody)
		must(t, err)
		res, err := newTransport(10 * time.Second).RoundTrip(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if (err == nil) != ok {
			t.Errorf("%d bytes: %v", bytes, err)
		}
	}
}

// The server gives up on what takes too long, and not before a provider does.
func TestServerHasAllTimeouts(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, 10 * time.Second, 2 * time.Minute} {
		c := testConfig("")
		c.ProviderTimeout = timeout
		s := newServer(http.NotFoundHandler(), answerWithin(c)+afterwards(c))
		for name, d := range map[string]time.Duration{"header": s.ReadHeaderTimeout, "read": s.ReadTimeout, "idle": s.IdleTimeout} {
			if d <= 0 || d > 5*time.Minute {
				t.Errorf("%s: %v", name, d)
			}
		}
		// Longer than a request is held, and than a create takes at most: its first
		// transaction, two calls, and 15 seconds in which the answer is kept.
		if longest := answerWithin(c) + 2*timeout + 15*time.Second; s.WriteTimeout < 70*time.Second || s.WriteTimeout < longest {
			t.Errorf("with %v for a provider a reply may take %v", timeout, s.WriteTimeout)
		}
		if answerWithin(c) < 2*timeout || s.MaxHeaderBytes != 64<<10 {
			t.Errorf("answered within %v, headers of %d", answerWithin(c), s.MaxHeaderBytes)
		}
	}
}
