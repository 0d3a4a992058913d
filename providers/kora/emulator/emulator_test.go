package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	koraemulator "github.com/bonafide-idv/bonafide/providers/kora/emulator"
)

// inbox keeps the webhooks that come to one URL.
type inbox struct {
	*httptest.Server
	mu   sync.Mutex
	got  []map[string]any
	head []http.Header
	news chan struct{}
}

func newInbox(t *testing.T) *inbox {
	i := &inbox{news: make(chan struct{}, 1)}
	i.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event map[string]any
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		i.mu.Lock()
		i.got, i.head = append(i.got, event), append(i.head, r.Header)
		i.mu.Unlock()
		select {
		case i.news <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *inbox) wait(t *testing.T, n int) []map[string]any {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		i.mu.Lock()
		got := slices.Clone(i.got)
		i.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-i.news:
		case <-deadline:
			t.Fatalf("%d webhooks, not %d", len(got), n)
		}
	}
}

type account struct {
	root     string
	settings idv.Settings
	global   *inbox
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{global: newInbox(t)}
	var emu emulator.Emulator
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { emu.ServeHTTP(w, r) }))
	a.settings = koraemulator.Settings(server.URL)
	a.root = a.settings["BASE_URL"]
	emu = koraemulator.New(emulator.Options{
		PublicURL: server.URL, WebhookURL: a.global.URL, Settings: a.settings, Pace: emulator.Pace{Scenario: time.Millisecond},
	})
	t.Cleanup(func() {
		emu.Close()
		server.Close()
	})
	return a
}

// call makes an API call; header pairs replace the account's own.
func (a *account) call(t *testing.T, method, path, body string, header ...string) (*http.Response, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, a.root+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.settings["API_KEY"])
	req.Header.Set("X-Tenant-ID", a.settings["TENANT_ID"])
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
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
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return resp, answer
}

func TestErrors(t *testing.T) {
	a := newAccount(t)
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code                     string
	}{
		{"no user", "POST", "/verifications", `{"tier":"basic"}`, nil, 400, "VALIDATION_ERROR"},
		{"unknown tier", "POST", "/verifications", `{"externalId":"u","tier":"gold"}`, nil, 400, "VALIDATION_ERROR"},
		{"no URL", "POST", "/verifications", `{"externalId":"u","callbackUrl":"ftp://x"}`, nil, 400, "VALIDATION_ERROR"},
		{"no JSON", "POST", "/verifications", `hello`, nil, 400, "VALIDATION_ERROR"},
		{"another key", "POST", "/verifications", `{"externalId":"u"}`, []string{"Authorization", "Bearer x"}, 401, "UNAUTHORIZED"},
		{"bare key", "POST", "/verifications", `{"externalId":"u"}`, []string{"Authorization", a.settings["API_KEY"]}, 401, "UNAUTHORIZED"},
		{"another tenant", "POST", "/verifications", `{"externalId":"u"}`, []string{"X-Tenant-ID", "x"}, 403, "FORBIDDEN"},
		{"read with another key", "GET", "/verifications/ver_1", ``, []string{"Authorization", "Bearer x"}, 401, "UNAUTHORIZED"},
		{"list with another key", "GET", "/subjects/u/verifications", ``, []string{"Authorization", "Bearer x"}, 401, "UNAUTHORIZED"},
		{"complete with another key", "POST", "/verifications/ver_1/complete", ``, []string{"Authorization", "Bearer x"}, 401, "UNAUTHORIZED"},
		{"unknown verification", "GET", "/verifications/ver_1", ``, nil, 404, "NOT_FOUND"},
		{"unknown to complete", "POST", "/verifications/ver_1/complete", ``, nil, 404, "NOT_FOUND"},
		{"unknown endpoint", "GET", "/nothing", ``, nil, 404, "NOT_FOUND"},
		{"refused on demand", "POST", "/verifications", `{"externalId":"test-approve-1+500"}`, nil, 500, "INTERNAL_ERROR"},
		{"too many", "POST", "/verifications", `{"externalId":"test-approve-1+429"}`, nil, 429, "RATE_LIMIT_EXCEEDED"},
	} {
		resp, answer := a.call(t, tt.method, tt.path, tt.body, tt.header...)
		if resp.StatusCode != tt.status || answer["code"] != tt.code || answer["error"] == "" {
			t.Errorf("%s: HTTP %d %v", tt.name, resp.StatusCode, answer)
		}
		if tt.status == 429 && (resp.Header.Get("Retry-After") != "1" || resp.Header.Get("X-RateLimit-Reset") == "") {
			t.Errorf("%s: headers %v", tt.name, resp.Header)
		}
	}
	if resp, answer := a.call(t, "GET", "/health", "", "Authorization", ""); resp.StatusCode != 200 || answer["status"] != "ok" {
		t.Errorf("health: HTTP %d %v", resp.StatusCode, answer)
	}
}

