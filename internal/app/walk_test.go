package app

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/providers"
)

// eachProvider runs a test for every provider on both engines.
func eachProvider(t *testing.T, run func(t *testing.T, w *world, provider string)) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		for _, entry := range providers.All() {
			t.Run(entry.Adapter.Name, func(t *testing.T) {
				inner := *w
				inner.t = t
				run(t, &inner, entry.Adapter.Name)
			})
		}
	})
}

// The main job: a session is created, finished on the provider's page in a
// browser, and the user reads verified.
func TestTheWholeWalk(t *testing.T) {
	eachProvider(t, func(t *testing.T, w *world, provider string) {
		user := "walker-" + provider
		if got := w.user(user).text("status"); got != "unverified" {
			t.Fatalf("a user nobody heard of is %q", got)
		}
		session := w.create(user, provider)
		if session.text("status") != "pending" || session.text("launch.url") == "" || session.header.Get("Location") != "/v1/sessions/"+session.text("id") {
			t.Fatalf("session %s", session.raw)
		}
		if got := w.user(user); got.text("status") != "pending" || got.text("openSessionId") != session.text("id") {
			t.Fatalf("user %s", got.raw)
		}
		w.press(session.text("launch.url"), "approve")

		verified := w.awaitUser(user, "verified")
		if verified.text("sessionId") != session.text("id") || verified.text("verifiedAt") == "" || verified.text("expiresAt") == "" || verified.at("openSessionId") != nil {
			t.Errorf("user %s", verified.raw)
		}
		decided := w.session(session.text("id"))
		if decided.text("status") != "approved" || decided.text("decision.outcome") != "approved" || decided.at("decision.version") != 1.0 || decided.at("decision.revisedFrom") != nil {
			t.Errorf("session %s", decided.raw)
		}
		var result answer
		eventually(t, "there is a result", func() bool {
			result = w.call("GET", "/v1/sessions/"+session.text("id")+"/result", nil)
			return result.status == http.StatusOK
		})
		if len(result.list("checks")) == 0 {
			t.Errorf("result %s", result.raw)
		}
		timeline := w.call("GET", "/v1/sessions/"+session.text("id")+"/timeline", nil).want(t, 200, "")
		moved, created := 0, false
		for _, o := range timeline.list("data") {
			created = created || o["source"] == "create" // not always the first: some providers call before they answer
			if o["effect"] == "moved" {
				moved++
			}
		}
		if !created || moved < 2 {
			t.Errorf("timeline %s", timeline.raw)
		}
		w.call("POST", "/v1/sessions", forUser(user, provider)).want(t, 409, "already_verified")
	})
}

var button = regexp.MustCompile(`<button[^>]*name="([^"]+)"[^>]*value="([^"]*)"`)

// press opens a hosted page and presses the button for the outcome, as a
// browser would.
func (w *world) press(page, outcome string) {
	w.t.Helper()
	res, err := http.Get(page)
	must(w.t, err)
	html, err := io.ReadAll(res.Body)
	must(w.t, err)
	must(w.t, res.Body.Close())
	for _, b := range button.FindAllStringSubmatch(string(html), -1) {
		if b[2] != outcome {
			continue
		}
		answer, err := http.PostForm(page, url.Values{b[1]: {b[2]}})
		must(w.t, err)
		must(w.t, answer.Body.Close())
		if answer.StatusCode >= 400 {
			w.t.Fatalf("the page answered %s", answer.Status)
		}
		return
	}
	w.t.Fatalf("no button for %q on\n%s", outcome, html)
}

// A magic user id decides by itself, without a browser.
func TestScenariosDecideByThemselves(t *testing.T) {
	eachProvider(t, func(t *testing.T, w *world, provider string) {
		for prefix, status := range map[string]string{"test-approve-": "verified", "test-reject-": "rejected", "test-review-": "in_review"} {
			user := prefix + provider
			w.create(user, provider)
			w.awaitUser(user, status)
			if status == "rejected" {
				eventually(t, "a decline has a reason", func() bool { return len(w.user(user).list("reasons")) > 0 })
			}
		}
	})
}

