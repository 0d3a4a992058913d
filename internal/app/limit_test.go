package app

import (
	"net/http"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// clock is a time that stands still unless it is told to pass.
type clock struct{ passed atomic.Int64 }

func (c *clock) pass(d time.Duration) { c.passed.Add(int64(d)) }

// limited serves a world that allows one request a second, of everything that can
// be limited, and two at once, by a clock of its own.
func limited(t *testing.T, databaseURL string, change ...func(*config.Config)) (*world, *clock) {
	t.Helper()
	change = append([]func(*config.Config){func(c *config.Config) { c.RateLimit, c.WebhookRateLimit = 1, 1 }}, change...)
	began, passes := time.Now(), &clock{}
	twin, _ := start(t, databaseURL, change...).beside(func(o *api.Options) {
		o.Now = func() time.Time { return began.Add(time.Duration(passes.passed.Load())) }
	})
	return twin, passes
}

// thrice makes a call three times, of which the third is one too many.
func (w *world) thrice(method, path string, body any, header ...string) (refused answer, before []answer) {
	w.t.Helper()
	for range 2 {
		a := w.call(method, path, body, header...)
		if before = append(before, a); a.status == http.StatusTooManyRequests {
			w.t.Fatalf("%s %s is refused too early", method, path)
		}
	}
	return w.call(method, path, body, header...).want(w.t, http.StatusTooManyRequests, "rate_limited"), before
}

// statesQuota fails unless a reply says how its quota stands, as the draft on
// these headers has it, and gives how many requests may follow.
func (a answer) statesQuota(t *testing.T, name string) (left int) {
	t.Helper()
	if got := a.header.Get("RateLimit-Policy"); got != `"`+name+`";q=2;w=2` {
		t.Errorf("RateLimit-Policy: %s", got)
	}
	m := regexp.MustCompile(`^"` + name + `";r=([0-9]+);t=([12])$`).FindStringSubmatch(a.header.Get("RateLimit"))
	if m == nil {
		t.Fatalf("RateLimit: %s", a.header.Get("RateLimit"))
	}
	left, err := strconv.Atoi(m[1])
	must(t, err)
	return left
}

// isRefusal fails unless a reply is a whole refusal by the limit.
func (a answer) isRefusal(t *testing.T, limit string) {
	t.Helper()
	a.want(t, 429, "rate_limited")
	if left := a.statesQuota(t, limit); left != 0 {
		t.Errorf("refused with %d left", left)
	}
	if s, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || s != 1 {
		t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
	}
}

// forEver is when credentials of these tests end.
var forEver time.Time

// A credential has its own quota, and what goes beyond it changes nothing.
func TestQuotaOfACredential(t *testing.T) {
	w, time := limited(t, enginetest.SQLite(t))
	other := "Bearer " + w.grant([]idv.Scope{idv.ScopeUsersRead}, forEver)
	refused, made := w.thrice("POST", "/v1/sessions", `{"externalUserId":"user-1","provider":"kora","reuse":"never"}`)
	refused.isRefusal(t, "credential")
	if first := made[0].want(t, 201, ""); first.statesQuota(t, "credential") != 1 {
		t.Errorf("first %v", first.header)
	}
	if made[1].want(t, 201, "").statesQuota(t, "credential") != 0 {
		t.Errorf("second %v", made[1].header)
	}
	if kept, err := w.app.store.Sessions(t.Context(), idv.SessionFilter{Page: idv.Page{Limit: 100}}); err != nil || len(kept) != len(made) {
		t.Errorf("%d sessions were made, %d are kept, %v", len(made), len(kept), err)
	}

	// Another credential from the same address is not concerned, and what it may not
	// do counts.
	const own = "/v1/users/user-1/verification"
	w.call("GET", own, nil, "Authorization", other).want(t, 200, "")
	w.call("GET", "/v1/sessions", nil, "Authorization", other).want(t, 403, "forbidden").statesQuota(t, "credential")
	w.call("GET", "/v1/sessions", nil, "Authorization", other).isRefusal(t, "credential")
	time.pass(999_999_999)
	w.call("GET", own, nil, "Authorization", other).isRefusal(t, "credential")
	time.pass(1)
	w.call("GET", own, nil, "Authorization", other).want(t, 200, "")
	w.call("GET", own, nil, "Authorization", other).isRefusal(t, "credential")
}

// Client tokens have the quota of their user, whichever of them is used.
func TestQuotaOfAUser(t *testing.T) {
	w, _ := limited(t, enginetest.SQLite(t))
	phone := func(user string, life time.Duration) string {
		signed, _, err := w.app.apiOptions().ClientTokens.New(user, life)
		must(t, err)
		return "Bearer " + signed
	}
	const own = "/v1/me/verification"
	refused, before := w.thrice("GET", own, nil, "Authorization", phone("user-1", time.Hour))
	refused.isRefusal(t, "credential")
	if before[0].want(t, 200, "").statesQuota(t, "credential") != 1 {
		t.Errorf("first %v", before[0].header)
	}
	w.call("GET", own, nil, "Authorization", phone("user-1", 2*time.Hour)).isRefusal(t, "credential")
	w.call("GET", own, nil, "Authorization", phone("user-2", time.Hour)).want(t, 200, "").statesQuota(t, "credential")
	w.call("GET", own, nil, "Authorization", phone("user-3", time.Hour), "If-None-Match", "*").want(t, 304, "").statesQuota(t, "credential")
}

// Who has no valid credential is limited by where they come from, and whoever has
// one is not refused for them.
func TestFailedAuthenticationsAreLimited(t *testing.T) {
	w, _ := limited(t, enginetest.SQLite(t))
	refused, before := w.thrice("GET", "/v1/sessions", nil, "Authorization", "Bearer bfk_guessed")
	refused.isRefusal(t, "address")
	for _, a := range before {
		if a.want(t, 401, "unauthorized"); a.header.Get("RateLimit") != "" {
			t.Errorf("a stranger is told %v", a.header)
		}
	}
	for i := range 20 {
		w.call("GET", "/v1/sessions", nil, "Authorization", "").isRefusal(t, "address")
		key := w.grant([]idv.Scope{idv.ScopeSessionsRead}, forEver)
		if a := w.call("GET", "/v1/sessions", nil, "Authorization", "Bearer "+key); a.status != 200 {
			t.Fatalf("valid credential %d: %d %s", i, a.status, a.raw)
		}
	}
	// A reply to HEAD has no body, and says the same.
	res, err := http.Head(w.base + "/v1/sessions")
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Errorf("HEAD: %d %v", res.StatusCode, res.Header)
	}
}

