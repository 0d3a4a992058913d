package idenfy_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	idenfyemulator "github.com/bonafide-idv/bonafide/providers/idenfy/emulator"
	"github.com/bonafide-idv/bonafide/providers/providertest"
)

// desk is the adapter in front of its emulator.
type desk struct{ *providertest.Desk }

func newDesk(t *testing.T, over idv.Settings) *desk {
	t.Helper()
	return &desk{suite().Desk(t, over)}
}

func (d *desk) start(t *testing.T, user string, life time.Duration) idv.Started {
	t.Helper()
	req := suite().Start
	req.ExternalUserID, req.ExpiresIn, req.At = user, life, time.Now().UTC()
	started, err := d.Provider.Start(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return started
}

// call speaks to the emulator with the account's key.
func (d *desk) call(t *testing.T, method, path, body string) (status int, answer string) {
	t.Helper()
	credential := base64.StdEncoding.EncodeToString([]byte("emulated-idenfy-key:emulated-idenfy-secret"))
	resp, text := d.Call(t, method, path, body, http.Header{"Authorization": {"Basic " + credential}})
	return resp.StatusCode, resp.Header.Get("Location") + text
}

func (d *desk) decide(t *testing.T, ref idv.Ref, outcome, reason string) {
	t.Helper()
	body := `{"outcome":"` + outcome + `","reason":"` + reason + `"}`
	if code, text := d.call(t, "POST", "/_sessions/"+string(ref)+"/decide", body); code != 200 {
		t.Fatalf("decide: %d %s", code, text)
	}
}

// Every webhook that iDenfy has can be asked for, and the adapter reads it.
func TestEmulatorSendsEveryWebhook(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "test-approve-1", time.Hour)
	if u := d.Hear(t); u.Status != idv.Approved || u.EventType != "IDENTIFICATION_AUTO_FINISHED" || u.SessionID != sessionID || u.Result == nil {
		t.Fatalf("%+v", u)
	}
	path := "/_sessions/" + string(started.Ref) + "/webhook"
	for _, c := range []struct {
		body   string
		status idv.Status
		notice idv.NoticeKind
	}{
		{`{"event":"IDENTIFICATION"}`, idv.Approved, ""},
		{`{"event":"IDENTIFICATION","final":false,"finishTime":1772619790}`, idv.InReview, ""},
		{`{"event":"IDENTIFICATION_AUTO_FINISHED","final":false,"overall":"DENIED","autoDocument":"DOC_EXPIRED","autoFace":"FACE_MATCH"}`, idv.InReview, ""},
		{`{"event":"IDENTIFICATION_MANUAL_FINISHED","overall":"DENIED","manualDocument":"DOC_FAKE","manualFace":"FACE_MISMATCH"}`, idv.Declined, ""},
		{`{"event":"IDENTIFICATION_MANUAL_FINISHED","overall":"SUSPECTED","fraudTags":["DUPLICATE_FACE"],"mismatchTags":["NAME"]}`, idv.InReview, idv.NoticeFraudAlert},
		{`{"event":"IDENTIFICATION_EXPIRED","overall":"EXPIRED"}`, idv.Expired, ""},
		{`{"event":"IDENTIFICATION_CANCELLED"}`, idv.Canceled, ""},
		{`{"event":"IDENTIFICATION_RESUBMITTED"}`, idv.Approved, ""},
		{`{"event":"DOCUMENT_EXPIRATION","expirationThreshold":"DOCUMENT_EXPIRES_WITHIN_30_DAYS","documentExpiration":"2031-05-09"}`, "", idv.NoticeDocumentExpiring},
		{`{"event":"DOCUMENT_EXPIRATION","expirationThreshold":"DOCUMENT_EXPIRED","documentExpiration":"2026-03-01"}`, "", idv.NoticeDocumentExpired},
		{`{"event":"VIDEO_CALL_FINISHED"}`, "", ""},
	} {
		code, text := d.call(t, "POST", path, c.body)
		u := d.Hear(t)
		var kind idv.NoticeKind
		if u.Notice != nil {
			kind = u.Notice.Kind
		}
		if code != 200 || text != `{"delivered":200}` || u.Ref != started.Ref || u.Status != c.status || kind != c.notice || u.Unknown || u.Partial {
			t.Errorf("%s: %d %s, %+v", c.body, code, text, u)
		}
	}
	for _, bad := range []string{`{"event":"OTHER"}`, `{}`, `{"event":"IDENTIFICATION","x":1}`, `no`} {
		if code, text := d.call(t, "POST", path, bad); code != 400 {
			t.Errorf("%s: %d %s", bad, code, text)
		}
	}
	if code, _ := d.call(t, "POST", "/_sessions/nobody/webhook", `{"event":"IDENTIFICATION"}`); code != 404 {
		t.Errorf("a session that is not there: %d", code)
	}
}

