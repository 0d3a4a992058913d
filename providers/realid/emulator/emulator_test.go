package emulator_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	shared "github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/realid/emulator"
)

// shop is an account at the emulator that keeps the webhooks it gets.
type shop struct {
	root string
	news chan struct{}

	mu  sync.Mutex
	got []map[string]any
}

func newShop(t *testing.T, over idv.Settings) *shop {
	t.Helper()
	s := &shop{news: make(chan struct{}, 1)}
	inbox := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		if len(r.Header.Get("X-Real-ID-Signature")) != 64 {
			t.Errorf("signature %q", r.Header.Get("X-Real-ID-Signature"))
		}
		s.mu.Lock()
		s.got = append(s.got, body)
		s.mu.Unlock()
		select {
		case s.news <- struct{}{}:
		default:
		}
	}))
	var emu shared.Emulator
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { emu.ServeHTTP(w, r) }))
	settings := emulator.Settings(server.URL)
	maps.Copy(settings, over)
	emu = emulator.New(shared.Options{
		PublicURL: server.URL, WebhookURL: inbox.URL, Settings: settings, Pace: shared.Pace{Scenario: time.Millisecond},
	})
	t.Cleanup(func() {
		emu.Close()
		server.Close()
		inbox.Close()
	})
	s.root = server.URL
	return s
}

// call speaks to the emulator with the token given, or none.
func (s *shop) call(t *testing.T, method, path, token, body string) (status int, answer map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.root+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s: %s: %v", method, path, text, err)
	}
	return resp.StatusCode, answer
}

const token = "rid_emulated-api-token"

// create makes a check for a user and gives its id.
func (s *shop) create(t *testing.T, user string) string {
	t.Helper()
	status, answer := s.call(t, "POST", "/api/v1/checks", token, `{"customer":{"email":"a@b.example"},"order":{"name":"`+user+`~ses_01k9abcdefghjkmnpqrstvwxyz"}}`)
	check, _ := answer["check"].(map[string]any)
	id, _ := check["id"].(string)
	if status != 200 || id == "" || check["step"] != "delivered" || answer["message"] != "Delivered ID check" {
		t.Fatalf("HTTP %d %v", status, answer)
	}
	return id
}

// said waits until what was heard is what is wanted: event and step.
func (s *shop) said(t *testing.T, want ...string) []map[string]any {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		got := slices.Clone(s.got)
		s.mu.Unlock()
		var words []string
		for _, body := range got {
			check, _ := body["check"].(map[string]any)
			step, _ := check["step"].(string)
			words = append(words, strings.TrimSuffix(body["event"].(string)+" "+step, " "))
		}
		slices.Sort(words)
		slices.Sort(want)
		if slices.Equal(words, want) {
			return got
		}
		select {
		case <-s.news:
		case <-deadline:
			t.Fatalf("heard %q, want %q", words, want)
		}
	}
}

func (s *shop) check(t *testing.T, id string) map[string]any {
	t.Helper()
	status, answer := s.call(t, "GET", "/api/v1/checks/"+id, token, "")
	check, _ := answer["check"].(map[string]any)
	if status != 200 || check["id"] != id {
		t.Fatalf("HTTP %d %v", status, answer)
	}
	return check
}

func TestWholeLife(t *testing.T) {
	s := newShop(t, nil)
	id := s.create(t, "test-approve-1")
	for _, body := range s.said(t, "check.delivered delivered", "check.opened opened", "check.submitted-photo id",
		"check.submitted-photo face_match", "check.completed completed") {
		check := body["check"].(map[string]any)
		order, _ := check["order"].(map[string]any)
		if check["id"] != id || check["testing"] != true || order["name"] != "test-approve-1~ses_01k9abcdefghjkmnpqrstvwxyz" {
			t.Errorf("%v", body)
		}
		if at, err := time.Parse(time.RFC3339, body["created_at"].(string)); err != nil || at.IsZero() {
			t.Errorf("%v: %v", body, err)
		}
	}
	check := s.check(t, id)
	result := check["result"].(map[string]any)
	if check["step"] != "completed" || result["success"] != true || result["document"].(map[string]any)["birth_date"] != "1994-02-17" {
		t.Errorf("%v", check)
	}
	if status, answer := s.call(t, "DELETE", "/api/v1/checks/"+id, token, ""); status != 200 || answer["check"].(map[string]any)["id"] != id {
		t.Errorf("delete: HTTP %d %v", status, answer)
	}
	for _, method := range []string{"GET", "DELETE"} {
		if status, _ := s.call(t, method, "/api/v1/checks/"+id, token, ""); status != 404 {
			t.Errorf("%s after the delete: HTTP %d", method, status)
		}
	}
}

