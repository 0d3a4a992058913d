package httpclient_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Every way in which a connection can fail a write, and whether the write may
// have had its effect.
func TestBrokenWrites(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, tt := range map[string]struct {
		root      func(t *testing.T) string
		timeout   time.Duration
		kind      idv.ErrorKind
		ambiguous bool
	}{
		"no answer in time": {
			root: served(hang), timeout: 100 * time.Millisecond, kind: idv.KindTimeout, ambiguous: true,
		},
		"broken after sending": {root: served(hangUp), kind: idv.KindTimeout, ambiguous: true},
		"gibberish for an answer": {
			root: func(t *testing.T) string { return speak(t, "SSH-2.0-"+canary+"\r\n") },
			kind: idv.KindTimeout, ambiguous: true,
		},
		"answer cut in the middle by time": {
			root: served(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusOK)
				_ = http.NewResponseController(w).Flush() // the connection is there
				hang(w, r)
			}),
			timeout: 100 * time.Millisecond, kind: idv.KindTimeout, ambiguous: true,
		},
		"refused": {
			root: func(t *testing.T) string {
				server := httptest.NewServer(http.NotFoundHandler())
				server.Close()
				return server.URL
			},
			kind: idv.KindUnavailable,
		},
		"no such host": {root: func(*testing.T) string { return "http://nobody.invalid" }, kind: idv.KindUnavailable},
		"no TLS there": {
			root: func(t *testing.T) string {
				server := httptest.NewServer(http.NotFoundHandler())
				t.Cleanup(server.Close)
				return "https" + server.URL[len("http"):]
			},
			kind: idv.KindUnavailable,
		},
		"a certificate nobody trusts": {
			root: func(t *testing.T) string {
				server := httptest.NewUnstartedServer(http.NotFoundHandler())
				server.Config.ErrorLog = nil
				server.StartTLS()
				t.Cleanup(server.Close)
				return server.URL
			},
			kind: idv.KindUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := tt.timeout
			if timeout == 0 {
				timeout = 30 * time.Second
			}
			err := client(t, tt.root(t), timeout).Write(t.Context(), "POST", "/x?"+canary, answer{ID: canary}, &answer{})
			if f := failure(t, err); f.Kind != tt.kind || f.Ambiguous != tt.ambiguous {
				t.Errorf("got %v, ambiguous %v; want %s, %v", f, f.Ambiguous, tt.kind, tt.ambiguous)
			}
		})
	}
}

func served(h http.HandlerFunc) func(*testing.T) string {
	return func(t *testing.T) string {
		root, _ := serve(t, h)
		return root
	}
}

// speak answers every request with the text and closes the connection.
func speak(t *testing.T, text string) string {
	return listen(t, func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	})
}

// listen serves every connection in its own way, and then closes it.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// net/http repeats a POST with an idempotency key by itself when a connection
// that was used before breaks. A write must be sent once all the same, with a
// body and without.
func TestWriteIsSentOnceOnAReusedConnection(t *testing.T) {
	for name, body := range map[string]any{"with a body": answer{ID: "x"}, "without a body": nil} {
		t.Run(name, func(t *testing.T) {
			var posts atomic.Int64
			root := listen(t, func(conn net.Conn) {
				r := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					if req.Method == http.MethodPost {
						posts.Add(1)
						if req.Header.Get("Idempotency-Key") != "ses_1" {
							t.Error("the key was not sent")
						}
						return // taken, and hung up
					}
					fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				}
			})
			c := client(t, root, time.Minute)
			if err := c.Read(t.Context(), "/", &answer{}); err != nil {
				t.Fatal(err)
			}
			err := c.Write(t.Context(), "POST", "/", body, &answer{}, httpclient.Header("Idempotency-Key", "ses_1"))
			if f := failure(t, err); f.Kind != idv.KindTimeout || !f.Ambiguous {
				t.Errorf("got %v, ambiguous %v", f, f.Ambiguous)
			}
			if posts.Load() != 1 {
				t.Errorf("the write was sent %d times", posts.Load())
			}
		})
	}
}

// A connection that the provider closed while it was idle costs nothing: what
// was never written goes out on another one, once.
func TestWriteAfterAnIdleConnectionWasClosed(t *testing.T) {
	var posts atomic.Int64
	closed := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
		_, _ = w.Write([]byte(`{"id":"x"}`))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			select {
			case closed <- struct{}{}:
			default:
			}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := client(t, server.URL, time.Minute)
	if err := c.Read(t.Context(), "/", &answer{}); err != nil {
		t.Fatal(err)
	}
	server.CloseClientConnections()
	<-closed
	var out answer
	err := c.Write(t.Context(), "POST", "/", answer{}, &out)
	if n := posts.Load(); n > 1 || err == nil && (n != 1 || out.ID != "x") {
		t.Errorf("sent %d times, %v", n, err)
	}
	if err != nil && posts.Load() == 0 {
		// The provider's goodbye crossed our request: then it must not pass for
		// something that had no effect.
		if f := failure(t, err); !f.Ambiguous {
			t.Errorf("got %v", f)
		}
	}
}

func TestWriteIsNotRepeated(t *testing.T) {
	// A gateway that lost the provider cannot tell whether the write was done.
	for status, ambiguous := range map[int]bool{429: false, 500: false, 501: false, 502: true, 503: false, 504: true, 520: true, 521: false, 524: true} {
		root, calls := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		f := failure(t, client(t, root, time.Minute).Write(t.Context(), "POST", "/", answer{}, nil))
		if calls.Load() != 1 || f.Ambiguous != ambiguous {
			t.Errorf("%d: sent %d times, ambiguous %v", status, calls.Load(), f.Ambiguous)
		}
		if f := failure(t, client(t, root, time.Second).Read(t.Context(), "/", nil)); f.Ambiguous {
			t.Errorf("%d: a read is ambiguous", status)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	other, seen := serve(t, func(http.ResponseWriter, *http.Request) {})
	root, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) })
	c := client(t, root, time.Minute)
	_ = failure(t, c.Read(context.Background(), "/", nil))
	_ = failure(t, c.Write(context.Background(), "POST", "/", answer{}, nil))
	if seen.Load() != 0 {
		t.Error("the credentials were carried to another server")
	}
}