func TestEmulatorTellsTheReason(t *testing.T) {
	d := newDesk(t, nil)
	for reason, want := range map[string]idv.ReasonCode{
		"DOC_FAKE": idv.ReasonDocumentNotGenuine, "DOC_EXPIRED": idv.ReasonDocumentExpired, "DOC_FACE_GLARED": idv.ReasonDocumentUnreadable,
		"FACE_MISMATCH": idv.ReasonFaceMismatch, "NO_FACE_FOUND": idv.ReasonFaceNotVisible, "FAKE_FACE": idv.ReasonLivenessFailed,
	} {
		d.decide(t, d.start(t, "user-1", time.Hour).Ref, "decline", reason)
		if u := d.Hear(t); u.Status != idv.Declined || len(u.Reasons) != 1 || u.Reasons[0].Code != want || u.Reasons[0].ProviderCode != reason {
			t.Errorf("%s: %+v", reason, u)
		}
	}
}

// After a suspicion a human decides in the dashboard, and may decide again.
func TestEmulatorHumans(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "test-fraud-1", time.Hour)
	if u := d.Hear(t); u.Status != idv.InReview || u.ProviderStatus != "SUSPECTED" || u.Notice == nil {
		t.Fatalf("%+v", u)
	}
	for _, c := range []struct {
		outcome string
		want    idv.Status
	}{{"approve", idv.Approved}, {"decline", idv.Declined}, {"approve", idv.Approved}} {
		d.decide(t, started.Ref, c.outcome, "DOC_FAKE")
		if u := d.Hear(t); u.Status != c.want || u.EventType != "IDENTIFICATION_MANUAL_FINISHED" {
			t.Errorf("%s: %+v", c.outcome, u)
		}
		if u, err := d.Provider.Fetch(t.Context(), started.Ref); err != nil || u.Status != c.want || u.Result == nil || u.Notice != nil {
			t.Errorf("%s, asked: %+v, %v", c.outcome, u, err)
		}
	}
}