func TestNoLimitUnlessItIsSet(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	for range 50 {
		if a := w.call("GET", "/v1/providers", nil).want(t, 200, ""); a.header.Get("RateLimit") != "" || a.header.Get("RateLimit-Policy") != "" {
			t.Fatalf("headers %v", a.header)
		}
		w.call("GET", "/v1/providers", nil, "Authorization", "").want(t, 401, "unauthorized")
		w.call("POST", "/v1/webhooks/kora", "{}", "Authorization", "").want(t, 401, "forged")
	}
}

// Refusals are counted by the limit.
func TestMetricsTellOfRefusals(t *testing.T) {
	w, _ := limited(t, enginetest.SQLite(t))
	watcher := w.grant([]idv.Scope{idv.ScopeMetricsRead}, forEver)
	w.thrice("GET", "/v1/providers", nil)
	w.thrice("GET", "/v1/providers", nil, "Authorization", "")
	w.thrice("POST", "/v1/webhooks/nobody", "{}", "Authorization", "")
	n := scrape(t, w.base+"/metrics", watcher)
	for _, series := range []string{
		`bonafide_requests_refused_total{limit="credential"}`, `bonafide_requests_refused_total{limit="address"}`,
		`bonafide_requests_refused_total{limit="webhook"}`, `bonafide_webhooks_total{outcome="limited",provider="unknown"}`,
		`bonafide_http_requests_total{code="429",method="POST",route="/v1/webhooks/{provider}"}`,
	} {
		if n[series] != 1 {
			t.Errorf("%s is %v", series, n[series])
		}
	}
}
