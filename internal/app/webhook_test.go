package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// koraEvent is a Kora event about a verification, in the form that Kora documents.
type koraEvent struct {
	ID           string    `json:"id"`
	EventType    string    `json:"eventType"`
	ResourceType string    `json:"resourceType"`
	ResourceID   string    `json:"resourceId"`
	TenantID     string    `json:"tenantId"`
	Timestamp    time.Time `json:"timestamp"`
	Data         koraData  `json:"data"`
}

type koraData struct {
	VerificationID string  `json:"verificationId"`
	Status         string  `json:"status"`
	Decision       string  `json:"decision,omitempty"`
	OverallScore   float64 `json:"overallScore"`
}

// koraSays makes the body of an event.
func (w *world) koraSays(ref, event, status string, at time.Time) string {
	w.t.Helper()
	raw, err := json.Marshal(koraEvent{
		ID: "evt_" + ref + event + status + at.Format("150405.000"), EventType: event, ResourceType: "verification", ResourceID: ref,
		TenantID: w.settings["kora"]["TENANT_ID"], Timestamp: at, Data: koraData{VerificationID: ref, Status: status},
	})
	must(w.t, err)
	return string(raw)
}

// koraSends sends a body as Kora does: signed over the raw bytes.
func (w *world) koraSends(body string) answer {
	w.t.Helper()
	mac := hmac.New(sha256.New, []byte(w.settings["kora"]["WEBHOOK_SECRET"]))
	mac.Write([]byte(body))
	return w.call("POST", "/v1/webhooks/kora", body, "Authorization", "", "X-Kora-Signature", hex.EncodeToString(mac.Sum(nil)))
}

func (w *world) deliveries(query string) []map[string]any {
	w.t.Helper()
	return w.call("GET", "/v1/webhook-deliveries?"+query, nil).want(w.t, 200, "").list("data")
}

func TestForgedWebhooksChangeNothing(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.create("user-1", "kora")
		body := w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now())
		for name, header := range map[string][]string{
			"no signature":    nil,
			"not a signature": {"X-Kora-Signature", "approved"},
			"another secret":  {"X-Kora-Signature", hex.EncodeToString(hmac.New(sha256.New, []byte("other")).Sum(nil))},
		} {
			header = append(header, "Authorization", "")
			if a := w.call("POST", "/v1/webhooks/kora", body, header...); a.status != 401 || a.text("code") != "forged" {
				t.Errorf("%s: %d %s", name, a.status, a.raw)
			}
		}
		w.call("POST", "/v1/webhooks/idnorm", body, "Authorization", "").want(t, 401, "forged")
		w.call("POST", "/v1/webhooks/nobody", body, "Authorization", "").want(t, 404, "not_found")
		w.call("POST", "/v1/webhooks/kora", strings.Repeat("x", 1<<20+1), "Authorization", "").want(t, 413, "too_large")
		if n := len(w.deliveries("")); n != 0 {
			t.Errorf("%d deliveries were kept", n)
		}
		if got := w.session(session.text("id")).text("status"); got != "pending" {
			t.Errorf("session is %s", got)
		}
	})
}

func TestRepeatedWebhookChangesNothing(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.create("user-1", "kora")
		body := w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now())
		w.koraSends(body).want(t, 200, "")
		before := w.awaitUser("user-1", "verified")
		if a := w.koraSends(body).want(t, 200, ""); a.at("received") != true {
			t.Errorf("answered %s", a.raw)
		}
		if n := len(w.deliveries("provider=kora")); n != 1 {
			t.Errorf("%d deliveries were kept", n)
		}
		if after := w.user("user-1"); string(after.raw) != string(before.raw) {
			t.Errorf("before %s\nafter %s", before.raw, after.raw)
		}
	})
}

