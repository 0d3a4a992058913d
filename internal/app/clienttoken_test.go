package app

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// withoutToken is the answer without its client token, which is always fresh.
func (a answer) withoutToken() string {
	return strings.Replace(string(a.raw), `"clientToken":"`+a.text("clientToken")+`",`, "", 1)
}

// A phone follows its user's status with what the create answered.
func TestPhoneFollowsItsUser(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.create("user-1", "kora")
		w.create("user-2", "kora")
		phone := "Bearer " + session.text("clientToken")
		mine := func() answer {
			return w.call("GET", "/v1/me/verification", nil, "Authorization", phone).want(t, 200, "")
		}
		if a := mine(); a.text("externalUserId") != "user-1" || a.text("status") != "pending" {
			t.Errorf("own status %s", a.raw)
		}
		w.decide(session, "approve")
		eventually(t, "the phone reads verified", func() bool { return mine().text("status") == "verified" })
		if own, asked := mine(), w.user("user-1"); string(own.raw) != string(asked.raw) {
			t.Errorf("the phone reads %s, the backend %s", own.raw, asked.raw)
		}
		for _, path := range []string{"/v1/users/user-1/verification", "/v1/users/user-2/verification", "/v1/sessions/" + session.text("id")} {
			w.call("GET", path, nil, "Authorization", phone).want(t, 403, "forbidden")
		}
		w.call("POST", "/v1/users/user-1/client-tokens", nil, "Authorization", phone).want(t, 403, "forbidden")
	})
}

// The answer that is kept under an idempotency key holds no token; each reply
// has a fresh one, whatever the client chose to call its things.
func TestReplayedCreateHasAFreshToken(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		body := `{"externalUserId":"user-1","provider":"kora","metadata":{"clientToken":"-"}}`
		first := w.call("POST", "/v1/sessions", body, "Idempotency-Key", "k").want(t, 201, "")
		again := w.call("POST", "/v1/sessions", body, "Idempotency-Key", "k").want(t, 201, "")
		reused := w.call("POST", "/v1/sessions", body).want(t, 200, "")
		for _, a := range []answer{first, again, reused} {
			own := w.call("GET", "/v1/me/verification", nil, "Authorization", "Bearer "+a.text("clientToken")).want(t, 200, "")
			if own.text("externalUserId") != "user-1" || a.text("metadata.clientToken") != "-" {
				t.Errorf("session %s, own status %s", a.raw, own.raw)
			}
		}
		if first.withoutToken() != again.withoutToken() {
			t.Errorf("first %s\nagain %s", first.raw, again.raw)
		}
		if a := w.session(first.text("id")); a.at("clientToken") != nil {
			t.Errorf("a read hands out a token: %s", a.raw)
		}
	})
}

func TestClientTokensAreMadeToMeasure(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	const path = "/v1/users/a%2Fb%20c/client-tokens"
	before := time.Now()
	a := w.call("POST", path, `{"expiresInSeconds":60}`).want(t, 201, "")
	expires, err := time.Parse(time.RFC3339, a.text("expiresAt"))
	must(t, err)
	if left := expires.Sub(before); left < 58*time.Second || left > 61*time.Second {
		t.Errorf("it counts for %s", left)
	}
	own := w.call("GET", "/v1/me/verification", nil, "Authorization", "Bearer "+a.text("clientToken")).want(t, 200, "")
	if own.text("externalUserId") != "a/b c" || own.text("status") != "unverified" {
		t.Errorf("own status %s", own.raw)
	}
	again := w.call("POST", path, nil, "Idempotency-Key", "k").want(t, 201, "")
	if b := w.call("POST", path, "{}", "Idempotency-Key", "k").want(t, 201, ""); string(b.raw) != string(again.raw) || b.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s, again %s", again.raw, b.raw)
	}
	w.call("POST", path, `{"expiresInSeconds":600}`, "Idempotency-Key", "k").want(t, 422, "idempotency_mismatch")
	for _, body := range []string{`{"expiresInSeconds":59}`, `{"expiresInSeconds":86401}`, `{"expiresInSeconds":"60"}`, `{"expires":60}`} {
		w.call("POST", path, body).want(t, 400, "invalid_request")
	}
	w.call("POST", "/v1/users/a%00/client-tokens", nil).want(t, 400, "invalid_request")
}

// Pages of the origins that an operator names may call, and no others.
func TestBrowsersOfConfiguredOrigins(t *testing.T) {
	const app = "https://app.example.com"
	w := start(t, enginetest.SQLite(t), func(c *config.Config) { c.CORSOrigins = []string{app} })
	asks := func(method, path, origin string) *http.Response {
		req, err := http.NewRequest(method, w.base+path, nil)
		must(t, err)
		req.Header.Set("Origin", origin)
		if method == http.MethodOptions {
			req.Header.Set("Access-Control-Request-Method", "GET")
			req.Header.Set("Access-Control-Request-Headers", "authorization,if-none-match")
		}
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		must(t, res.Body.Close())
		return res
	}
	preflight := asks(http.MethodOptions, "/v1/me/verification", app)
	if preflight.StatusCode != http.StatusNoContent || preflight.Header.Get("Access-Control-Allow-Origin") != app ||
		!strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "Authorization") || preflight.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight %d %v", preflight.StatusCode, preflight.Header)
	}
	// Without a token, but the page may read why.
	if res := asks(http.MethodGet, "/v1/me/verification", app); res.StatusCode != 401 || res.Header.Get("Access-Control-Allow-Origin") != app {
		t.Errorf("get %d %v", res.StatusCode, res.Header)
	}
	for _, c := range []struct{ path, origin string }{
		{"/v1/me/verification", "https://evil.example.com"},
		{"/v1/users/user-1/verification", app},
	} {
		for _, method := range []string{http.MethodOptions, http.MethodGet} {
			if res := asks(method, c.path, c.origin); res.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s from %s: %v", method, c.path, c.origin, res.Header)
			}
		}
	}
}
