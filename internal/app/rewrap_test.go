package app

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/seal"
)

var (
	firstKey  = []byte("0123456789abcdef0123456789abcdef")
	secondKey = []byte("fedcba9876543210fedcba9876543210")
)

func keyed(keys ...[]byte) func(*config.Config) {
	return func(c *config.Config) { c.EncryptionKeys = keys }
}

// With a new key in front of the old one everything goes on; after a rewrap the old
// one can go.
func TestEncryptionKeyRotation(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, keyed(firstKey))
		must(t, w.app.prepare(t.Context()))
		old := w.known("amara", "kora")
		w.koraSends(`{"unmatched": true}`).want(t, 200, "")
		endpoint := w.call("POST", "/v1/endpoints", map[string]any{"url": "https://app.example.com/hook"}, "Idempotency-Key", "e").want(t, 201, "")
		w.stop()

		w = start(t, databaseURL, keyed(secondKey, firstKey))
		must(t, w.app.prepare(t.Context()))
		w.known("other", "kora")
		var done map[string]int
		must(t, json.Unmarshal([]byte(w.did("keys", "rewrap", "--json")), &done))
		if done["users"] != 1 || done["webhooks"] != 1 || done["endpoints"] != 1 || done["answers"] == 0 || done["older"] != 0 {
			t.Errorf("sealed anew %v", done)
		}
		if told := w.did("keys", "rewrap"); !strings.Contains(told, "0 users' keys, 0 webhooks' keys, 0 endpoints' secrets, 0 answers") {
			t.Errorf("a second time: %s", told)
		}
		w.stop()

		w = start(t, databaseURL, keyed(secondKey))
		must(t, w.app.prepare(t.Context()))
		if got := w.session(old.text("id")); got.text("metadata.note") != canary {
			t.Errorf("session %s", got.raw)
		}
		w.call("GET", "/v1/sessions/"+old.text("id")+"/result", nil).want(t, 200, "")
		for _, d := range w.deliveries("") {
			w.call("POST", "/v1/webhook-deliveries/"+d["id"].(string)+"/replay", nil).want(t, 202, "")
		}
		eventually(t, "all are worked again", func() bool { return len(w.deliveries("state=received")) == 0 })
		again := w.call("POST", "/v1/endpoints", map[string]any{"url": "https://app.example.com/hook"}, "Idempotency-Key", "e").want(t, 201, "")
		if again.text("secret") != endpoint.text("secret") {
			t.Error("the endpoint's secret is another one")
		}
		w.stop()

		w = start(t, databaseURL, keyed(firstKey))
		if err := w.app.prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "BONAFIDE_ENCRYPTION_KEY") {
			t.Errorf("the old key alone: %v", err)
		}
	})
}

// What an earlier version sealed with the operator's key is read, and a rewrap
// gives it keys of its own.
func TestValuesOfBeforeThereWereKeys(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		id := w.known("amara", "kora").text("id")
		w.awaitLater() // nothing may be sealed while the keys are taken away
		w.asBefore(id)
		if got := w.session(id); got.text("metadata.note") != "older" {
			t.Errorf("session %s", got.raw)
		}
		w.call("GET", "/v1/sessions/"+id+"/result", nil).want(t, 200, "")
		deliveries := len(w.deliveries(""))
		var done map[string]int
		must(t, json.Unmarshal([]byte(w.did("keys", "rewrap", "--json")), &done))
		if done["older"] != 2+deliveries {
			t.Errorf("sealed anew %v", done)
		}
		if got := w.session(id); got.text("metadata.note") != "older" {
			t.Errorf("session %s", got.raw)
		}
		w.call("GET", "/v1/sessions/"+id+"/result", nil).want(t, 200, "")
		for _, d := range w.deliveries("") {
			w.call("POST", "/v1/webhook-deliveries/"+d["id"].(string)+"/replay", nil).want(t, 202, "")
		}
		eventually(t, "all are worked again", func() bool { return len(w.deliveries("state=received")) == 0 })
		w.ownKeys()
		w.erase("amara")
		w.nothingReadable("older")
	})
}

// asBefore has the database be as a version without keys of users left it.
func (w *world) asBefore(sessionID string) {
	w.t.Helper()
	ring, err := seal.New(w.app.config.EncryptionKeys)
	must(w.t, err)
	db := w.app.store.DB()
	run := func(statement string, args ...any) {
		_, err := db.ExecContext(w.t.Context(), statement, args...)
		must(w.t, err)
	}
	run("UPDATE sessions SET private = $1 WHERE id = $2",
		ring.Seal("sessions.private/"+sessionID, []byte(`{"launch":{"url":"","token":"","verificationId":""},"callbackUrl":"","metadata":{"note":"older"}}`)), sessionID)
	run("UPDATE results SET body = $1 WHERE session_id = $2", ring.Seal("results.body/"+sessionID, []byte(`{"person":null,"document":null,"checks":[]}`)), sessionID)
	for _, d := range w.deliveries("") {
		kept, err := w.app.store.Delivery(w.t.Context(), d["id"].(string))
		must(w.t, err)
		header, err := json.Marshal(kept.Webhook.Header)
		must(w.t, err)
		if len(header) > 1<<14-1 || len(header) < 1<<7 {
			w.t.Fatalf("headers of %d bytes", len(header))
		}
		plain := append([]byte{byte(len(header)&0x7f | 0x80), byte(len(header) >> 7)}, append(header, kept.Webhook.Body...)...)
		run("UPDATE deliveries SET webhook = $1, key = NULL, owner = NULL WHERE id = $2", ring.Seal("deliveries.webhook/"+kept.ID, plain), kept.ID)
	}
	run("UPDATE users SET key_id = NULL, wrapped_key = NULL")
}

// The server does not start on a database that its keys do not open, and says so.
func TestWrongEncryptionKey(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		must(t, w.app.prepare(t.Context()))
		w.stop()
		for _, command := range []string{"serve", "keys rewrap"} {
			var stdout, stderr bytes.Buffer
			code := Main(t.Context(), "test", append(strings.Fields(command), "--listen=127.0.0.1:0"), []string{
				"BONAFIDE_DATABASE_URL=" + databaseURL, "BONAFIDE_ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(secondKey),
				"BONAFIDE_ERASURE_LEDGER=" + t.TempDir() + "/erased",
			}, &stdout, &stderr)
			if code != 2 || !strings.Contains(stderr.String(), "BONAFIDE_ENCRYPTION_KEY does not open this database") {
				t.Errorf("%s: exit code %d, %s", command, code, stderr.String())
			}
		}
	})
}
