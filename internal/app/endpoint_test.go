package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

func onLoopback(c *config.Config) {
	c.EndpointAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// client is the backend of a client that is told of events.
type client struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	status int
	got    []map[string]any
	raw    []string
	forged int
}

func newClient(t *testing.T) *client {
	t.Helper()
	c := &client{status: http.StatusNoContent}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *client) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	library, err := webhooks.NewWebhook(c.secret)
	if err != nil || library.Verify(raw, r.Header) != nil {
		c.forged++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var body map[string]any
	_ = json.Unmarshal(raw, &body)
	body["webhook-id"] = r.Header.Get("webhook-id")
	c.got, c.raw = append(c.got, body), append(c.raw, string(raw))
	w.WriteHeader(c.status)
}

func (c *client) set(secret string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret, c.status = secret, status
}

func (c *client) events() []map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

// The whole walk, as a client's endpoint hears of it: what it is sent is what the
// feed shows, and nothing personal is in it or in the logs.
func TestEndpointHearsTheWholeWalk(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, onLoopback)
		c := newClient(t)
		made := w.call("POST", "/v1/endpoints", map[string]any{"url": c.URL, "types": []string{"user.*", "session.approved"}}).want(t, 201, "")
		c.set(made.text("secret"), 204)
		session := w.call("POST", "/v1/sessions", map[string]any{
			"externalUserId": "user-1", "provider": "kora", "metadata": map[string]string{"note": "CANARY"},
			"user": map[string]string{"firstName": "CANARY", "lastName": "CANARY", "email": "canary@example.com"},
		}).want(t, 201, "")
		w.decide(session, "approve")
		w.awaitUser("user-1", "verified")
		told := map[string]map[string]any{}
		eventually(t, "the client is told", func() bool {
			for _, e := range c.events() {
				told[e["type"].(string)] = e
			}
			return told["user.verified"] != nil && told["session.approved"] != nil && told["user.pending"] != nil
		})
		for _, e := range w.feed("200") {
			kind := e["type"].(string)
			if got := told[kind]; got != nil && (!reflect.DeepEqual(got["data"], any(e)) || got["webhook-id"] != e["id"] || got["timestamp"] != e["createdAt"]) {
				t.Errorf("%s: sent %v, the feed has %v", kind, got, e)
			}
		}
		if len(told) != 3 || c.forged != 0 {
			t.Errorf("told of %d types, %d times with a wrong signature", len(told), c.forged)
		}
		for _, text := range append(c.raw, w.logs.String()) {
			if strings.Contains(strings.ToLower(text), "canary") || strings.Contains(text, "whsec_") || strings.Contains(text, made.text("secret")) {
				t.Errorf("personal data or a secret in %s", text)
			}
		}
		eventually(t, "the log tells of it", func() bool {
			list := w.call("GET", "/v1/endpoints/"+made.text("id")+"/messages?state=delivered&limit=200", nil).want(t, 200, "").list("data")
			return len(list) == 3
		})
	})
}

func TestLifeOfAnEndpoint(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, onLoopback)
		c := newClient(t)
		body := map[string]any{"url": c.URL, "description": "accounts"}
		made := w.call("POST", "/v1/endpoints", body, "Idempotency-Key", "make-1").want(t, 201, "")
		path := "/v1/endpoints/" + made.text("id")
		if made.header.Get("Location") != path || !strings.HasPrefix(made.text("secret"), "whsec_") || made.at("enabled") != true || made.at("version") != 1.0 {
			t.Errorf("made %s", made.raw)
		}
		if again := w.call("POST", "/v1/endpoints", body, "Idempotency-Key", "make-1").want(t, 201, ""); string(again.raw) != string(made.raw) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again %s", again.raw)
		}
		w.call("POST", "/v1/endpoints", map[string]any{"url": c.URL}, "Idempotency-Key", "make-1").want(t, 422, "idempotency_mismatch")
		c.set(made.text("secret"), 204)

		for _, shown := range []answer{w.call("GET", path, nil), w.call("GET", "/v1/endpoints", nil), w.call("GET", path+"/messages", nil)} {
			if shown.status != 200 || strings.Contains(string(shown.raw), "whsec_") || strings.Contains(string(shown.raw), "secret") {
				t.Errorf("shown %d %s", shown.status, shown.raw)
			}
		}
		if a := w.call("POST", path+"/test", nil).want(t, 200, ""); a.at("delivered") != true || a.at("attempt.statusCode") != 204.0 || c.events()[0]["webhook-id"] != a.at("eventId") {
			t.Errorf("test %s", a.raw)
		}

		rotated := w.call("POST", path+"/rotate-secret", `{"overlapSeconds":0}`).want(t, 200, "")
		if rotated.text("secret") == made.text("secret") || rotated.at("version") != 2.0 {
			t.Errorf("rotated %s", rotated.raw)
		}
		if a := w.call("POST", path+"/test", nil).want(t, 200, ""); a.at("delivered") != false || a.at("attempt.fault") != "status" {
			t.Errorf("the old secret still signs: %s", a.raw)
		}
		c.set(rotated.text("secret"), 204)

		changed := w.call("PATCH", path, `{"types":["session.created"],"description":""}`).want(t, 200, "")
		if changed.text("description") != "" || len(changed.at("types").([]any)) != 1 || changed.text("url") != c.URL || changed.at("version") != 3.0 {
			t.Errorf("changed %s", changed.raw)
		}
		w.create("user-1", "kora")
		var list []map[string]any
		eventually(t, "it is sent", func() bool {
			list = w.call("GET", path+"/messages", nil).want(t, 200, "").list("data")
			return len(list) == 1 && list[0]["state"] == "delivered"
		})
		one := list[0]["eventId"].(string)
		w.call("POST", path+"/messages/"+one+"/resend", nil).want(t, 202, "")
		eventually(t, "it is sent again", func() bool { return len(c.events()) == 3 })
		if a := w.call("POST", path+"/resend", `{"from":"2020-01-01T00:00:00Z","includeDelivered":true}`).want(t, 202, ""); a.at("nextFrom") != nil {
			t.Errorf("resent %s", a.raw)
		}

		off := w.call("PATCH", path, `{"enabled":false}`).want(t, 200, "")
		if off.at("enabled") != false || off.text("disabledReason") != "client" || off.text("disabledAt") == "" {
			t.Errorf("disabled %s", off.raw)
		}
		w.call("POST", path+"/messages/"+one+"/resend", nil).want(t, 409, "conflict")
		w.call("POST", path+"/resend", `{"from":"2020-01-01T00:00:00Z"}`).want(t, 409, "conflict")
		if on := w.call("PATCH", path, `{"enabled":true}`).want(t, 200, ""); on.at("disabledReason") != nil {
			t.Errorf("enabled %s", on.raw)
		}

		if a := w.call("DELETE", path, nil).want(t, 204, ""); len(a.raw) != 0 {
			t.Errorf("deleted %s", a.raw)
		}
		for _, call := range [][2]string{
			{"GET", path},
			{"PATCH", path},
			{"DELETE", path},
			{"POST", path + "/rotate-secret"},
			{"POST", path + "/test"},
			{"GET", path + "/messages"},
			{"POST", path + "/messages/" + one + "/resend"},
		} {
			w.call(call[0], call[1], nil).want(t, 404, "not_found")
		}
		w.call("POST", path+"/resend", `{"from":"2020-01-01T00:00:00Z"}`).want(t, 404, "not_found")
	})
}

