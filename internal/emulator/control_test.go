package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

// Whatever the control door is told, it answers JSON, keeps what it confirmed, and
// nothing of what it refused.
func FuzzControl(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"webhook":{"drop":true}}`, `{"api":{"lose":true,"times":1}}`, `{"api":{"times":-1}}`, `{"unknown":1}`, `{"outcome":"approve"}`, `{"outcome":"decline","reason":"FAKE"}`,
		`{"outcome":""}`, `[]`, `null`, `{`, "\xff", `{"outcome":"approve"}{}`, `{"webhook":{"delay":"9999999h"}}`,
	} {
		f.Add([]byte(seed))
	}
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	f.Cleanup(hook.Close)
	p := &toy{hook: hook.URL}
	p.stage = emulator.NewStage(emulator.Options{PublicURL: "http://localhost", Pace: emulator.Pace{Scenario: time.Millisecond, Slow: time.Millisecond, Retry: time.Millisecond, Hold: time.Millisecond}},
		emulator.Profile{Name: "toy", Title: "Toy", Page: "/capture/", Steps: []emulator.Step{emulator.Approve, emulator.Decline}}, p)
	f.Cleanup(p.stage.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /start", p.start)
	door := p.stage.Handler(mux)
	ask := func(t *testing.T, method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		if w.Code >= http.StatusInternalServerError || w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s %q: %d %s", method, path, body, w.Code, w.Body)
		}
		return w.Code, w.Body.String()
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		ask(t, "DELETE", "/_faults", "")
		ask(t, "POST", "/start?n=1", "user-1")
		_, before := ask(t, "GET", "/_faults", "")
		status, said := ask(t, "PUT", "/_faults", string(body))
		_, after := ask(t, "GET", "/_faults", "")
		if status == http.StatusOK && after != said || status != http.StatusOK && after != before {
			t.Errorf("%q: %d %s, and now %s", body, status, said, after)
		}
		ask(t, "DELETE", "/_faults", "")
		_, session := ask(t, "GET", "/_sessions/s1", "")
		if status, _ := ask(t, "POST", "/_sessions/s1/decide", string(body)); status != http.StatusOK {
			if _, now := ask(t, "GET", "/_sessions/s1", ""); now != session {
				t.Errorf("%q was refused and changed %s to %s", body, session, now)
			}
		}
	})
}