func TestWebhooksThatAreNotUnderstoodAreParked(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.create("user-1", "kora")
		ref := session.text("providerSessionId")
		for name, body := range map[string]string{
			"broken JSON":  `{"id":"evt_1",`,
			"empty":        ``,
			"not JSON":     "verified",
			"unknown type": w.koraSays(ref, "verification.levitated", "verified", time.Now()),
			"unknown word": w.koraSays(ref, "verification.completed", "levitated", time.Now()),
		} {
			w.koraSends(body).want(t, 200, "")
			eventually(t, name+" is parked", func() bool {
				parked := w.deliveries("state=parked&limit=1")
				return len(parked) == 1 && parked[0]["reason"] != nil && len(w.deliveries("state=received")) == 0
			})
		}
		if n := len(w.deliveries("state=parked")); n != 5 {
			t.Errorf("%d deliveries are parked, want 5", n)
		}
		if got := w.session(session.text("id")).text("status"); got != "pending" {
			t.Errorf("session is %s", got)
		}
		timeline := w.call("GET", "/v1/sessions/"+session.text("id")+"/timeline", nil).want(t, 200, "")
		parked := 0
		for _, o := range timeline.list("data") {
			if o["effect"] == "parked" {
				parked++
				if why, _ := o["why"].(string); !strings.Contains(why, "levitated") {
					t.Errorf("the timeline does not tell the word: %q", why)
				}
			}
		}
		if parked == 0 {
			t.Errorf("the timeline hides what was not understood: %s", timeline.raw)
		}
	})
}

// A provider may call before our own transaction is committed, or about a
// session that was never ours.
func TestUnmatchedWebhooks(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		w.koraSends(w.koraSays("ver_of_somebody_else", "verification.verified", "verified", time.Now())).want(t, 200, "")
		eventually(t, "it is unmatched", func() bool { return len(w.deliveries("state=unmatched")) == 1 })
		d := w.deliveries("state=unmatched")[0]
		if d["reason"] == nil || d["sessionId"] != nil || d["eventType"] != "verification.verified" {
			t.Errorf("delivery %v", d)
		}
		w.call("POST", "/v1/webhook-deliveries/"+d["id"].(string)+"/replay", nil).want(t, 202, "")
		eventually(t, "it is unmatched again", func() bool {
			again := w.deliveries("state=unmatched")
			return len(again) == 1 && again[0]["attempts"].(float64) > d["attempts"].(float64)
		})
		w.call("POST", "/v1/webhook-deliveries/whd_01kagt2f6pe4mrt1qq3g1c2s8f/replay", nil).want(t, 404, "not_found")
		w.call("POST", "/v1/webhook-deliveries/nonsense/replay", nil).want(t, 404, "not_found")
	})
}

// Any order and repetition of a session's events ends in the same place.
func TestOrderDoesNotMatter(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		began := time.Now().UTC().Truncate(time.Second)
		for try := range 12 {
			user := fmt.Sprintf("user-%d", try)
			ref := w.create(user, "kora").text("providerSessionId")
			events := []string{
				w.koraSays(ref, "verification.completed", "manual_review", began),
				w.koraSays(ref, "verification.rejected", "rejected", began.Add(time.Second)),
				w.koraSays(ref, "verification.verified", "verified", began.Add(2*time.Second)),
				w.koraSays(ref, "verification.completed", "verified", began.Add(2*time.Second)),
			}
			events = append(events, events[rand.IntN(len(events))])
			rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			for _, e := range events {
				w.koraSends(e).want(t, 200, "")
			}
			eventually(t, "all are worked", func() bool { return len(w.deliveries("state=received")) == 0 })
			a := w.session(w.user(user).text("sessionId"))
			if a.text("status") != "approved" || a.at("decision.version") != 2.0 || a.text("decision.revisedFrom") != "declined" {
				t.Errorf("session %s", a.raw)
			}
		}
	})
}