func TestEndpointsAreListedByPages(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		var made []string
		for range 3 {
			made = append(made, w.call("POST", "/v1/endpoints", `{"url":"https://client.example/hook"}`).want(t, 201, "").text("id"))
		}
		slices.Reverse(made)
		first := w.call("GET", "/v1/endpoints?limit=2", nil).want(t, 200, "")
		rest := w.call("GET", "/v1/endpoints?limit=2&cursor="+first.text("nextCursor"), nil).want(t, 200, "")
		var listed []string
		for _, e := range append(first.list("data"), rest.list("data")...) {
			listed = append(listed, e["id"].(string))
		}
		if !slices.Equal(listed, made) || first.at("hasMore") != true || rest.at("hasMore") != false || rest.at("nextCursor") != nil {
			t.Errorf("listed %v, made %v", listed, made)
		}
	})
}

func TestEndpointsRefuseWhatTheyDoNotKnow(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	made := w.call("POST", "/v1/endpoints", `{"url":"https://client.example/hook"}`).want(t, 201, "")
	path := "/v1/endpoints/" + made.text("id")
	for _, x := range []struct{ method, path, body, pointer string }{
		{"POST", "/v1/endpoints", `{}`, "/url"},
		{"POST", "/v1/endpoints", `{"url":"http://client.example/"}`, "/url"},
		{"POST", "/v1/endpoints", `{"url":"https://10.0.0.1/"}`, "/url"},
		{"POST", "/v1/endpoints", `{"url":"https://client.example/","types":["user.unknown"]}`, "/types/0"},
		{"POST", "/v1/endpoints", `{"url":"https://client.example/","types":["user.*","user.*"]}`, "/types"},
		{"POST", "/v1/endpoints", `{"url":"https://client.example/","types":["*"]}`, "/types/0"},
		{"POST", "/v1/endpoints", `{"url":"https://client.example/","secret":"mine"}`, "/secret"},
		{"PATCH", path, `{"url":""}`, "/url"},
		{"PATCH", path, `{"types":["session"]}`, "/types/0"},
		{"PATCH", path, `{"enabled":"yes"}`, "/enabled"},
		{"POST", path + "/rotate-secret", `{"overlapSeconds":-1}`, "/overlapSeconds"},
		{"POST", path + "/test", `{"type":"user.verified"}`, "/type"},
		{"POST", path + "/resend", `{}`, "/from"},
		{"POST", path + "/resend", `{"from":"yesterday"}`, "/from"},
		{"POST", path + "/resend", `{"from":"2026-11-20T09:00:00Z","to":"2026-11-20T09:00:00Z"}`, "/to"},
		{"POST", path + "/resend", `{"from":"2026-11-20T09:00:00Z","to":"x"}`, "/to"},
		{"GET", path + "/messages?state=lost", ``, "?state"},
		{"GET", path + "/messages?cursor=x", ``, "?cursor"},
		{"GET", "/v1/endpoints?types=a", ``, "?types"},
	} {
		var body any
		if x.body != "" {
			body = x.body
		}
		a := w.call(x.method, x.path, body).want(t, 400, "invalid_request")
		if errs := a.list("errors"); len(errs) != 1 || errs[0]["pointer"] != x.pointer {
			t.Errorf("%s %s: %s", x.path, x.body, a.raw)
		}
	}
	w.call("GET", "/v1/endpoints/end_x", nil).want(t, 404, "not_found")
	w.call("POST", path+"/messages/evt_x/resend", nil).want(t, 404, "not_found")
}