// More is asked of the user in the dashboard or by API, and iDenfy tells of it
// once the user has answered.
func TestEmulatorRequestsInformation(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "test-review-1", time.Hour)
	if u := d.Hear(t); u.Status != idv.InReview || u.ProviderStatus != "APPROVED" {
		t.Fatalf("%+v", u)
	}
	code, text := d.call(t, "POST", "/kyc/identifications/"+string(started.Ref)+"/request-information/", `{"lifetime":86400}`)
	var answer struct {
		SessionURL  string `json:"sessionUrl"`
		TokenString string `json:"tokenString"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || code != 200 || answer.SessionURL != started.Launch.URL || answer.TokenString == "" {
		t.Fatalf("%d %s %v", code, text, err)
	}
	if u, err := d.Provider.Fetch(t.Context(), started.Ref); err != nil || u.Status != idv.InReview {
		t.Errorf("%+v, %v", u, err)
	}
	if code, _ := d.call(t, "GET", strings.TrimPrefix(answer.SessionURL, d.Root), ""); code != 200 {
		t.Errorf("page: %d", code)
	}
	d.decide(t, started.Ref, "approve", "")
	if u := d.Hear(t); u.Status != idv.Approved || u.EventType != "IDENTIFICATION_RESUBMITTED" {
		t.Errorf("%+v", u)
	}
}

func TestEmulatorErases(t *testing.T) {
	d := newDesk(t, nil)
	eraser := d.Provider.(idv.Eraser)
	started := d.start(t, "user-1", time.Hour)
	var failure *idv.ProviderError
	if err := eraser.Erase(t.Context(), started.Ref); !errors.As(err, &failure) || failure.Code != "PARTNER_ERROR" {
		t.Errorf("while the token is alive: %v", err)
	}
	d.decide(t, started.Ref, "approve", "")
	d.Hear(t)
	if err := eraser.Erase(t.Context(), started.Ref); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	for name, err := range map[string]error{"again": eraser.Erase(t.Context(), started.Ref), "read": fetchError(t, d, started.Ref)} {
		if !errors.As(err, &failure) || failure.Kind != idv.KindNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func fetchError(t *testing.T, d *desk, ref idv.Ref) error {
	t.Helper()
	_, err := d.Provider.Fetch(t.Context(), ref)
	return err
}

func TestEmulatorEndsATokenInTime(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "user-1", time.Second)
	if u := d.Hear(t); u.Status != idv.Expired || u.Ref != started.Ref || u.Result != nil {
		t.Errorf("%+v", u)
	}
}

// What we have iDenfy echo leads back to a session whose create was never
// answered.
func TestLostAnswerIsFoundByWebhook(t *testing.T) {
	d := newDesk(t, nil)
	req := suite().Start
	req.ExternalUserID = "test-approve-1+lose"
	_, err := d.Provider.Start(t.Context(), req)
	var failure *idv.ProviderError
	if !errors.As(err, &failure) || !failure.Ambiguous {
		t.Fatalf("the answer was not lost: %v", err)
	}
	if u := d.Hear(t); u.SessionID != sessionID || u.Ref == "" || u.Status != idv.Approved {
		t.Errorf("%+v", u)
	}
}

func TestEmulatorSendsToTheSessionsOwnURL(t *testing.T) {
	heard := make(chan string, 1)
	own := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.Header.Get("Idenfy-Event-Type") }))
	defer own.Close()
	d := newDesk(t, idv.Settings{"SEND_CALLBACK_URL": "true"})
	req := suite().Start
	req.ExternalUserID, req.WebhookURL = "test-approve-1", own.URL
	if _, err := d.Provider.Start(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	select {
	case event := <-heard:
		if event != "IDENTIFICATION_AUTO_FINISHED" {
			t.Error(event)
		}
	case <-time.After(20 * time.Second):
		t.Error("the webhook never came")
	}
}

func TestEmulatorRefuses(t *testing.T) {
	d := newDesk(t, idv.Settings{idenfyemulator.OneActive: "true"})
	const path = "/api/v2/token"
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{`no`, 400, `"identifier":"JSON_ERROR"`},
		{`{}`, 400, `"identifier":"MISSING_VALUE"`},
		{`{"clientId":"` + strings.Repeat("x", 101) + `"}`, 400, `clientId`},
		{`{"clientId":"käthe"}`, 400, `clientId`},
		{`{"clientId":"u","tokenType":"OTHER"}`, 400, `tokenType`},
		{`{"clientId":"u","externalRef":"` + strings.Repeat("x", 41) + `"}`, 400, `externalRef`},
		{`{"clientId":"u","firstName":"Am4ra"}`, 400, `firstName`},
		{`{"clientId":"u","lastName":""}`, 400, `lastName`},
		{`{"clientId":"u","dateOfBirth":"94-02-17"}`, 400, `dateOfBirth`},
		{`{"clientId":"u","country":"NGA"}`, 400, `country`},
		{`{"clientId":"u","documents":["passport"]}`, 400, `documents`},
		{`{"clientId":"u","locale":"zh-Hant-TW"}`, 400, `locale`},
		{`{"clientId":"u","successUrl":"/x"}`, 400, `successUrl`},
		{`{"clientId":"u","callbackUrl":"http://example.com/"}`, 400, `callbackUrl`},
		{`{"clientId":"u","expiryTime":2592001}`, 400, `expiryTime`},
		{`{"clientId":"u","sessionLength":59}`, 400, `sessionLength`},
		{`{"clientId":"u","dummyStatus":"MAYBE"}`, 400, `dummyStatus`},
		{`{"clientId":"u","later":1,"firstName":"Amara"}`, 201, `"firstName":"AMARA"`},
		{`{"clientId":"u"}`, 409, `"identifier":"PARTNER_ERROR"`},
		{`{"clientId":"v","dummyStatus":"SUSPECTED"}`, 201, `Dummy token and verification created successfully`},
	} {
		if status, text := d.call(t, "POST", path, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s", c.body, status, text)
		}
	}
	if u := d.Hear(t); u.ProviderStatus != "SUSPECTED" {
		t.Errorf("dummy: %+v", u)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/api/v2/status", `{}`, 400, "MISSING_VALUE"},
		{"POST", "/api/v2/status", `{"scanRef":"x"}`, 404, "BAD_VALUE"},
		{"POST", "/api/v2/other", `{}`, 404, "BAD_VALUE"},
		{"GET", "/api/v2/redirect?authToken=x", ``, 404, "TOKEN_NOT_VALID"},
		{"GET", "/kyc/identifications/?clientId=v", ``, 200, `"status":"SUSPECTED","suspected":true`},
		{"GET", "/kyc/identifications/?clientId=nobody", ``, 200, `"count":0`},
	} {
		if status, text := d.call(t, c.method, c.path, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, text)
		}
	}
}

func TestEmulatorRedirects(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "user-1", time.Hour)
	if code, location := d.call(t, "GET", "/api/v2/redirect?authToken="+started.Launch.Token, ""); code != 302 || location != started.Launch.URL {
		t.Errorf("%d %s", code, location)
	}
}