// A human's decision, and one that takes an earlier one back.
func TestReviewAndReversal(t *testing.T) {
	for _, tt := range []struct {
		over idv.Settings
		want []string
	}{
		{nil, []string{"check.completed manually_approved", "check.failed manually_rejected"}},
		{idv.Settings{emulator.SilentOverrides: "true", emulator.ThinWebhooks: "true"}, nil},
	} {
		s := newShop(t, tt.over)
		id := s.create(t, "user-1")
		decide := func(outcome, step string) {
			t.Helper()
			status, _ := s.call(t, "POST", "/_sessions/"+id+"/decide", "", `{"outcome":"`+outcome+`"}`)
			if check := s.check(t, id); status != 200 || check["step"] != step {
				t.Errorf("%s: HTTP %d, step %v", outcome, status, check["step"])
			}
		}
		decide("review", "in_review")
		decide("approve", "manually_approved")
		decide("decline", "manually_rejected")
		if check := s.check(t, id); check["step_manually_overridden"] != true {
			t.Errorf("%v", check)
		}
		heard := s.said(t, append(tt.want, "check.delivered delivered", "check.opened opened", "check.submitted-photo id", "check.submitted-photo face_match")...)
		for _, body := range heard {
			if _, ok := body["check"].(map[string]any)["order"]; ok != (tt.over == nil) {
				t.Errorf("order in %v", body)
			}
		}
	}
}

func TestEveryWebhookOnDemand(t *testing.T) {
	s := newShop(t, nil)
	id := s.create(t, "user-1")
	want := []string{"check.delivered delivered"}
	for _, event := range []string{
		"check.delivered", "check.created", "check.opened", "check.submitted-photo", "check.completed", "check.failed",
		"customer.data_request", "customer.manual_review_requested", "customer.data_deletion_request",
	} {
		if status, answer := s.call(t, "POST", "/_sessions/"+id+"/webhook", "", `{"event":"`+event+`"}`); status != 202 || answer["sent"] != event {
			t.Errorf("%s: HTTP %d %v", event, status, answer)
		}
		if strings.HasPrefix(event, "check.") {
			event += " delivered"
		}
		want = append(want, event)
	}
	s.said(t, want...)
	s.call(t, "POST", "/_sessions/"+id+"/webhook", "", `{"event":"check.completed","step":"completed","testing":false}`)
	heard := s.said(t, append(want, "check.completed completed")...)
	odd := slices.IndexFunc(heard, func(body map[string]any) bool { return body["check"].(map[string]any)["testing"] == false })
	if odd < 0 || heard[odd]["check"].(map[string]any)["step"] != "completed" {
		t.Errorf("no webhook of another mode in %v", heard)
	}
	for _, bad := range []string{`{}`, `{"event":"check.archived"}`, `{"event":"check.opened","x":1}`, `no`} {
		if status, _ := s.call(t, "POST", "/_sessions/"+id+"/webhook", "", bad); status != 400 {
			t.Errorf("%s: HTTP %d", bad, status)
		}
	}
	if status, _ := s.call(t, "POST", "/_sessions/nobody/webhook", "", `{"event":"check.opened"}`); status != 404 {
		t.Errorf("a check that is not there: HTTP %d", status)
	}
}

func TestRefusals(t *testing.T) {
	s := newShop(t, nil)
	for _, tt := range []struct {
		method, path, token, body string
		status                    int
	}{
		{"POST", "/api/v1/checks", "", `{"customer":{"email":"a@b.example"}}`, 401},
		{"POST", "/api/v1/checks", "wrong", `{"customer":{"email":"a@b.example"}}`, 401},
		{"GET", "/api/v1/checks/x", "wrong", ``, 401},
		{"DELETE", "/api/v1/checks/x", "", ``, 401},
		{"POST", "/api/v1/checks", token, `{"customer":{"first_name":"A"}}`, 422},
		{"POST", "/api/v1/checks", token, `no`, 422},
		{"POST", "/api/v1/checks", token, `{"customer":{"phone":"+1224225555"},"check":{"intro_content":"Hello"}}`, 200},
		{"POST", "/api/v1/checks", token, `{"customer":{"phone":"+1224225555"},"order":{"name":"test-approve-1+503"}}`, 503},
		{"GET", "/api/v1/checks/x", token, ``, 404},
		{"GET", "/api/checks", token, ``, 404},
	} {
		status, answer := s.call(t, tt.method, tt.path, tt.token, tt.body)
		if message, _ := answer["message"].(string); status != tt.status || message == "" {
			t.Errorf("%s %s %s: HTTP %d %v", tt.method, tt.path, tt.body, status, answer)
		}
	}
}
