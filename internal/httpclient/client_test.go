package httpclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// canary stands for a secret or a person: no error may show it.
const canary = "canary-7f3a"

type answer struct {
	ID string `json:"id"`
}

// serve starts a provider and counts the calls to it.
func serve(t *testing.T, h http.HandlerFunc) (root string, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

// client calls it, with a time-out that no test but those of time-outs reaches.
func client(t *testing.T, root string, timeout time.Duration) *httpclient.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return httpclient.New(&http.Client{Transport: transport, Timeout: timeout}, httpclient.Options{
		BaseURL: root,
		Header:  http.Header{"Authorization": {"Bearer " + canary}},
		ErrorCode: func(body []byte) string {
			var e struct{ Code string }
			_ = json.Unmarshal(body, &e) // a body that is not JSON has no code
			return e.Code
		},
	})
}

func failure(t *testing.T, err error) *idv.ProviderError {
	t.Helper()
	var f *idv.ProviderError
	if !errors.As(err, &f) {
		t.Fatalf("error %v is not an *idv.ProviderError", err)
	}
	for _, hidden := range []string{canary, "http://", "?", "<html"} {
		if strings.Contains(f.Error(), hidden) {
			t.Errorf("the error shows %q: %v", hidden, f)
		}
	}
	return f
}

func TestRead(t *testing.T) {
	root, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" || r.RequestURI != "/root/things/a%2Fb?x=1" || r.Header.Get("Authorization") != "Bearer "+canary ||
			r.Header.Get("X-One") != "1" || r.Header.Get("User-Agent") != "bonafide" || r.Header.Get("Accept") != "application/json" {
			t.Errorf("got %s %s %v", r.Method, r.RequestURI, r.Header)
		}
		w.Header().Set("Content-Type", "text/plain") // what it is called does not matter
		_, _ = w.Write([]byte(`{"id":"x"}`))
	})
	var out answer
	err := client(t, root+"/root", time.Minute).Read(t.Context(), "/things/a%2Fb?x=1", &out, httpclient.Header("x-one", "1"))
	if err != nil || out.ID != "x" {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestWriteSendsExactBytes(t *testing.T) {
	for name, tt := range map[string]struct {
		body any
		want string
	}{
		"value": {map[string]string{"a": "<&>é"}, `{"a":"<&>é"}`},
		"bytes": {[]byte(`{ "as": "is" }`), `{ "as": "is" }`},
		"none":  {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil || string(body) != tt.want || r.ContentLength != int64(len(tt.want)) || len(r.TransferEncoding) > 0 {
					t.Errorf("got %q, length %d, %v, %v", body, r.ContentLength, r.TransferEncoding, err)
				}
				if r.Header.Get("X-Signed") != "over:"+tt.want {
					t.Errorf("signed %q", r.Header.Get("X-Signed"))
				}
				w.WriteHeader(http.StatusNoContent)
			})
			sign := func(body []byte) http.Header { return http.Header{"x-signed": {"over:" + string(body)}} }
			err := client(t, root, time.Minute).Write(t.Context(), "POST", "/", tt.body, nil, httpclient.Sign(sign))
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWriteThatCannotBeWritten(t *testing.T) {
	root, calls := serve(t, func(http.ResponseWriter, *http.Request) {})
	err := client(t, root, time.Minute).Write(t.Context(), "POST", "/", map[string]any{canary: make(chan int)}, nil)
	if f := failure(t, err); f.Kind != idv.KindRejected || f.Ambiguous || calls.Load() != 0 {
		t.Errorf("got %v after %d calls", f, calls.Load())
	}
}

func TestStatuses(t *testing.T) {
	for _, tt := range []struct {
		status           int
		read, post, edit idv.ErrorKind
	}{
		{301, idv.KindRejected, idv.KindRejected, idv.KindRejected},
		{302, idv.KindRejected, idv.KindRejected, idv.KindRejected},
		{307, idv.KindRejected, idv.KindRejected, idv.KindRejected},
		{400, idv.KindRejected, idv.KindRejected, idv.KindRejected},
		{401, idv.KindUnauthorized, idv.KindUnauthorized, idv.KindUnauthorized},
		{402, idv.KindRejected, idv.KindRejected, idv.KindRejected},
		{403, idv.KindUnauthorized, idv.KindUnauthorized, idv.KindUnauthorized},
		{404, idv.KindNotFound, idv.KindRejected, idv.KindNotFound},
		{408, idv.KindTimeout, idv.KindTimeout, idv.KindTimeout},
		{409, idv.KindRejected, idv.KindRejected, idv.KindRejected},
		{422, idv.KindRejected, idv.KindRejected, idv.KindRejected},
		{429, idv.KindRateLimited, idv.KindRateLimited, idv.KindRateLimited},
		{500, idv.KindUnavailable, idv.KindUnavailable, idv.KindUnavailable},
		{501, idv.KindUnavailable, idv.KindUnavailable, idv.KindUnavailable},
		{503, idv.KindUnavailable, idv.KindUnavailable, idv.KindUnavailable},
	} {
		root, calls := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere?"+canary)
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(tt.status)
			_, _ = w.Write([]byte(`{"code":"SOME_CODE","error":"` + canary + `"}`))
		})
		c := client(t, root, time.Minute)
		check := func(what string, err error, want idv.ErrorKind) {
			f := failure(t, err)
			if f.Kind != want || f.HTTPStatus != tt.status || f.Code != "SOME_CODE" || f.Ambiguous {
				t.Errorf("%d on %s: %v, ambiguous %v; want %s", tt.status, what, f, f.Ambiguous, want)
			}
			if waits := want == idv.KindRateLimited || want == idv.KindUnavailable; waits != (f.RetryAfter == time.Hour) {
				t.Errorf("%d on %s: retry after %s", tt.status, what, f.RetryAfter)
			}
		}
		check("read", c.Read(t.Context(), "/x?"+canary, &answer{}), tt.read)
		check("POST", c.Write(t.Context(), "POST", "/x", nil, &answer{}), tt.post)
		check("DELETE", c.Write(t.Context(), "DELETE", "/x", nil, nil), tt.edit)
		if calls.Load() != 3 {
			t.Errorf("%d: %d calls for three questions", tt.status, calls.Load())
		}
	}
}

