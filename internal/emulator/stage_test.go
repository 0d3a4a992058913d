package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

func TestScenarios(t *testing.T) {
	for user, want := range map[string]struct{ status, reason string }{
		"test-approve-1":      {"approved", ""},
		"test-approve-1-2-3":  {"approved", ""},
		"test-slow-1":         {"approved", ""},
		"test-reject-1":       {"declined", "BLURRED"},
		"test-review-1":       {"in_review", ""},
		"test-resubmit-1":     {"resubmission_requested", "AGAIN"},
		"test-fraud-1":        {"declined", ""},
		"test-fail-1":         {"failed", ""},
		"test-abandon-1":      {"canceled", ""},
		"test-expired-1":      {"expired", ""},
		"test-twice-1":        {"approved", ""}, // its own, which begins with a decline
		"test-approve+drop":   {"approved", ""},
		"test-approve-1+odd+": {"approved", ""}, // faults that nobody knows are none
	} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if status := w.start("1", user, ""); status != http.StatusCreated {
				t.Fatalf("HTTP %d", status)
			}
			if s := w.reach("s1", want.status); s["reason"] != want.reason {
				t.Errorf("reason %q, want %q", s["reason"], want.reason)
			}
		})
	}
	t.Run("nobody else's", func(t *testing.T) {
		w := newWorld(t)
		for i, user := range []string{"user-1", "test", "test-", "test-dance-1", "Test-approve-1", "a-test-approve-1"} {
			w.start(fmt.Sprint(i), user, "")
		}
		w.start("last", "test-approve-1", "")
		w.reach("slast", "approved")
		if n := len(w.stage.Sessions(func(s emulator.Session) bool { return s.Status == "pending" })); n != 6 {
			t.Errorf("%d of 6 wait", n)
		}
	})
}

func TestStepsTakeThoseBefore(t *testing.T) {
	w := newWorld(t)
	w.start("1", "user-1", "")
	for _, outcome := range []string{"open", "resubmit", "open", "review", "submit", "approve", "decline"} {
		if status, _, body := w.call("POST", "/_sessions/s1/decide", "application/json", `{"outcome":"`+outcome+`"}`); status != http.StatusOK {
			t.Fatalf("%s: HTTP %d %s", outcome, status, body)
		}
	}
	want := "open|submit|resubmit AGAIN|open|submit|review|approve|decline BLURRED"
	got := w.wait(8)
	slices.Sort(got)
	sorted := strings.Split(want, "|")
	slices.Sort(sorted)
	if !slices.Equal(got, sorted) {
		t.Errorf("heard %q", got)
	}
	if s := w.session("s1"); s["round"] != 2.0 || s["status"] != "declined" {
		t.Errorf("session %v", s)
	}
}

// What one decision sets off is told in its order.
func TestOrderOfOneStep(t *testing.T) {
	w := newWorld(t)
	w.start("1", "test-approve-1", "")
	if got := w.wait(3); !slices.Equal(got, []string{"open", "submit", "approve"}) {
		t.Errorf("heard %q", got)
	}
}

func TestExpiry(t *testing.T) {
	w := newWorld(t)
	w.start("1", "user-1", "&short")
	w.reach("s1", "expired")
	w.start("2", "test-review-1", "&short")
	w.reach("s2", "in_review") // or it expires first, and is then reviewed all the same
}

func TestOldSessionsMakeRoom(t *testing.T) {
	w := newWorld(t)
	for i := range 1001 {
		w.start(fmt.Sprint(i), "user-1", "")
	}
	if _, ok := w.stage.Session("s0"); ok {
		t.Error("the oldest session is still there")
	}
	if n := len(w.stage.Sessions(func(emulator.Session) bool { return true })); n != 1000 {
		t.Errorf("%d sessions", n)
	}
	if !w.stage.Remove("s1") || w.stage.Remove("s1") {
		t.Error("a session is removed once")
	}
}

func TestCloseEndsTheWork(t *testing.T) {
	w := newWorld(t)
	w.mu.Lock()
	w.fail = 1 << 30 // nothing is ever accepted
	w.mu.Unlock()
	w.start("1", "test-approve-1", "")
	w.start("2", "user-1", "&short")
	done := make(chan struct{})
	go func() {
		w.stage.Close()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("still at work")
	}
	w.start("3", "test-approve-1", "") // after the end it decides nothing
}

func TestControlDoor(t *testing.T) {
	w := newWorld(t)
	w.start("1", "user-1", "")
	w.start("2", "user-2", "")
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/_sessions/none", "", 404},
		{"POST", "/_sessions/none/decide", `{"outcome":"approve"}`, 404},
		{"POST", "/_sessions/s1/decide", `{"outcome":"dance"}`, 400},
		{"POST", "/_sessions/s1/decide", `{"outcome":"approve","typo":1}`, 400},
		{"POST", "/_sessions/s1/decide", `approve`, 400},
		{"POST", "/_sessions/s1/decide", `{"outcome":"decline","reason":"FAKE"}`, 200},
		{"PUT", "/_faults", `{"webhooks":{}}`, 400},
		{"PUT", "/_faults", `[]`, 400},
		{"PUT", "/_faults", `{"webhook":{"drop":true},"api":{"method":"GET","status":500}}`, 200},
	} {
		if status, _, body := w.call(tt.method, tt.path, "application/json", tt.body); status != tt.status {
			t.Errorf("%s %s %s: HTTP %d %s", tt.method, tt.path, tt.body, status, body)
		}
	}
	if s := w.session("s1"); s["status"] != "declined" || s["reason"] != "FAKE" || s["page"] != w.root+"/capture/s1" {
		t.Errorf("session %v", s)
	}
	var faults emulator.Faults
	_, _, body := w.call("GET", "/_faults", "", "")
	if err := json.Unmarshal([]byte(body), &faults); err != nil || !faults.Webhook.Drop || faults.API.Status != 500 {
		t.Errorf("faults %s, %v", body, err)
	}
	if status, _, _ := w.call("DELETE", "/_faults", "", ""); status != http.StatusNoContent {
		t.Errorf("HTTP %d", status)
	}
	if _, _, body := w.call("GET", "/_faults", "", ""); body != `{"webhook":{},"api":{}}`+"\n" {
		t.Errorf("faults %s", body)
	}
	_, _, body = w.call("GET", "/_sessions", "", "")
	if first, second := strings.Index(body, `"s2"`), strings.Index(body, `"s1"`); first < 0 || second < first {
		t.Errorf("not the newest first: %s", body)
	}
}
