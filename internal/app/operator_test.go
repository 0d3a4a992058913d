package app

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// operate runs a command as an operator of the world would.
func (w *world) operate(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	environ := []string{
		"BONAFIDE_DATABASE_URL=" + w.app.config.DatabaseURL,
		"BONAFIDE_ENCRYPTION_KEY=" + strings.Join(encoded(w.app.config.EncryptionKeys), ","),
		"BONAFIDE_SANDBOX=true",
	}
	for _, account := range w.app.config.Accounts {
		for key, value := range account.Settings {
			environ = append(environ, config.Variable(account.Name, key)+"="+value)
		}
	}
	var out, errs bytes.Buffer
	code = Main(w.t.Context(), "test", args, environ, &out, &errs)
	return out.String(), errs.String(), code
}

func encoded(keys [][]byte) (list []string) {
	for _, key := range keys {
		list = append(list, base64.StdEncoding.EncodeToString(key))
	}
	return list
}

// did runs a command that must succeed.
func (w *world) did(args ...string) string {
	w.t.Helper()
	stdout, stderr, code := w.operate(args...)
	if code != 0 {
		w.t.Fatalf("%v: exit code %d, %s", args, code, stderr)
	}
	return stdout
}

// refused runs a command that must fail with the code and the words.
func (w *world) refused(code int, words string, args ...string) {
	w.t.Helper()
	stdout, stderr, got := w.operate(args...)
	if got != code || !strings.Contains(stderr, words) || stdout != "" {
		w.t.Errorf("%v: exit code %d, %q %q; want %d, %q", args, got, stdout, stderr, code, words)
	}
}

// misread has every webhook so far read wrongly, as by a version with a mistake
// in its tables.
func (w *world) misread() {
	w.t.Helper()
	_, err := w.app.store.DB().ExecContext(w.t.Context(), "UPDATE observations SET status = 'in_review', occurred_at = NULL WHERE source = 'webhook'")
	must(w.t, err)
	_, err = w.app.store.Recompute(w.t.Context())
	must(w.t, err)
}

func TestReplayCommand(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.create("amara-okafor", "kora")
		w.koraSends(w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now())).want(t, 200, "")
		w.koraSends("not JSON").want(t, 200, "")
		w.awaitUser("amara-okafor", "verified")
		eventually(t, "all are worked", func() bool { return len(w.deliveries("state=received")) == 0 })
		if told := w.did("replay", "--dry-run"); !strings.Contains(told, "2 deliveries were read, 0 of them otherwise") {
			t.Errorf("before anything changed: %s", told)
		}
		w.misread()
		if got := w.session(session.text("id")).text("status"); got != "in_review" {
			t.Fatalf("session is %s", got)
		}

		told := w.did("replay", "--dry-run", "--session", session.text("id"))
		for _, want := range []string{
			session.text("id") + " at kora\n", "  status: in_review → approved\n", "  user: in_review → verified\n",
			"    occurredAt: – → ", "1 delivery was read, 1 of them otherwise than before: 1 session and 1 user would change.", "Nothing was written",
		} {
			if !strings.Contains(told, want) {
				t.Errorf("%q is not told in\n%s", want, told)
			}
		}
		lines := strings.Split(strings.TrimSpace(w.did("replay", "--dry-run", "--json", "--since", "1h")), "\n")
		var difference struct {
			SessionID string
			Changes   []struct{ Field, Before, After string }
		}
		var last struct {
			Summary struct{ Deliveries, Different, Sessions, Users int }
		}
		must(t, json.Unmarshal([]byte(lines[0]), &difference))
		must(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
		if len(lines) != 2 || difference.SessionID != session.text("id") || len(difference.Changes) == 0 || last.Summary.Deliveries != 2 || last.Summary.Users != 1 {
			t.Errorf("told %s", lines)
		}
		if strings.Contains(told+lines[0], "amara") {
			t.Error("it tells who it is about")
		}
		if got := w.session(session.text("id")).text("status"); got != "in_review" {
			t.Errorf("telling made the session %s", got)
		}

		if told := w.did("replay", "--state", "processed", "--provider", "kora"); told != "1 delivery is queued.\n" {
			t.Errorf("told %q", told)
		}
		w.awaitUser("amara-okafor", "verified")
		eventually(t, "it is processed again", func() bool { return len(w.deliveries("state=processed")) == 1 })
		if told := w.did("replay", "--json", "--delivery", w.deliveries("state=parked")[0]["id"].(string)); told != "{\"queued\":1}\n" {
			t.Errorf("told %q", told)
		}
		eventually(t, "it is parked again", func() bool { return len(w.deliveries("state=parked")) == 1 })

		w.refused(2, "--state", "replay", "--state", "odd")
		w.refused(2, "--since", "replay", "--since", "yesterday")
		w.refused(2, "--since", "replay", "--since", "-1h")
		w.refused(2, "--session", "replay", "--session", "whd_01kagt2f6pe4mrt1qq3g1c2s8f")
		w.refused(2, "--delivery", "replay", "--delivery", "x")
		w.refused(2, "--provider", "replay", "--provider", "nobody")
		w.refused(1, "not found", "replay", "--session", "ses_01kagt2f6pe4mrt1qq3g1c2s8f")
		w.refused(1, "not found", "replay", "--dry-run", "--delivery", "whd_01kagt2f6pe4mrt1qq3g1c2s8f")
	})
}