// The app's SDK completes a verification; both endpoints hear two events of it.
func TestCompleteTellsBothEndpoints(t *testing.T) {
	a, own := newAccount(t), newInbox(t)
	_, created := a.call(t, "POST", "/verifications", `{"externalId":"user 1","callbackUrl":"`+own.URL+`"}`)
	id, _ := created["id"].(string)
	if created["status"] != "pending" || created["tier"] != "standard" || !strings.HasPrefix(id, "ver_") {
		t.Fatalf("created %v", created)
	}
	resp, done := a.call(t, "POST", "/verifications/"+id+"/complete", "{}")
	if resp.StatusCode != 200 || done["status"] != "verified" {
		t.Errorf("HTTP %d %v", resp.StatusCode, done)
	}
	if resp, answer := a.call(t, "POST", "/verifications/"+id+"/complete", "{}"); resp.StatusCode != 422 {
		t.Errorf("completed twice: %v", answer)
	}
	for _, in := range []*inbox{a.global, own} {
		events := in.wait(t, 2)
		for i, eventType := range []string{"verification.completed", "verification.verified"} {
			e, head := events[i], in.head[i]
			data, _ := e["data"].(map[string]any)
			if e["eventType"] != eventType || e["resourceId"] != id || e["tenantId"] != a.settings["TENANT_ID"] || data["status"] != "verified" ||
				data["decision"] != "auto_approve" || data["externalId"] != "user 1" {
				t.Errorf("event %v", e)
			}
			if head.Get("X-Webhook-ID") != e["id"] || head.Get("X-Event-Type") != eventType || head.Get("X-Signature-Algorithm") != "sha256" ||
				head.Get("X-Signature") == "" || head.Get("X-Timestamp") == "" {
				t.Errorf("headers %v", head)
			}
		}
	}
	_, list := a.call(t, "GET", "/subjects/user%201/verifications", "")
	if found, _ := list["verifications"].([]any); len(found) != 1 {
		t.Errorf("list %v", list)
	}
}

func TestOneEndpointHearsOnce(t *testing.T) {
	a := newAccount(t)
	a.call(t, "POST", "/verifications", `{"externalId":"test-review-1","callbackUrl":"`+a.global.URL+`"}`)
	a.call(t, "POST", "/verifications", `{"externalId":"test-approve-1"}`)
	if got := slices.Sorted(slices.Values(types(a.global.wait(t, 3)))); !slices.Equal(got, []string{"verification.completed", "verification.completed", "verification.verified"}) {
		t.Errorf("heard %v", got)
	}
}

func TestFraud(t *testing.T) {
	a := newAccount(t)
	_, created := a.call(t, "POST", "/verifications", `{"externalId":"test-fraud-1"}`)
	events := a.global.wait(t, 3)
	if got := types(events); !slices.Equal(got, []string{"fraud_alert.created", "verification.completed", "verification.rejected"}) {
		t.Errorf("heard %v", got)
	}
	alert, _ := events[0]["data"].(map[string]any)
	if alert["verificationId"] != created["id"] || alert["alertType"] != "document_tampering" || alert["severity"] != "high" {
		t.Errorf("alert %v", alert)
	}
	_, read := a.call(t, "GET", "/verifications/"+created["id"].(string), "")
	if signals, _ := read["riskSignals"].([]any); read["status"] != "rejected" || len(signals) != 1 {
		t.Errorf("read %v", read)
	}
}

func types(events []map[string]any) []string {
	var list []string
	for _, e := range events {
		list = append(list, e["eventType"].(string))
	}
	return list
}
