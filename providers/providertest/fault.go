package providertest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// settings checks that what is missing is named and nothing secret is shown.
func (s Suite) settings(t *testing.T) {
	full := s.Settings("http://127.0.0.1:1")
	for _, setting := range s.Adapter.Settings {
		if !setting.Required {
			continue
		}
		broken := s.Settings("http://127.0.0.1:1")
		broken[setting.Key] = ""
		_, err := s.Adapter.New(broken, &http.Client{})
		if err == nil || !strings.Contains(err.Error(), setting.Key) {
			t.Errorf("without %s: error %v does not name it", setting.Key, err)
		}
		s.noSecret(t, full, err)
	}
	if _, err := s.Adapter.New(full, &http.Client{}); err != nil {
		t.Errorf("complete settings are refused: %v", err)
	}
}

// noSecret fails if the error shows the value of a secret setting.
func (s Suite) noSecret(t testing.TB, settings idv.Settings, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, setting := range s.Adapter.Settings {
		for _, value := range settings.List(setting.Key) {
			if setting.Secret && strings.Contains(err.Error(), value) {
				t.Errorf("the error shows %s", setting.Key)
			}
		}
	}
}

// fault is something that a provider or the way to it can do, and what must be
// made of it: Kind, Ambiguous and RetryAfter.
type fault struct {
	name  string
	serve http.HandlerFunc
	start idv.ProviderError
	fetch *idv.ProviderError // nil if it depends on the provider
}

func faults() []fault {
	both := func(name string, serve http.HandlerFunc, e idv.ProviderError) fault {
		return fault{name: name, serve: serve, start: e, fetch: &e}
	}
	list := []fault{
		both("400", answer(400), idv.ProviderError{Kind: idv.KindRejected}),
		both("409", answer(409), idv.ProviderError{Kind: idv.KindRejected}),
		both("422", answer(422), idv.ProviderError{Kind: idv.KindRejected}),
		both("redirect", answer(302, "Location", "https://elsewhere.example/"), idv.ProviderError{Kind: idv.KindRejected}),
		both("401", answer(401), idv.ProviderError{Kind: idv.KindUnauthorized}),
		both("403", answer(403), idv.ProviderError{Kind: idv.KindUnauthorized}),
		{
			name: "404", serve: answer(404),
			start: idv.ProviderError{Kind: idv.KindRejected},
			fetch: &idv.ProviderError{Kind: idv.KindNotFound},
		},
		both("429", answer(429, "Retry-After", "30"), idv.ProviderError{Kind: idv.KindRateLimited, RetryAfter: 30 * time.Second}),
		both("500", answer(500), idv.ProviderError{Kind: idv.KindUnavailable}),
		both("503", answer(503, "Retry-After", "60"), idv.ProviderError{Kind: idv.KindUnavailable, RetryAfter: time.Minute}),
		{
			name: "502", serve: answer(502),
			start: idv.ProviderError{Kind: idv.KindUnavailable, Ambiguous: true},
			fetch: &idv.ProviderError{Kind: idv.KindUnavailable},
		},
		{
			name: "hang", serve: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			start: idv.ProviderError{Kind: idv.KindTimeout, Ambiguous: true},
			fetch: &idv.ProviderError{Kind: idv.KindTimeout},
		},
		{
			name: "hang up", serve: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			start: idv.ProviderError{Kind: idv.KindTimeout, Ambiguous: true},
			fetch: &idv.ProviderError{Kind: idv.KindUnavailable},
		},
	}
	for name, body := range map[string]string{
		"not JSON": "<html>", "empty": "", "other JSON": `["x"]`, "cut": `{"id":"ver_`, "no id": `{}`,
	} {
		f := fault{
			name:  name,
			serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) },
			start: idv.ProviderError{Kind: idv.KindUnavailable, Ambiguous: true},
			fetch: &idv.ProviderError{Kind: idv.KindUnavailable},
		}
		if name == "no id" {
			f.fetch = nil
		}
		list = append(list, f)
	}
	return list
}

// answer answers with a status, header pairs and a body that is not JSON.
func answer(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<html>not what was expected</html>"))
	}
}

// startFaults checks the kind of every failure and that a write is sent once.
func (s Suite) startFaults(t *testing.T) {
	start := func(ctx context.Context, p idv.Provider) error {
		_, err := p.Start(ctx, s.Start)
		return err
	}
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			calls, err := s.against(t, f.serve, start)
			checkFailure(t, err, f.start)
			if calls != 1 {
				t.Errorf("the create was sent %d times", calls)
			}
		})
	}
	t.Run("refused connection", func(t *testing.T) {
		settings := s.Settings(nobody(t))
		err := start(t.Context(), s.provider(t, settings, time.Second))
		checkFailure(t, err, idv.ProviderError{Kind: idv.KindUnavailable})
		s.noSecret(t, settings, err)
	})
}

func (s Suite) fetchFaults(t *testing.T) {
	fetch := func(ctx context.Context, p idv.Provider) error {
		_, err := p.Fetch(ctx, s.Ref)
		return err
	}
	for _, f := range faults() {
		if f.fetch == nil {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.against(t, f.serve, fetch)
			checkFailure(t, err, *f.fetch)
		})
	}
	t.Run("busy is asked again", func(t *testing.T) {
		t.Parallel()
		calls, err := s.against(t, answer(503), fetch)
		checkFailure(t, err, idv.ProviderError{Kind: idv.KindUnavailable})
		if calls < 2 {
			t.Errorf("the question was sent %d times", calls)
		}
	})
}

// against calls a provider that behaves as given, and counts what was sent.
func (s Suite) against(t *testing.T, serve http.HandlerFunc, call func(context.Context, idv.Provider) error) (int64, error) {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // only a request that was read to its end is watched for its caller going away
		serve(w, r)
	}))
	defer server.Close()
	settings := s.Settings(server.URL)
	err := call(t.Context(), s.provider(t, settings, 1500*time.Millisecond))
	s.noSecret(t, settings, err)
	return calls.Load(), err
}

func checkFailure(t *testing.T, err error, want idv.ProviderError) {
	t.Helper()
	var got *idv.ProviderError
	if !errors.As(err, &got) {
		t.Fatalf("error %v is not an *idv.ProviderError", err)
	}
	if got.Kind != want.Kind || got.Ambiguous != want.Ambiguous || got.RetryAfter != want.RetryAfter {
		t.Errorf("got kind %s, ambiguous %v, retry after %s; want %s, %v, %s (%v)",
			got.Kind, got.Ambiguous, got.RetryAfter, want.Kind, want.Ambiguous, want.RetryAfter, err)
	}
}

// nobody gives the root of a server that does not listen any more.
func nobody(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	return server.URL
}