// lose makes a session whose create had its effect without an answer, and lets
// settling give up on it.
func (w *world) lose(user string) answer {
	w.t.Helper()
	lost := w.call("POST", "/v1/sessions", forUser(user, "idenfy")).want(w.t, 504, "provider_timeout")
	id := lost.text("sessionId")
	_, err := w.app.store.DB().ExecContext(w.t.Context(), "UPDATE sessions SET created_at = $1 WHERE id = $2", time.Now().UTC().Add(-2*time.Minute).Truncate(time.Millisecond), id)
	must(w.t, err)
	_, err = w.app.sessions.Settle(w.t.Context(), id)
	must(w.t, err)
	return w.session(id)
}

// What settling did not find, an operator sees and settles.
func TestOperatorSettlesLostCreates(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, func(c *config.Config) { c.ProviderTimeout = time.Second })
		if told := w.did("sessions", "unsettled"); told != "Every create is settled.\n" {
			t.Errorf("told %q", told)
		}
		fine := w.create("user-1", "idenfy")
		lost, gone := w.lose("test-approve-1+lose+drop"), w.lose("test-abandon-2+hang")
		var list []struct {
			ID, Provider, ExternalUserID string
			Status                       idv.Status
			CreatedAt                    time.Time
		}
		must(t, json.Unmarshal([]byte(w.did("sessions", "unsettled", "--json")), &list))
		if len(list) != 2 || list[0].ID != gone.text("id") || list[1].ID != lost.text("id") || list[1].ExternalUserID != "test-approve-1+lose+drop" ||
			list[1].Provider != "idenfy" || list[1].Status != idv.Failed || list[1].CreatedAt.IsZero() {
			t.Errorf("list %+v", list)
		}
		if told := w.did("sessions", "unsettled"); !strings.Contains(told, lost.text("id")) || !strings.Contains(told, `"test-abandon-2+hang"`) {
			t.Errorf("list %s", told)
		}

		ref := w.soldTo("idenfy", "test-approve-1+lose+drop")
		w.refused(1, "another session", "sessions", "settle", lost.text("id"), "--ref", fine.text("providerSessionId"))
		w.refused(1, "has confirmed it", "sessions", "settle", fine.text("id"), "--ref", ref)
		w.refused(1, "not found", "sessions", "settle", "ses_01kagt2f6pe4mrt1qq3g1c2s8f", "--nothing")
		w.refused(2, "--ref", "sessions", "settle", lost.text("id"))
		w.refused(2, "--ref", "sessions", "settle", lost.text("id"), "--ref", ref, "--nothing")
		w.refused(2, "one session", "sessions", "settle", "x", "--nothing")

		w.did("sessions", "settle", lost.text("id"), "--ref", ref)
		w.awaitUser("test-approve-1+lose+drop", "verified")
		w.did("sessions", "settle", gone.text("id"), "--nothing")
		w.refused(1, "nothing to settle", "sessions", "settle", gone.text("id"), "--nothing")
		if told := w.did("sessions", "unsettled", "--json"); told != "[]\n" {
			t.Errorf("list %s", told)
		}
		if got := w.session(gone.text("id")).text("status"); got != "failed" {
			t.Errorf("session is %s", got)
		}
	})
}

// soldTo finds in the provider's own records what it sold to a user.
func (w *world) soldTo(provider, user string) string {
	w.t.Helper()
	sessions, _ := w.emulator("GET", provider, "/_sessions", nil)["sessions"].([]any)
	for _, s := range sessions {
		if s, _ := s.(map[string]any); s["externalUserId"] == user {
			ref, _ := s["id"].(string)
			return ref
		}
	}
	w.t.Fatalf("%s sold nothing to %s: %v", provider, user, sessions)
	return ""
}
