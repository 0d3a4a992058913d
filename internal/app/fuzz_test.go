package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// still is a provider that can do nothing, so that nothing is bought.
type still struct{}

func (still) Start(context.Context, idv.StartRequest) (idv.Started, error) {
	return idv.Started{}, &idv.ProviderError{Kind: idv.KindRejected}
}

func (still) Fetch(context.Context, idv.Ref) (idv.Update, error) {
	return idv.Update{}, &idv.ProviderError{Kind: idv.KindNotFound}
}

// quiet is an API on an empty database, without workers.
func quiet(f *testing.F) http.Handler {
	f.Helper()
	return quietApp(f).handler()
}

func quietApp(f *testing.F) *App {
	f.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg := testConfig("sqlite:" + filepath.Join(f.TempDir(), "fuzz.db"))
	st, err := openStore(f.Context(), cfg, log)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = st.Close() })
	if err := st.Migrate(f.Context()); err != nil {
		f.Fatal(err)
	}
	p := &accounts{names: []string{"still"}, providers: map[string]idv.Provider{"still": still{}}, monitors: map[string]*monitor{"still": {}}}
	a, err := newApp(cfg, st, p, "http://localhost", newMetrics(cfg, "test", log), log)
	if err != nil {
		f.Fatal(err)
	}
	return a
}

// ask gives the status of a call, which no input may make a fault of ours.
func ask(t *testing.T, api http.Handler, method, target string, body io.Reader) int {
	t.Helper()
	r := httptest.NewRequest(method, "/", body)
	r.Header.Set("Authorization", "Bearer "+bootstrapKey)
	r.Header.Set("Content-Type", "application/json")
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return http.StatusBadRequest // it would not reach us
	}
	r.URL = u
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if w.Code >= 500 && w.Code != http.StatusBadGateway {
		t.Errorf("%s %q answered %d %s", method, target, w.Code, w.Body)
	}
	if w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
		t.Errorf("%s %q: not JSON: %s", method, target, w.Body)
	}
	return w.Code
}

func FuzzCreateSession(f *testing.F) {
	for _, seed := range []string{
		`{"externalUserId":"user-1"}`, `{"externalUserId":"a\u0000b","metadata":{"a":"b"}}`, `{"user":{"phone":"+1 2"},"expiresInSeconds":60}`,
		`{"documentTypes":["passport"],"country":"NG","locale":"en-NG","callbackUrl":"https://a.example/"}`, `[]`, `{"a":`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	api := quiet(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		began := time.Now()
		ask(t, api, "POST", "/v1/sessions", bytes.NewReader(body))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func FuzzPathsAndQueries(f *testing.F) {
	for _, seed := range []string{
		"/v1/sessions?limit=1&cursor=x", "/v1/sessions/ses_01kagt2f6pe4mrt1qq3g1c2s8f/timeline", "/v1/users/a%2Fb%00/verification",
		"/v1/webhook-deliveries?state=parked", "/v1/sessions?createdAfter=2026-11-20T09:00:00Z", "/docs/../x", "/v1/sessions/%ff/result", "/v1/users/%/verification",
	} {
		f.Add(seed)
	}
	api := quiet(f)
	f.Fuzz(func(t *testing.T, target string) {
		ask(t, api, "GET", target, nil)
		ask(t, api, "POST", target, nil)
	})
}
