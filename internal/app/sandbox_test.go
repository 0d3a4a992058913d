package app

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// realSecrets gives the accounts secrets that are in no source, as an operator
// would who has an account of their own.
func realSecrets(s idv.Settings) {
	for key, value := range map[string]string{
		"API_SECRET": "s3cret", "SIGNING_KEY": "s1gning", "SHARED_SECRET": "sh4red", "LICENSE_KEY": "l1cense", "WEBHOOK_SECRET": strings.Repeat("0123456789abcdef", 4),
		"API_TOKEN": "t0ken", "SIGNING_SECRET": "s1gned",
	} {
		if _, has := s[key]; has {
			s[key] = value
		}
	}
	if s["MODE"] == "test" {
		s["MODE"] = "live"
	}
	if strings.HasPrefix(s["API_KEY"], "test_sk_") {
		s["API_KEY"] = "live_sk_0123456789"
	}
}

// On a live server nothing that is not about real people makes anybody verified:
// not an emulator whose secrets are in the source of this program, not an account
// for tests, and not a check for tests at an account that is not.
func TestSandboxIsNotLife(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, func(c *config.Config) { c.Sandbox = false })
		for _, provider := range []string{"idenfy", "idnorm", "kora", "realid", "veriff"} {
			w.neverVerified("emulated-"+provider, provider)
		}
		for _, p := range w.call("GET", "/v1/providers", nil).list("data") {
			if p["mode"] != "test" {
				t.Errorf("provider %v", p)
			}
		}
	})
	for provider, change := range map[string]func(s idv.Settings){
		"kora":   func(s idv.Settings) { s["API_KEY"] = "test_sk_0123456789" },
		"realid": func(s idv.Settings) { s["MODE"] = "test" },
		"idenfy": func(s idv.Settings) { s["MODE"] = "test" },
		"idnorm": func(s idv.Settings) { s["MODE"] = "test" },
		"veriff": func(s idv.Settings) { s["MODE"] = "test" },
	} {
		t.Run(provider, func(t *testing.T) {
			for _, live := range []bool{false, true} {
				w := startAs(t, enginetest.SQLite(t), func(name string, s idv.Settings) {
					realSecrets(s)
					if name == provider && !live {
						change(s)
					}
				})
				if live {
					w.verifiedAt("real-"+provider, provider)
				} else {
					w.neverVerified("tested-"+provider, provider)
				}
			}
		})
	}
}

// startAs starts a live server whose providers are emulators with accounts that
// look like real ones.
func startAs(t *testing.T, databaseURL string, change func(name string, s idv.Settings)) *world {
	t.Helper()
	w := start(t, databaseURL, func(c *config.Config) {
		c.Sandbox = false
		for _, account := range c.Accounts {
			change(account.Name, account.Settings)
		}
	})
	for _, account := range w.app.config.Accounts {
		maps.Copy(w.settings[account.Name], account.Settings) // which the emulators go by
	}
	return w
}

// neverVerified has a provider approve a user, every way it can be heard of, and
// fails if that counts.
func (w *world) neverVerified(user, provider string) {
	w.t.Helper()
	session := w.create(user, provider)
	w.decide(session, "approve")
	eventually(w.t, "its webhooks are worked", func() bool {
		timeline := w.call("GET", "/v1/sessions/"+session.text("id")+"/timeline", nil).list("data")
		for _, o := range timeline {
			if o["source"] == "webhook" && o["effect"] == "parked" {
				return len(w.deliveries("state=received")) == 0
			}
		}
		return false
	})
	w.call("POST", "/v1/sessions/"+session.text("id")+"/refresh", nil).want(w.t, 200, "")
	for _, d := range w.deliveries("provider=" + provider) {
		w.call("POST", "/v1/webhook-deliveries/"+d["id"].(string)+"/replay", nil).want(w.t, 202, "")
	}
	eventually(w.t, "they are worked again", func() bool { return len(w.deliveries("state=received")) == 0 })
	if got := w.user(user); got.text("status") != "pending" || got.at("verifiedAt") != nil {
		w.t.Errorf("%s: user %s", provider, got.raw)
	}
	if got := w.session(session.text("id")); got.at("decision") != nil {
		w.t.Errorf("%s: session %s", provider, got.raw)
	}
	w.call("GET", "/v1/sessions/"+session.text("id")+"/result", nil).want(w.t, 404, "not_found")
}

// verifiedAt fails unless an approval counts.
func (w *world) verifiedAt(user, provider string) {
	w.t.Helper()
	session := w.create(user, provider)
	w.decide(session, "approve")
	w.awaitUser(user, "verified")
}

// A check for tests that comes to a live account, signed and all, never counts.
func TestTestFlagAtALiveAccount(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := startAs(t, databaseURL, func(_ string, s idv.Settings) { realSecrets(s) })
		session := w.create("amara", "realid")
		body := `{"event":"check.completed","created_at":"` + time.Now().UTC().Format(time.RFC3339) + `","check":{"id":"` + session.text("providerSessionId") + `","step":"completed","testing":true}}`
		w.call("POST", "/v1/webhooks/realid", body, append(signed("realid", w.settings["realid"], body, time.Now()), "Authorization", "")...).want(t, 200, "")
		eventually(t, "it is worked", func() bool {
			for _, o := range w.call("GET", "/v1/sessions/"+session.text("id")+"/timeline", nil).list("data") {
				if o["providerStatus"] == "completed" {
					return o["effect"] == "parked"
				}
			}
			return false
		})
		if got := w.user("amara"); got.text("status") != "pending" {
			t.Errorf("user %s", got.raw)
		}
	})
}
