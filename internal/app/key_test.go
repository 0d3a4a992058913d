package app

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
)

func TestLifeOfAKey(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		body := map[string]any{"name": "accounts · ä", "scopes": []string{"users:read", "sessions:read"}, "expiresInSeconds": 3600}
		made := w.call("POST", "/v1/keys", body, "Idempotency-Key", "make-1").want(t, 201, "")
		path, secret := "/v1/keys/"+made.text("id"), made.text("key")
		if made.header.Get("Location") != path || !strings.HasPrefix(secret, "bfk_") || made.text("name") != "accounts · ä" ||
			made.at("revokedAt") != nil || made.at("lastUsedAt") != nil || made.header.Get("Cache-Control") != "no-store" {
			t.Errorf("made %v %s", made.header, made.raw)
		}
		created, err := time.Parse(time.RFC3339, made.text("createdAt"))
		must(t, err)
		expires, err := time.Parse(time.RFC3339, made.text("expiresAt"))
		must(t, err)
		if expires.Sub(created) != time.Hour {
			t.Errorf("it counts from %s to %s", created, expires)
		}
		if again := w.call("POST", "/v1/keys", body, "Idempotency-Key", "make-1").want(t, 201, ""); string(again.raw) != string(made.raw) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again %s", again.raw)
		}
		w.call("POST", "/v1/keys", map[string]any{"name": "x", "scopes": []string{"admin"}}, "Idempotency-Key", "make-1").want(t, 422, "idempotency_mismatch")
		if n := len(w.call("GET", "/v1/keys", nil).want(t, 200, "").list("data")); n != 1 {
			t.Errorf("%d keys", n)
		}

		client := *w
		client.key = secret
		client.call("GET", "/v1/sessions", nil).want(t, 200, "")
		client.call("POST", "/v1/sessions", forUser("user-1", "kora")).want(t, 403, "forbidden")
		client.call("POST", "/v1/keys", body).want(t, 403, "forbidden")
		used := w.call("GET", path, nil).want(t, 200, "")
		at, err := time.Parse(time.RFC3339, used.text("lastUsedAt"))
		if err != nil || at.Before(created) || time.Since(at) > time.Minute {
			t.Errorf("last used %v, %v", used.at("lastUsedAt"), err)
		}
		for _, shown := range []answer{used, w.call("GET", "/v1/keys", nil)} {
			if strings.Contains(string(shown.raw), secret) || strings.Contains(string(shown.raw), `"key"`) {
				t.Errorf("shown %s", shown.raw)
			}
		}

		w.call("DELETE", path, nil).want(t, 204, "")
		client.call("GET", "/v1/sessions", nil).want(t, 401, "unauthorized")
		revoked := w.call("GET", path, nil).want(t, 200, "").text("revokedAt")
		w.call("DELETE", path, nil).want(t, 204, "")
		if again := w.call("GET", path, nil).want(t, 200, "").text("revokedAt"); revoked == "" || again != revoked {
			t.Errorf("revoked at %q, then at %q", revoked, again)
		}
		for _, text := range []string{w.logs.String(), w.everything()} {
			if strings.Contains(text, secret) {
				t.Error("a key is kept in the clear")
			}
		}
		for _, unknown := range []string{id.New("key"), "key_bootstrap", "ses_01kagt2f6pe4mrt1qq3g1c2s8f", "a%2Fb"} {
			w.call("GET", "/v1/keys/"+unknown, nil).want(t, 404, "not_found")
			w.call("DELETE", "/v1/keys/"+unknown, nil).want(t, 404, "not_found")
		}
	})
}

// everything is what the database keeps under idempotency keys and of API keys.
func (w *world) everything() string {
	w.t.Helper()
	var all strings.Builder
	rows, err := w.app.store.DB().QueryContext(w.t.Context(), "SELECT answer FROM idempotency_keys UNION ALL SELECT hash FROM api_keys")
	must(w.t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var kept []byte
		must(w.t, rows.Scan(&kept))
		all.Write(kept)
	}
	must(w.t, rows.Err())
	return all.String()
}