func TestCodesThatAreNotWordsAreDropped(t *testing.T) {
	for _, body := range []string{
		`<html>`, ``, `null`, `[]`, `{"code":"a person: ` + canary + `"}`, `{"code":"` + strings.Repeat("x", 65) + `"}`, `{"code":7}`,
	} {
		root, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(body))
		})
		if f := failure(t, client(t, root, time.Minute).Read(t.Context(), "/", &answer{})); f.Kind != idv.KindRejected || f.Code != "" {
			t.Errorf("%s: %v", body, f)
		}
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"not JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>" + canary)) },
		"empty":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) },
		"too large": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", 1<<20) + `{}`))
		},
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"id":"` + canary))
		},
		"not the gzip it says": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte(canary))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, calls := serve(t, h)
			c := client(t, root, time.Minute)
			if f := failure(t, c.Read(t.Context(), "/", &answer{})); f.Kind != idv.KindUnavailable || f.Ambiguous {
				t.Errorf("read: %v, ambiguous %v", f, f.Ambiguous)
			}
			before := calls.Load()
			f := failure(t, c.Write(t.Context(), "POST", "/", answer{}, &answer{}))
			if f.Kind != idv.KindUnavailable || !f.Ambiguous || calls.Load() != before+1 {
				t.Errorf("write: %v, ambiguous %v, sent %d times", f, f.Ambiguous, calls.Load()-before)
			}
		})
	}
}

func TestAnswerOfAMebibyteIsRead(t *testing.T) {
	root, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id":"x"` + strings.Repeat(" ", 1<<20-10) + `}`))
	})
	var out answer
	if err := client(t, root, time.Minute).Read(t.Context(), "/", &out); err != nil || out.ID != "x" {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestBaseURL(t *testing.T) {
	for root, want := range map[string]string{
		"https://api.example/v1/": "https://api.example/v1", " http://127.0.0.1:8080 ": "http://127.0.0.1:8080",
		"": "", "api.example": "", "ftp://api.example": "", "https://": "", "https://u:" + canary + "@h": "",
		"https://h?x=" + canary: "", "https://h#x": "", "://" + canary: "",
	} {
		got, err := httpclient.BaseURL(root)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", root, got, err)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%q: the error shows the value", root)
		}
	}
}

func TestCanceled(t *testing.T) {
	root, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := failure(t, client(t, root, time.Minute).Write(ctx, "POST", "/", nil, nil))
	if f.Kind != idv.KindTimeout || f.Ambiguous || !errors.Is(f, context.Canceled) {
		t.Errorf("got %v, ambiguous %v", f, f.Ambiguous)
	}
}