func TestDeliveriesArePagedNewestFirst(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	for i := range 5 {
		w.koraSends(w.koraSays(fmt.Sprintf("ver_%d", i), "verification.verified", "verified", time.Now())).want(t, 200, "")
	}
	var ids []string
	cursor := ""
	for {
		page := w.call("GET", "/v1/webhook-deliveries?limit=2"+cursor, nil).want(t, 200, "")
		for _, d := range page.list("data") {
			ids = append(ids, d["id"].(string))
		}
		if page.at("hasMore") != true {
			if page.at("nextCursor") != nil {
				t.Errorf("the last page has a cursor: %s", page.raw)
			}
			break
		}
		cursor = "&cursor=" + page.text("nextCursor")
	}
	if len(ids) != 5 {
		t.Fatalf("%d deliveries on all pages: %v", len(ids), ids)
	}
	for i := 1; i < len(ids); i++ {
		if ids[i] >= ids[i-1] {
			t.Errorf("not newest first: %v", ids)
		}
	}
}

// What a provider tells of a person is nowhere but sealed in the database.
func TestPersonalDataStaysWhereItBelongs(t *testing.T) {
	databaseURL := enginetest.SQLite(t)
	w := start(t, databaseURL)
	const canary = "Xanthippe-Canary"
	session := w.call("POST", "/v1/sessions", map[string]any{
		"externalUserId": "user-1", "provider": "kora", "callbackUrl": "https://app.example/" + canary,
		"user": map[string]string{"firstName": canary, "lastName": canary}, "metadata": map[string]string{"name": canary},
	}).want(t, 201, "")
	body := strings.Replace(w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now()),
		`"overallScore"`, `"fullName":"`+canary+`","overallScore"`, 1)
	w.koraSends(body).want(t, 200, "")
	w.koraSends(`{"name":"`+canary+`"`).want(t, 200, "") // one that cannot be read
	w.call("POST", "/v1/webhooks/kora", `{"name":"`+canary+`"}`, "Authorization", "").want(t, 401, "forged")
	w.call("POST", "/v1/sessions", `{"`+canary+`":1,"externalUserId":7}`).want(t, 400, "")
	w.awaitUser("user-1", "verified")
	eventually(t, "all is worked", func() bool { return len(w.deliveries("state=received")) == 0 })
	w.stop()

	if bytes.Contains([]byte(w.logs.String()), []byte(canary)) {
		t.Error("the logs tell it")
	}
	files, err := filepath.Glob(strings.TrimPrefix(databaseURL, "sqlite:") + "*")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no database to look into")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		must(t, err)
		if bytes.Contains(raw, []byte(canary)) {
			t.Errorf("%s tells it", filepath.Base(file))
		}
	}
}

func TestReplayIsIdempotent(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	session := w.create("user-1", "kora")
	w.koraSends(w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now())).want(t, 200, "")
	before := w.awaitUser("user-1", "verified")
	eventually(t, "it is processed", func() bool { return len(w.deliveries("state=processed")) == 1 })
	id := w.deliveries("")[0]["id"].(string)
	first := w.call("POST", "/v1/webhook-deliveries/"+id+"/replay", nil, "Idempotency-Key", "k").want(t, 202, "")
	again := w.call("POST", "/v1/webhook-deliveries/"+id+"/replay", `{}`, "Idempotency-Key", "k").want(t, 202, "")
	if again.header.Get("Idempotent-Replayed") != "true" || string(first.raw) != string(again.raw) {
		t.Errorf("first %s, again %s", first.raw, again.raw)
	}
	w.call("POST", "/v1/sessions/"+session.text("id")+"/refresh", nil, "Idempotency-Key", "k").want(t, http.StatusUnprocessableEntity, "idempotency_mismatch")
	w.call("POST", "/v1/webhook-deliveries/"+id+"/replay", `{"force":true}`).want(t, 400, "invalid_request")
	eventually(t, "it is processed again", func() bool {
		d := w.deliveries("state=processed")
		return len(d) == 1 && d[0]["attempts"].(float64) == 2
	})
	if after := w.user("user-1"); string(after.raw) != string(before.raw) {
		t.Errorf("a replay changed %s to %s", before.raw, after.raw)
	}
}
