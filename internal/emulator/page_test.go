package emulator_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func (w *world) choose(id, step, reason string) (int, string) {
	w.t.Helper()
	form := url.Values{"step": {step}, "reason_" + step: {reason}}.Encode()
	status, header, _ := w.call("POST", "/capture/"+id, "application/x-www-form-urlencoded", form)
	return status, header.Get("Location")
}

func TestPage(t *testing.T) {
	w := newWorld(t)
	w.start("1", "user-1", "&return="+url.QueryEscape("https://app.example/back?a=1"))
	status, header, body := w.call("GET", "/capture/s1", "", "")
	if status != http.StatusOK || header.Get("Content-Type") != "text/html; charset=utf-8" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("HTTP %d %v", status, header)
	}
	if !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page may ask others for something")
	}
	for _, want := range []string{
		`lang="en"`, `name="viewport"`, "<strong>Emulator.</strong>", "Toy &amp; Sons",
		`value="approve"`, `value="decline"`, `value="review"`, `value="resubmit"`, `value="abandon"`,
		`<label for="reason-decline">`, `<option value="FAKE">The document is fake</option>`, `<option value="AGAIN">`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, outside := range []string{"<script", "src=", "<link", "url(", "@import", `value="expire"`} {
		if strings.Contains(body, outside) {
			t.Errorf("the page has %s", outside)
		}
	}
	if s := w.session("s1"); s["status"] != "in_progress" {
		t.Errorf("opened, it is %v", s["status"])
	}

	if status, location := w.choose("s1", "decline", "FAKE"); status != http.StatusSeeOther || location != "https://app.example/back?a=1" {
		t.Errorf("HTTP %d to %s", status, location)
	}
	if s := w.session("s1"); s["status"] != "declined" || s["reason"] != "FAKE" {
		t.Errorf("session %v", s)
	}
	// Chosen again in another tab, it changes nothing.
	if status, _ := w.choose("s1", "approve", ""); status != http.StatusSeeOther {
		t.Errorf("HTTP %d", status)
	}
	if s := w.session("s1"); s["status"] != "declined" {
		t.Errorf("session %v", s)
	}
	if _, _, body := w.call("GET", "/capture/s1", "", ""); !strings.Contains(body, "Done: <code>declined</code>") ||
		!strings.Contains(body, `href="https://app.example/back?a=1"`) || strings.Contains(body, "<button") {
		t.Errorf("page %s", body)
	}
}

func TestReviewPage(t *testing.T) {
	w := newWorld(t)
	w.start("1", "user-1", "&return=https://app.example/back")
	if status, location := w.choose("s1", "review", ""); status != http.StatusSeeOther || location != "./s1" {
		t.Errorf("HTTP %d to %s", status, location)
	}
	_, _, body := w.call("GET", "/capture/s1", "", "")
	for want, there := range map[string]bool{
		"you are the reviewer": true, `value="approve"`: true, `value="decline"`: true, "Return to the application": true,
		`value="review"`: false, `value="abandon"`: false, `value="fraud"`: false,
	} {
		if strings.Contains(body, want) != there {
			t.Errorf("%s there: %v", want, !there)
		}
	}
	if status, location := w.choose("s1", "approve", ""); status != http.StatusSeeOther || location != "https://app.example/back" {
		t.Errorf("HTTP %d to %s", status, location)
	}
}

// A way back that a browser must not be sent is no way back, wherever it
// comes from.
func TestWayBack(t *testing.T) {
	for link, want := range map[string]string{
		"": "./s1", "javascript:alert(1)": "./s1", "//evil.example": "./s1", "/local": "./s1", "data:text/html,x": "./s1",
		"http://127.0.0.1:3000/x": "http://127.0.0.1:3000/x",
	} {
		w := newWorld(t)
		w.start("1", "user-1", "&return="+url.QueryEscape(link))
		if _, location := w.choose("s1", "approve", ""); location != want {
			t.Errorf("created with %q: to %q", link, location)
		}
		w.start("2", "user-1", "")
		w.call("GET", "/capture/s2?return="+url.QueryEscape(link), "", "")
		if _, location := w.choose("s2", "approve", ""); location != strings.Replace(want, "s1", "s2", 1) {
			t.Errorf("opened with %q: to %q", link, location)
		}
	}
}

func TestUnknownPage(t *testing.T) {
	w := newWorld(t)
	if status, _, _ := w.call("GET", "/capture/none", "", ""); status != http.StatusNotFound {
		t.Errorf("HTTP %d", status)
	}
	if status, _ := w.choose("none", "approve", ""); status != http.StatusNotFound {
		t.Errorf("HTTP %d", status)
	}
}

func TestIndex(t *testing.T) {
	w := newWorld(t)
	w.start("1", "<b>user</b>", "")
	status, _, body := w.call("GET", "/", "", "")
	for _, want := range []string{
		"<code>test-approve-1</code>", "<code>test-twice-1</code></td><td>decline, then approve", "<code>+duplicate</code>", "<code>+lose</code>",
		"&lt;b&gt;user&lt;/b&gt;", w.root + "/capture/s1",
	} {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("HTTP %d, the page lacks %s", status, want)
		}
	}
}
