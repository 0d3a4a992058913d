package veriff_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/providertest"
	"github.com/bonafide-idv/bonafide/providers/veriff"
	"github.com/bonafide-idv/bonafide/providers/veriff/emulator"
)

// desk is the adapter in front of its emulator.
type desk struct{ *providertest.Desk }

func newDesk(t *testing.T, over idv.Settings) *desk {
	t.Helper()
	return &desk{suite().Desk(t, over)}
}

// account opens another account of the same settings, as another process does.
func (d *desk) account(t *testing.T) idv.Provider {
	t.Helper()
	p, err := veriff.Adapter().New(d.Settings, &http.Client{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (d *desk) start(t *testing.T, user string) idv.Started {
	t.Helper()
	started, err := d.Provider.Start(t.Context(), idv.StartRequest{SessionID: sessionID, ExternalUserID: user, At: time.Now().UTC()})
	if err != nil {
		t.Fatal(err)
	}
	return started
}

func of(event string) func(idv.Update) bool {
	return func(u idv.Update) bool { return u.EventType == event }
}

// call makes a call with the given headers, and signs it with message unless
// that is empty.
func (d *desk) call(t *testing.T, method, path, body, message string, pairs ...string) (*http.Response, string) {
	t.Helper()
	header := http.Header{"X-Auth-Client": {d.Settings["API_KEY"]}}
	if message != "" {
		header.Set("X-Hmac-Signature", mac(d.Settings["SHARED_SECRET"], []byte(message)))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	return d.Call(t, method, path, body, header)
}

func (d *desk) notice(t *testing.T, ref idv.Ref, body string) (status int, answer string) {
	t.Helper()
	resp, text := d.call(t, http.MethodPost, "/_sessions/"+string(ref)+"/notice", body, "")
	return resp.StatusCode, text
}

func TestEmulatorSendsEveryType(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "test-approve-1")
	decided := d.Await(t, providertest.Is(idv.Approved))
	for event, check := range map[string]func(idv.Update) bool{
		`{"event":"decision"}`: func(u idv.Update) bool { return u.Status == idv.Approved && u.EventType == "decision" },
		`{"event":"fullauto"}`: func(u idv.Update) bool {
			return u.Status == idv.Approved && u.OccurredAt.Equal(decided.OccurredAt) && len(u.Result.Checks) == 6
		},
		`{"event":"watchlist"}`: func(u idv.Update) bool {
			return u.Notice.Kind == idv.NoticeAMLChanged && u.Notice.Facts["matchStatus"] == "possible_match" && u.Notice.Facts["totalHits"] == "1"
		},
		`{"event":"watchlist","checkType":"initial_result","matchStatus":"no_match"}`: func(u idv.Update) bool {
			return u.Notice.Facts["checkType"] == "initial_result" && u.Notice.Facts["totalHits"] == "0"
		},
		`{"event":"ine_registry"}`: func(u idv.Update) bool { return u.Notice.Facts["active"] == "true" },
		`{"event":"curp_registry"}`: func(u idv.Update) bool {
			return u.Notice.Facts["statusCurp"] == "AN" && u.Notice.Facts["status"] == "found"
		},
		`{"event":"combined-ine-curp-registry"}`: func(u idv.Update) bool {
			return u.Notice.Facts["statusCurp"] == "AN" && u.Notice.Facts["active"] == "true"
		},
		`{"event":"user-status.created","status":"Call back","reason":"No answer"}`: func(u idv.Update) bool {
			return u.Notice.Kind == idv.NoticeCustomStatus && u.Notice.Facts["statusCode"] == "call_back" && u.Notice.Facts["reason"] == "No answer"
		},
	} {
		code, text := d.notice(t, started.Ref, event)
		u := d.Hear(t)
		if code != 200 || text != `{"delivered":200}` || u.Ref != started.Ref || u.SessionID != sessionID || u.Attempt != decided.Attempt || u.Unknown || !check(u) {
			t.Errorf("%s: %d %s: %+v", event, code, text, u)
		}
	}
	waiting := d.start(t, "user-1")
	for _, bad := range []string{`{"event":"decision"}`, `{"event":"fullauto"}`, `{"event":"event"}`, `{"event":"other"}`, `{}`, `{"event":"watchlist","x":1}`, `no`} {
		if code, text := d.notice(t, waiting.Ref, bad); code != 400 {
			t.Errorf("%s: %d %s", bad, code, text)
		}
	}
	if code, _ := d.notice(t, "nobody", `{"event":"watchlist"}`); code != 404 {
		t.Errorf("a session that is not there: %d", code)
	}
}

func TestEmulatorSubmitsByAPI(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "user-1")
	path := "/v1/sessions/" + string(started.Ref)
	if resp, text := d.call(t, http.MethodPatch, path, `{"verification":{"status":"approved"}}`, `{"verification":{"status":"approved"}}`); resp.StatusCode != 400 || !strings.Contains(text, `"code":"1303"`) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	resp, text := d.call(t, http.MethodPatch, path, patchBody, patchBody)
	if resp.StatusCode != 200 || !strings.Contains(text, `"status":"submitted"`) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	d.Await(t, providertest.Is(idv.InProgress))
	d.Await(t, providertest.Is(idv.Processing))
	if code, text := d.notice(t, started.Ref, `{"event":"event"}`); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	d.Await(t, of("event"))
	if resp, text := d.call(t, http.MethodPatch, path, patchBody, patchBody); resp.StatusCode != 400 || !strings.Contains(text, `"code":"1304"`) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if u, err := d.Provider.Fetch(t.Context(), started.Ref); err != nil || u.Status != idv.Processing || u.Attempt == "" {
		t.Errorf("%+v, %v", u, err)
	}
}

// Answers are signed as webhooks are.
func TestEmulatorSignsItsAnswers(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "test-approve-1")
	d.Await(t, providertest.Is(idv.Approved))
	for _, part := range []string{"/decision", "/attempts", "/person", "/watchlist-screening"} {
		resp, text := d.call(t, http.MethodGet, "/v1/sessions/"+string(started.Ref)+part, "", string(started.Ref))
		if resp.StatusCode != 200 || resp.Header.Get("X-Auth-Client") != d.Settings["API_KEY"] ||
			resp.Header.Get("X-Hmac-Signature") != mac(d.Settings["SHARED_SECRET"], []byte(text)) || !json.Valid([]byte(text)) {
			t.Errorf("%s: %d %s", part, resp.StatusCode, text)
		}
	}
}

func TestEmulatorDeletes(t *testing.T) {
	d := newDesk(t, idv.Settings{"DELETE_FOR": "erase_and_cancel"})
	open := d.start(t, "user-1")
	if err := d.Provider.(idv.Canceler).Cancel(t.Context(), open.Ref); err != nil {
		t.Fatal(err)
	}
	if u := d.Await(t, providertest.Is(idv.Expired)); u.Ref != open.Ref {
		t.Errorf("%+v", u)
	}
	failure := func(err error) idv.ProviderError {
		var failure *idv.ProviderError
		if !errors.As(err, &failure) {
			return idv.ProviderError{}
		}
		return *failure
	}
	if _, err := d.Provider.Fetch(t.Context(), open.Ref); failure(err).Kind != idv.KindNotFound {
		t.Errorf("a deleted session is read: %v", err)
	}
	for range 4 {
		started := d.start(t, "test-approve-1")
		d.Await(t, providertest.Is(idv.Approved))
		if err := d.Provider.(idv.Eraser).Erase(t.Context(), started.Ref); err != nil {
			t.Error(err)
		}
	}
	sixth := d.start(t, "user-1")
	// Another process has not counted, so it hears of the limit from Veriff.
	err := d.account(t).(idv.Eraser).Erase(t.Context(), sixth.Ref)
	if got := failure(err); got.Kind != idv.KindRateLimited || got.HTTPStatus != 429 || got.RetryAfter <= 0 || got.RetryAfter > time.Hour {
		t.Errorf("the sixth: %v", err)
	}
	if _, text := d.call(t, http.MethodPatch, "/v1/sessions/"+string(sixth.Ref), patchBody, patchBody); !strings.Contains(text, "submitted") {
		t.Fatal(text)
	}
	if err := d.account(t).(idv.Eraser).Erase(t.Context(), sixth.Ref); failure(err).Kind != idv.KindRejected {
		t.Errorf("while Veriff works on it: %v", err)
	}
	off := newDesk(t, idv.Settings{"DELETE_FOR": "none"})
	id := string(off.start(t, "user-1").Ref)
	if resp, text := off.call(t, http.MethodDelete, "/v1/sessions/"+id, "", id); resp.StatusCode != 400 {
		t.Errorf("not enabled: %d %s", resp.StatusCode, text)
	}
}

// What Veriff echoes leads back to a session whose create was never answered.
func TestLostAnswerIsFoundByWebhook(t *testing.T) {
	d := newDesk(t, nil)
	_, err := d.Provider.Start(t.Context(), idv.StartRequest{SessionID: sessionID, ExternalUserID: "test-approve-1+lose"})
	var failure *idv.ProviderError
	if !errors.As(err, &failure) || !failure.Ambiguous {
		t.Fatalf("the answer was not lost: %v", err)
	}
	if u := d.Await(t, providertest.Is(idv.Approved)); u.SessionID != sessionID || u.Ref == "" {
		t.Errorf("%+v", u)
	}
}

func TestEmulatorTellsTheReason(t *testing.T) {
	for _, full := range []string{"false", "true"} {
		d := newDesk(t, idv.Settings{emulator.FullAuto: full})
		for reason, want := range map[string]idv.ReasonCode{"102": idv.ReasonDocumentNotGenuine, "103": idv.ReasonFaceMismatch, "112": idv.ReasonLocationRestricted} {
			started := d.start(t, "user-1")
			if resp, text := d.call(t, http.MethodPost, "/_sessions/"+string(started.Ref)+"/decide", `{"outcome":"decline","reason":"`+reason+`"}`, ""); resp.StatusCode != 200 {
				t.Fatalf("%d %s", resp.StatusCode, text)
			}
			if u := d.Await(t, providertest.Is(idv.Declined)); len(u.Reasons) != 1 || u.Reasons[0].Code != want || (u.EventType == "fullauto") != (full == "true") {
				t.Errorf("%s: %+v", reason, u)
			}
		}
	}
}

func TestEmulatorRefuses(t *testing.T) {
	d := newDesk(t, nil)
	const minimum = `{"verification":{}}`
	long, _ := json.Marshal(strings.Repeat("é", 1001))
	started := d.start(t, "user-1")
	id := string(started.Ref)
	for _, c := range []struct {
		method, path, body, message string
		header                      []string
		status                      int
		code                        string
	}{
		{"POST", "/v1/sessions", minimum, "", nil, 201, ""},
		{"POST", "/v1/sessions", minimum, minimum, nil, 201, ""},
		{"POST", "/v1/sessions", minimum, "x", nil, 401, "1819"},
		{"POST", "/v1/sessions", minimum, "", []string{"X-Auth-Client", ""}, 401, "1801"},
		{"POST", "/v1/sessions", minimum, "", []string{"X-Auth-Client", "key"}, 401, "1802"},
		{"POST", "/v1/sessions", minimum, "", []string{"X-Auth-Client", apiKey}, 401, "1803"},
		{"POST", "/v1/sessions", minimum, "", []string{"X-Hmac-Signature", "abc"}, 401, "1812"},
		{"POST", "/v1/sessions", `{}`, "", nil, 400, "1102"},
		{"POST", "/v1/sessions", `no`, "", nil, 400, "1104"},
		{"POST", "/v1/sessions", `{"verification":{"vendorData":1}}`, "", nil, 400, "1501"},
		{"POST", "/v1/sessions", `{"verification":{"vendorData":` + string(long) + `}}`, "", nil, 400, "1500"},
		{"POST", "/v1/sessions", `{"verification":{"callback":"http://app.example.com/"}}`, "", nil, 400, "1302"},
		{"POST", "/v1/sessions", `{"verification":{"callback":"javascript:x"}}`, "", nil, 400, "1302"},
		{"POST", "/v1/sessions", `{"verification":{"callback":"http://localhost:3000/"}}`, "", nil, 201, ""},
		{"POST", "/v1/sessions", `{"verification":{"person":{"dateOfBirth":"17.2.1994"}}}`, "", nil, 400, "1203"},
		{"POST", "/v1/sessions", `{"verification":{"endUserId":"user-1"}}`, "", nil, 400, "1104"},
		{"POST", "/v1/sessions", `{"verification":{"document":{"type":"passport"}}}`, "", nil, 400, "1104"},
		{"GET", "/v1/sessions/" + id + "/decision", "", "", nil, 401, "1812"},
		{"GET", "/v1/sessions/" + id + "/decision", "", "x", nil, 401, "1818"},
		{"GET", "/v1/sessions/" + id + "/decision", "", id, nil, 200, ""},
		{"GET", "/v1/sessions/" + ref + "/decision", "", ref, nil, 404, "1104"},
		{"PATCH", "/v1/sessions/" + id, patchBody, id, nil, 401, "1819"},
		{"PATCH", "/v1/sessions/" + ref, patchBody, patchBody, nil, 404, "1104"},
		{"DELETE", "/v1/sessions/" + id, "", "x", nil, 401, "1818"},
		{"GET", "/v1/other", "", "", nil, 404, "1104"},
	} {
		resp, text := d.call(t, c.method, c.path, c.body, c.message, c.header...)
		if resp.StatusCode != c.status || c.code != "" && !strings.Contains(text, `"code":"`+c.code+`"`) {
			t.Errorf("%s %s %.60s: %d %s", c.method, c.path, c.body, resp.StatusCode, text)
		}
	}
}