func TestKeysInPages(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		if a := w.call("GET", "/v1/keys", nil).want(t, 200, ""); len(a.list("data")) != 0 || a.at("hasMore") != false || a.at("nextCursor") != nil {
			t.Errorf("before there is one: %s", a.raw)
		}
		var want []string
		for range 5 {
			a := w.call("POST", "/v1/keys", `{"name":"k","scopes":["users:read"]}`).want(t, 201, "")
			if a.at("expiresAt") != nil {
				t.Errorf("it expires: %s", a.raw)
			}
			want = append(want, a.text("id"))
		}
		// One of the command is among them, and one that is revoked stays.
		var made struct{ ID string }
		must(t, json.Unmarshal([]byte(w.did("keys", "create", "--name", "cli", "--scopes", "admin", "--json")), &made))
		want = append(want, made.ID)
		w.did("keys", "revoke", want[2])
		slices.Reverse(want)
		var got []string
		for path := "/v1/keys?limit=4"; path != ""; {
			a := w.call("GET", path, nil).want(t, 200, "")
			for _, k := range a.list("data") {
				got = append(got, k["id"].(string))
			}
			if path = ""; a.at("hasMore") == true {
				path = "/v1/keys?limit=4&cursor=" + a.text("nextCursor")
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
		if lines := strings.Split(w.did("keys", "list"), "\n"); !strings.HasPrefix(lines[1], want[5]) || !strings.HasPrefix(lines[6], made.ID) {
			t.Errorf("the command lists %q", lines)
		}
		for _, query := range []string{"limit=0", "limit=201", "limit=x", "cursor=x", "cursor=ZW5kXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm", "name=k", "limit=1&limit=1"} {
			w.call("GET", "/v1/keys?"+query, nil).want(t, 400, "invalid_request")
		}
	})
}

func TestKeysAreRefused(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	for body, pointer := range map[string]string{
		`{"scopes":["admin"]}`:                                         "/name",
		`{"name":"","scopes":["admin"]}`:                               "/name",
		`{"name":"a\u0000","scopes":["admin"]}`:                        "/name",
		`{"name":"a\nb","scopes":["admin"]}`:                           "/name",
		`{"name":7,"scopes":["admin"]}`:                                "/name",
		`{"name":"k"}`:                                                 "/scopes",
		`{"name":"k","scopes":[]}`:                                     "/scopes",
		`{"name":"k","scopes":null}`:                                   "/scopes",
		`{"name":"k","scopes":"admin"}`:                                "/scopes",
		`{"name":"k","scopes":["admin","admin"]}`:                      "/scopes",
		`{"name":"k","scopes":["admin","everything"]}`:                 "/scopes/1",
		`{"name":"k","scopes":["Admin"]}`:                              "/scopes/0",
		`{"name":"k","scopes":[""]}`:                                   "/scopes/0",
		`{"name":"k","scopes":["*"]}`:                                  "/scopes/0",
		`{"name":"k","scopes":["admin"],"expiresInSeconds":59}`:        "/expiresInSeconds",
		`{"name":"k","scopes":["admin"],"expiresInSeconds":0}`:         "/expiresInSeconds",
		`{"name":"k","scopes":["admin"],"expiresInSeconds":-60}`:       "/expiresInSeconds",
		`{"name":"k","scopes":["admin"],"expiresInSeconds":315360001}`: "/expiresInSeconds",
		`{"name":"k","scopes":["admin"],"expiresInSeconds":60.5}`:      "/expiresInSeconds",
		`{"name":"k","scopes":["admin"],"expiresInSeconds":"60"}`:      "/expiresInSeconds",
		`{"name":"k","scopes":["admin"],"key":"bfk_mine"}`:             "/key",
		`{"name":"k","scopes":["admin"],"Name":"k"}`:                   "/Name",
	} {
		a := w.call("POST", "/v1/keys", body).want(t, 400, "invalid_request")
		if errs := a.list("errors"); len(errs) != 1 || errs[0]["pointer"] != pointer {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	w.call("POST", "/v1/keys", map[string]any{"name": strings.Repeat("ä", 101), "scopes": []string{"admin"}}).want(t, 400, "invalid_request")
	if a := w.call("GET", "/v1/keys", nil).want(t, 200, ""); len(a.list("data")) != 0 {
		t.Errorf("made all the same: %s", a.raw)
	}
	for _, seconds := range []int{60, 315360000} {
		w.call("POST", "/v1/keys", map[string]any{"name": strings.Repeat("ä", 100), "scopes": []string{"admin"}, "expiresInSeconds": seconds}).want(t, 201, "")
	}
}
