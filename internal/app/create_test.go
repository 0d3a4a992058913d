package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

func TestCreateRefusesBadInput(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	long := strings.Repeat("x", 501)
	many := map[string]string{}
	for i := range 21 {
		many[fmt.Sprint(i)] = "v"
	}
	with := func(field string, value any) map[string]any {
		return map[string]any{"externalUserId": "user-1", "provider": "kora", field: value}
	}
	for name, c := range map[string]struct {
		body    any
		pointer string
		code    string
	}{
		"no user":               {map[string]any{"provider": "kora"}, "/externalUserId", "required"},
		"empty user":            {with("externalUserId", ""), "/externalUserId", "required"},
		"long user":             {with("externalUserId", strings.Repeat("é", 256)), "/externalUserId", "too_large"},
		"control character":     {with("externalUserId", "a\u0007b"), "/externalUserId", "invalid_characters"},
		"NUL":                   {`{"externalUserId":"a\u0000b"}`, "/externalUserId", "invalid_characters"},
		"lone surrogate":        {`{"externalUserId":"a\ud800b"}`, "/externalUserId", "invalid_json"},
		"invalid UTF-8":         {"{\"externalUserId\":\"a\xff\"}", "/externalUserId", "invalid_json"},
		"number as user":        {with("externalUserId", 42), "/externalUserId", "invalid_type"},
		"unknown field":         {with("externaluserid", "x"), "/externaluserid", "unknown_field"},
		"unknown in user":       {with("user", map[string]any{"firstname": "A"}), "/user/firstname", "unknown_field"},
		"repeated field":        {`{"externalUserId":"a","externalUserId":"b"}`, "/externalUserId", "duplicate_field"},
		"broken JSON":           {`{"externalUserId":`, "/externalUserId", "invalid_json"},
		"trailing":              {`{"externalUserId":"a"} x`, "", "invalid_json"},
		"list":                  {`[]`, "", "invalid_type"},
		"null":                  {`null`, "", "invalid_type"},
		"unknown provider":      {with("provider", "nobody"), "/provider", "unknown_provider"},
		"plain http callback":   {with("callbackUrl", "http://example.com/"), "/callbackUrl", "invalid_url"},
		"script callback":       {with("callbackUrl", "javascript:alert(1)"), "/callbackUrl", "invalid_url"},
		"callback with secret":  {with("callbackUrl", "https://a:b@example.com/"), "/callbackUrl", "invalid_url"},
		"callback to no port":   {with("callbackUrl", "https://example.com:65536/"), "/callbackUrl", "invalid_url"},
		"relative callback":     {with("callbackUrl", "/done"), "/callbackUrl", "invalid_url"},
		"too short":             {with("expiresInSeconds", 59), "/expiresInSeconds", "too_small"},
		"too long":              {with("expiresInSeconds", 2592001), "/expiresInSeconds", "too_large"},
		"fraction":              {with("expiresInSeconds", 60.5), "/expiresInSeconds", "invalid_type"},
		"huge number":           {`{"externalUserId":"a","expiresInSeconds":1e400}`, "/expiresInSeconds", "invalid_type"},
		"country":               {with("country", "XX"), "/country", "invalid_country"},
		"alpha-3 country":       {with("country", "NGA"), "/country", "invalid_country"},
		"document type":         {with("documentTypes", []string{"passport", "library_card"}), "/documentTypes/1", "invalid_value"},
		"document type twice":   {with("documentTypes", []string{"passport", "passport"}), "/documentTypes", "invalid_value"},
		"locale":                {with("locale", "not a tag"), "/locale", "invalid_locale"},
		"birth date":            {with("user", map[string]any{"dateOfBirth": "1994-02-30"}), "/user/dateOfBirth", "invalid_date"},
		"birth in the future":   {with("user", map[string]any{"dateOfBirth": "2994-02-03"}), "/user/dateOfBirth", "invalid_date"},
		"e-mail":                {with("user", map[string]any{"email": "nobody"}), "/user/email", "invalid_email"},
		"phone":                 {with("user", map[string]any{"phone": "call me"}), "/user/phone", "invalid_phone"},
		"metadata not strings":  {with("metadata", map[string]any{"a": 1}), "/metadata/a", "invalid_type"},
		"too many metadata":     {with("metadata", many), "/metadata", "too_large"},
		"long metadata":         {with("metadata", map[string]string{"a/b": long}), "/metadata/a~1b", "too_large"},
		"reuse":                 {with("reuse", "always"), "/reuse", "invalid_value"},
		"reverify not a truth":  {with("reverify", "yes"), "/reverify", "invalid_type"},
		"nested as deep as may": {`{"metadata":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, "/metadata", "invalid_type"},
		"nested too deep":       {`{"metadata":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, "/metadata" + strings.Repeat("/0", 31), "too_deep"},
		"deeply nested nothing": {`{"metadata":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, "/metadata" + strings.Repeat("/0", 31), "too_deep"},
		"deep and broken":       {`{"x":` + strings.Repeat(`{"a":`, 50_000), "/x" + strings.Repeat("/a", 31), "too_deep"},
		"deep after a mistake":  {`{"externalUserId":"a","externalUserId":` + strings.Repeat("[", 40), "/externalUserId", "duplicate_field"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.call("POST", "/v1/sessions", c.body).want(t, 400, "invalid_request")
			errs := a.list("errors")
			if len(errs) == 0 || errs[0]["pointer"] != c.pointer || errs[0]["code"] != c.code {
				t.Errorf("errors %v, want %s %s", errs, c.pointer, c.code)
			}
		})
	}
	if n := len(w.call("GET", "/v1/sessions", nil).want(t, 200, "").list("data")); n != 0 {
		t.Errorf("bad input made %d sessions", n)
	}
	all := w.call("POST", "/v1/sessions", `{"country":"XX","reuse":"x","expiresInSeconds":1}`).want(t, 400, "invalid_request")
	if n := len(all.list("errors")); n != 4 {
		t.Errorf("%d mistakes are told at once, want 4: %s", n, all.raw)
	}
	w.call("POST", "/v1/sessions", `{"externalUserId":"a"}`, "Content-Type", "text/plain").want(t, 415, "unsupported_media_type")
	w.call("POST", "/v1/sessions", `{"externalUserId":"a"}`, "Content-Type", "").want(t, 415, "unsupported_media_type")
	w.call("POST", "/v1/sessions", strings.Repeat(" ", 1<<20+1)).want(t, 413, "too_large")
	w.call("POST", "/v1/sessions", nil).want(t, 400, "invalid_request")
	w.call("POST", "/v1/sessions", `{"externalUserId":"a"}`, "Idempotency-Key", "tab\there").want(t, 400, "invalid_request")
	w.call("POST", "/v1/sessions", `{"externalUserId":"a"}`, "Idempotency-Key", strings.Repeat("k", 256)).want(t, 400, "invalid_request")
}

func TestCreateTakesEveryField(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		body := map[string]any{
			"externalUserId": "ユーザー/42 %2F", "provider": "idnorm", "callbackUrl": "http://localhost:3000/done?x=1", "expiresInSeconds": 600,
			"country": "NG", "documentTypes": []string{"passport", "id_card"}, "locale": "en-NG",
			"user":     map[string]any{"firstName": "Amara", "lastName": "Okafor", "dateOfBirth": "1994-02-17", "email": "amara@example.com", "phone": "+2348012345678"},
			"metadata": map[string]string{"plan": "gold", "": "x"}, "reuse": "never", "reverify": true,
		}
		w.call("POST", "/v1/sessions", body).want(t, 400, "invalid_request")
		body["metadata"] = map[string]string{"plan": "gold"}
		a := w.call("POST", "/v1/sessions", body).want(t, 201, "")
		if a.text("externalUserId") != "ユーザー/42 %2F" || a.text("metadata.plan") != "gold" || a.text("callbackUrl") != "http://localhost:3000/done?x=1" || a.at("reused") != false {
			t.Errorf("session %s", a.raw)
		}
		created, err := time.Parse(time.RFC3339, a.text("createdAt"))
		must(t, err)
		expires, err := time.Parse(time.RFC3339, a.text("expiresAt"))
		must(t, err)
		if expires.Sub(created) != 10*time.Minute {
			t.Errorf("expires after %v", expires.Sub(created))
		}
		if got := w.user("%E3%83%A6%E3%83%BC%E3%82%B6%E3%83%BC%2F42%20%252F"); got.text("status") != "pending" || got.text("externalUserId") != "ユーザー/42 %2F" {
			t.Errorf("user %s", got.raw)
		}
		if got := w.user("a%2F%2Fb%2F..%2Fc"); got.text("externalUserId") != "a//b/../c" {
			t.Errorf("an untidy id was read as %s", got.raw)
		}
		list := w.call("GET", "/v1/sessions?externalUserId=%E3%83%A6%E3%83%BC%E3%82%B6%E3%83%BC%2F42+%252F", nil).want(t, 200, "")
		if len(list.list("data")) != 1 {
			t.Errorf("list %s", list.raw)
		}
	})
}

func TestReuse(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		first := w.create("user-1", "kora")
		again := w.call("POST", "/v1/sessions", `{"externalUserId":"user-1"}`, "Idempotency-Key", "k").want(t, 200, "")
		if again.at("reused") != true || again.text("id") != first.text("id") {
			t.Errorf("again %s", again.raw)
		}
		replay := w.call("POST", "/v1/sessions", `{"externalUserId":"user-1"}`, "Idempotency-Key", "k").want(t, 200, "")
		if replay.withoutToken() != again.withoutToken() || replay.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("replay %s", replay.raw)
		}
		never := w.call("POST", "/v1/sessions", `{"externalUserId":"user-1","provider":"kora","reuse":"never"}`).want(t, 201, "")
		if never.text("id") == first.text("id") {
			t.Error("reuse never gave the open session")
		}
	})
}

func TestProviderInTrouble(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, func(c *config.Config) { c.ProviderTimeout = 500 * time.Millisecond })
		for _, c := range []struct {
			user   string
			status int
			code   string
		}{
			{"test-approve-1+500", 503, "provider_unavailable"},
			{"test-approve-1+503", 503, "provider_unavailable"},
			{"test-approve-1+429", 503, "provider_unavailable"},
		} {
			a := w.call("POST", "/v1/sessions", map[string]any{"externalUserId": c.user, "provider": "kora"}).want(t, c.status, c.code)
			if a.text("provider") != "kora" || a.at("retryable") != true {
				t.Errorf("%s: %s", c.user, a.raw)
			}
			if strings.HasSuffix(c.user, "429") && a.header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
			if got := w.session(a.text("sessionId")); got.text("status") != "failed" {
				t.Errorf("session %s", got.raw)
			}
		}
		// The create had its effect, but its answer was lost: it is found again.
		body := `{"externalUserId":"test-approve-2+lose","provider":"kora"}`
		lost := w.call("POST", "/v1/sessions", body, "Idempotency-Key", "k").want(t, 504, "provider_timeout")
		if lost.text("sessionId") == "" {
			t.Fatalf("no sessionId: %s", lost.raw)
		}
		if a := w.call("POST", "/v1/sessions", body).want(t, 409, "conflict"); a.header.Get("Retry-After") == "" || a.text("sessionId") != lost.text("sessionId") {
			t.Errorf("%s", a.raw)
		}
		w.call("POST", "/v1/sessions", body, "Idempotency-Key", "k").want(t, 504, "provider_timeout")
		var found answer
		eventually(t, "the lost create is found", func() bool {
			found = w.call("POST", "/v1/sessions", body, "Idempotency-Key", "k")
			return found.status == 201
		})
		if found.text("id") != lost.text("sessionId") || found.text("providerSessionId") == "" {
			t.Errorf("found %s", found.raw)
		}
		// Another provider cannot be asked, but its webhook brings our id back.
		lost = w.call("POST", "/v1/sessions", `{"externalUserId":"test-approve-3+lose","provider":"idnorm"}`).want(t, 504, "provider_timeout")
		w.awaitUser("test-approve-3+lose", "verified")
		if got := w.session(lost.text("sessionId")); got.text("status") != "approved" {
			t.Errorf("session %s", got.raw)
		}
	})
}

func TestWrongCredentialsAtTheProvider(t *testing.T) {
	w := start(t, enginetest.SQLite(t), func(c *config.Config) {
		for i := range c.Accounts {
			c.Accounts[i].Settings["API_KEY"], c.Accounts[i].Settings["LICENSE_KEY"] = "wrong", "wrong"
		}
	})
	for _, provider := range []string{"kora", "idnorm"} {
		a := w.call("POST", "/v1/sessions", map[string]any{"externalUserId": "user-1", "provider": provider}).want(t, 502, "provider_rejected")
		if a.at("retryable") != false {
			t.Errorf("%s", a.raw)
		}
	}
}
