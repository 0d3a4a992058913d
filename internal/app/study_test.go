package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/openapi"
)

// study is an API that is asked anything: the real router on a SQLite database,
// called in this process, without workers. It is stopping as far as those are
// concerned who wait, so that nobody does.
type study struct {
	tb   testing.TB
	app  *App
	api  http.Handler
	seen *sql.Conn // sees whether anybody wrote
	// counts is a query that counts the rows of every table.
	counts string
}

func newStudy(tb testing.TB, provider string, p idv.Provider) *study {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg := testConfig(enginetest.SQLite(tb))
	cfg.EndpointAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	st, err := openStore(tb.Context(), cfg, log)
	fatal(tb, err)
	tb.Cleanup(func() { _ = st.Close() })
	accounts := &accounts{names: []string{provider}, providers: map[string]idv.Provider{provider: p}, monitors: map[string]*monitor{provider: {}}}
	a, err := newApp(cfg, st, accounts, "http://localhost", newMetrics(cfg, "test", log), log)
	fatal(tb, err)
	a.hub.Close()
	reader, err := st.Reader()
	fatal(tb, err)
	seen, err := reader.Conn(tb.Context())
	fatal(tb, err)
	tb.Cleanup(func() { _ = seen.Close() })
	return &study{tb: tb, app: a, api: a.handler(), seen: seen, counts: counting(tb, seen)}
}

func fatal(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// writes tells, by a number that changes, whether anything was written.
func (s *study) writes() (n int64) {
	s.tb.Helper()
	fatal(s.tb, s.seen.QueryRowContext(context.Background(), "PRAGMA data_version").Scan(&n))
	return n
}

// rows counts the rows of every table.
func (s *study) rows() (counts string) {
	s.tb.Helper()
	fatal(s.tb, s.seen.QueryRowContext(context.Background(), s.counts).Scan(&counts))
	return counts
}

func counting(tb testing.TB, db *sql.Conn) (query string) {
	tb.Helper()
	const each = `'''' || name || ' '' || (SELECT count(*) FROM ' || name || ')'`
	const tables = `SELECT 'SELECT ' || group_concat(` + each + `, ' || ') FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
	fatal(tb, db.QueryRowContext(context.Background(), tables).Scan(&query))
	return query
}

// recorder keeps a reply, a stream's as well.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetWriteDeadline(time.Time) error { return nil }

// send makes a request of any method and target; false if no server would hand it
// on, since it is no address.
func (s *study) send(method, target string, header http.Header, body []byte) (*http.Response, []byte, bool) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, nil, false
	}
	r := httptest.NewRequest(http.MethodGet, "/", bytes.NewReader(body))
	r.Method, r.URL, r.RequestURI, r.Header = method, u, target, header
	w := recorder{httptest.NewRecorder()}
	s.api.ServeHTTP(w, r)
	return w.Result(), w.Body.Bytes(), true
}

// call is send for requests that are to succeed.
func (s *study) call(method, target, body string) map[string]any {
	s.tb.Helper()
	header := http.Header{"Authorization": {"Bearer " + bootstrapKey}, "Content-Type": {"application/json"}, promptHeader: {promptSignature}}
	res, raw, _ := s.send(method, target, header, []byte(body))
	if res.StatusCode >= http.StatusMultipleChoices {
		s.tb.Fatalf("%s %s answered %d %s", method, target, res.StatusCode, raw)
	}
	var made map[string]any
	if len(raw) > 0 {
		fatal(s.tb, json.Unmarshal(raw, &made))
	}
	return made
}

// problemCodes are the codes of errors by the table of the API's description.
var problemCodes = map[string][]int{
	"invalid_request": {400}, "unauthorized": {401}, "forbidden": {403}, "forged": {401}, "not_found": {404},
	"already_verified": {409}, "already_decided": {409}, "conflict": {409}, "idempotency_in_flight": {409}, "idempotency_mismatch": {422},
	"method_not_allowed": {405}, "unsupported_media_type": {415}, "too_large": {413}, "rate_limited": {429},
	"provider_rejected": {502}, "provider_unavailable": {503}, "provider_timeout": {504}, "internal": {500, 503},
}

// fit says what is wrong with a reply, by the API document and by what no reply
// may be; empty if nothing is.
func fit(c *openapi.Checker, operation, method, target string, res *http.Response, raw []byte) string {
	switch {
	case res.Header.Get("X-Request-Id") == "":
		return "no X-Request-Id"
	case res.StatusCode >= http.StatusInternalServerError && res.StatusCode != http.StatusBadGateway:
		return "a fault of ours"
	}
	if res.StatusCode >= http.StatusBadRequest {
		if wrong := c.CheckProblem(res, raw); wrong != nil {
			return wrong.Error()
		}
		var p struct{ Code string }
		if err := json.Unmarshal(raw, &p); err != nil {
			return err.Error()
		}
		if !slices.Contains(problemCodes[p.Code], res.StatusCode) {
			return "the code " + p.Code + " is not one of this status"
		}
	}
	if res.StatusCode == http.StatusBadRequest && tooLong(target) {
		return "" // which the document says of all routes at once
	}
	if own, _, _ := strings.Cut(operation, " "); own != method {
		if res.StatusCode != http.StatusMethodNotAllowed {
			return "the path does not take this method"
		}
		return ""
	}
	if err := c.Check(method, target, res, raw); err != nil {
		return err.Error()
	}
	return ""
}

// tooLong reports whether an address may be refused for its length, before anybody
// asks what it is for and who it is from.
func tooLong(target string) bool { return len(target) > 8<<10 }
