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
	w.t.Setenv("BONAFIDE_DATABASE_URL", w.app.config.DatabaseURL)
	w.t.Setenv("BONAFIDE_ENCRYPTION_KEY", base64.StdEncoding.EncodeToString(w.app.config.EncryptionKeys[0]))
	for _, account := range w.app.config.Accounts {
		for key, value := range account.Settings {
			w.t.Setenv(config.Variable(account.Name, key), value)
		}
	}
	var out, errs bytes.Buffer
	code = Main(w.t.Context(), "test", args, &out, &errs)
	return out.String(), errs.String(), code
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