func TestReviewThenDecision(t *testing.T) {
	eachProvider(t, func(t *testing.T, w *world, provider string) {
		user := "reviewed-" + provider
		session := w.create(user, provider)
		w.decide(session, "review")
		w.awaitUser(user, "in_review")
		w.decide(session, "decline")
		w.awaitUser(user, "rejected")
		w.awaitLater()
		w.decide(session, "approve")
		a := w.awaitUser(user, "verified")
		if got := w.session(session.text("id")); got.at("decision.version") != 2.0 || got.text("decision.revisedFrom") != "declined" {
			t.Errorf("session %s", got.raw)
		}
		w.awaitLater()
		w.decide(session, "decline")
		if b := w.awaitUser(user, "revoked"); b.at("version").(float64) <= a.at("version").(float64) {
			t.Errorf("the version did not rise: %s then %s", a.raw, b.raw)
		}
	})
}

// awaitLater waits until what came is worked, nobody is about to ask a provider,
// and one whose clock shows whole seconds can tell its next decision from the last.
func (w *world) awaitLater() {
	w.t.Helper()
	const left = "SELECT kind FROM river_job WHERE kind IN ('delivery', 'fetch') AND state NOT IN ('completed', 'cancelled', 'discarded')"
	eventually(w.t, "everything is worked", func() bool { return len(scan[string](w, left)) == 0 })
	w.awaitSecond()
}

// Where a provider asks for another try, the user is told, and the second try
// decides.
func TestResubmission(t *testing.T) {
	eachProvider(t, func(t *testing.T, w *world, provider string) {
		if !slices.Contains([]string{"idnorm", "veriff"}, provider) {
			return // the others have no such thing, or do not tell
		}
		user := "again-" + provider
		session := w.create(user, provider)
		w.decide(session, "resubmit")
		if a := w.awaitUser(user, "action_required"); a.text("openSessionId") != session.text("id") {
			t.Errorf("user %s", a.raw)
		}
		w.awaitLater()
		w.decide(session, "approve")
		w.awaitUser(user, "verified")
	})
}

// awaitSecond waits for the next second, where clocks that show seconds move on.
func (w *world) awaitSecond() {
	now := time.Now()
	eventually(w.t, "a second begins", func() bool { return time.Now().Unix() > now.Unix() })
}

// Real ID delivers the link itself, so that it must be able to reach the user.
func TestRealIDNeedsAWayToReachTheUser(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	a := w.call("POST", "/v1/sessions", `{"externalUserId":"user-1","provider":"realid"}`).want(t, 400, "invalid_request")
	if errs := a.list("errors"); len(errs) != 1 || errs[0]["pointer"] != "/user" {
		t.Errorf("errors %s", a.raw)
	}
	if n := len(w.call("GET", "/v1/sessions", nil).list("data")); n != 0 {
		t.Errorf("%d sessions were kept", n)
	}
}

// Whatever the network does to webhooks, the status is right in the end.
func TestFaultyWebhooks(t *testing.T) {
	eachProvider(t, func(t *testing.T, w *world, provider string) {
		for _, fault := range []string{"duplicate", "reorder", "delay"} {
			user := "test-approve-" + provider + "+" + fault
			w.create(user, provider)
			w.awaitUser(user, "verified")
		}
	})
}

func TestDroppedWebhookIsMadeUpForByRefresh(t *testing.T) {
	eachProvider(t, func(t *testing.T, w *world, provider string) {
		session := w.create("dropped-"+provider+"", provider)
		w.emulator("PUT", provider, "/_faults", map[string]any{"webhook": map[string]any{"drop": true}})
		defer w.emulator("DELETE", provider, "/_faults", nil)
		w.decide(session, "decline")
		a := w.call("POST", "/v1/sessions/"+session.text("id")+"/refresh", nil).want(t, 200, "")
		if a.text("status") != "declined" {
			t.Errorf("session %s", a.raw)
		}
	})
}
