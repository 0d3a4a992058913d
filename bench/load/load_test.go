package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
	tests := map[string]struct {
		data           string
		status, length int
		wrong          bool
	}{
		"nothing":            {"", 0, 0, false},
		"half a line":        {"HTTP/1.1 20", 0, 0, false},
		"half a head":        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", 0, 0, false},
		"a head":             {ok[:len(ok)-5], 200, len(ok), false},
		"half a body":        {ok[:len(ok)-2], 200, len(ok), false},
		"whole":              {ok, 200, len(ok), false},
		"more":               {ok + ok, 200, len(ok), false},
		"another status":     {"HTTP/1.1 503 Service Unavailable\r\ncontent-length:0\r\n\r\n", 503, 54, false},
		"no reason":          {"HTTP/1.1 204\r\nCONTENT-LENGTH: 0\r\n\r\n", 204, 35, false},
		"no length":          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, 0, true},
		"no field":           {"HTTP/1.1 200 OK\r\n\r\n", 0, 0, true},
		"a negative length":  {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 0, 0, true},
		"a length too great": {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", 0, 0, true},
		"another protocol":   {"SSH-2.0-OpenSSH\r\nContent-Length: 0\r\n\r\n", 0, 0, true},
		"no status":          {"HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n", 0, 0, true},
		"a short line":       {"HTTP/1.1 20\r\nContent-Length: 0\r\n\r\n", 0, 0, true},
	}
	for name, tt := range tests {
		status, length, err := parse([]byte(tt.data))
		if tt.wrong {
			if !errors.Is(err, errResponse) {
				t.Errorf("%s: %d, %d, %v", name, status, length, err)
			}
			continue
		}
		if status != tt.status || length != tt.length || err != nil {
			t.Errorf("%s: %d, %d, %v; want %d, %d", name, status, length, err, tt.status, tt.length)
		}
	}
}

// What follows an answer does not change how it is read.
func FuzzParse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), []byte("HTTP/1.1 200 OK\r\n"))
	f.Fuzz(func(t *testing.T, data, more []byte) {
		status, length, err := parse(data)
		if err != nil || length == 0 {
			return
		}
		if s, n, err := parse(append(data[:len(data):len(data)], more...)); s != status || n != length || err != nil || length < 0 {
			t.Errorf("%d, %d; then %d, %d, %v", status, length, s, n, err)
		}
	})
}

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, tt := range []struct {
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		{nil, 0.5, 0},
		{hundred[:1], 0.01, 1},
		{hundred[:1], 1, 1},
		{hundred[:2], 0.5, 1},
		{hundred[:2], 0.51, 2},
		{hundred[:3], 0.5, 2},
		{hundred, 0.5, 50},
		{hundred, 0.99, 99},
		{hundred, 0.07, 7}, // 0.07 × 100 is 7.000000000000001
		{hundred, 1, 100},
	} {
		if got := Percentile(tt.sorted, tt.p); got != tt.want {
			t.Errorf("Percentile of %d at %g = %d, want %d", len(tt.sorted), tt.p, got, tt.want)
		}
	}
}

// server counts what it is sent, and answers path /n with status n.
func server(t *testing.T) (address string, hits *atomic.Int64, bodies chan string) {
	hits, bodies = new(atomic.Int64), make(chan string, 10_000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		hits.Add(1)
		bodies <- string(body)
		status := 200
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Repeat("x", 100))
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), hits, bodies
}

func numbered(path string) func() (Source, error) {
	return func() (Source, error) {
		return func(n int) []byte {
			body := fmt.Sprint(n)
			return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
		}, nil
	}
}

func TestPacedSendsEachRequestOnceAndNotEarly(t *testing.T) {
	address, hits, bodies := server(t)
	began := time.Now()
	r, err := Load{Address: address, Connections: 4, Status: 200, Requests: numbered("/")}.Paced(context.Background(), began, time.Millisecond, 100)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 99*time.Millisecond {
		t.Errorf("the last request was sent after %v", took)
	}
	if hits.Load() != 100 || len(r.Latencies) != 100 || r.Answered != 100 || r.Latencies[0] <= 0 || r.Latencies[0] > r.Latencies[99] {
		t.Errorf("%d hits, %v", hits.Load(), r)
	}
	seen := map[string]bool{}
	for range 100 {
		seen[<-bodies] = true
	}
	if len(seen) != 100 || !seen["0"] || !seen["99"] {
		t.Errorf("sent %v", seen)
	}
}

func TestClosedCountsWhatWasAnsweredInTime(t *testing.T) {
	address, hits, _ := server(t)
	const length = 100 * time.Millisecond
	r, err := Load{Address: address, Connections: 3, Status: 200, Requests: numbered("/")}.Closed(context.Background(), length)
	if err != nil {
		t.Fatal(err)
	}
	if int64(r.Answered) != hits.Load() || len(r.Latencies) > r.Answered || len(r.Latencies) < r.Answered-3 {
		t.Errorf("%d answered, %d hits, %d latencies", r.Answered, hits.Load(), len(r.Latencies))
	}
	if want := float64(len(r.Latencies)) / 0.1; r.Rate != want {
		t.Errorf("rate %g, want %g", r.Rate, want)
	}
}

func TestAnythingElseIsAnError(t *testing.T) {
	address, _, _ := server(t)
	l := Load{Address: address, Connections: 2, Status: 200, Requests: numbered("/503")}
	if _, err := l.Closed(context.Background(), 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "503 instead of 200") {
		t.Errorf("another status: %v", err)
	}
	l.Requests = func() (Source, error) { return nil, io.ErrUnexpectedEOF }
	if _, err := l.Closed(context.Background(), 50*time.Millisecond); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("no source: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	l.Requests = numbered("/")
	if _, err := l.Paced(ctx, time.Now(), time.Second, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("an end before the time: %v", err)
	}
}
