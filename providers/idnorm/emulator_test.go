package idnorm_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
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
	started, err := d.Provider.Start(t.Context(), idv.StartRequest{
		SessionID: sessionID, ExternalUserID: user, At: time.Now().UTC(), ExpiresIn: life,
	})
	if err != nil {
		t.Fatal(err)
	}
	return started
}

func (d *desk) post(t *testing.T, path, key, body string) (status int, answer string) {
	t.Helper()
	return d.call(t, http.MethodPost, path, key, body)
}

func (d *desk) call(t *testing.T, method, path, key, body string) (status int, answer string) {
	t.Helper()
	resp, text := d.Call(t, method, path, body, http.Header{"Idnorm-License-Key": {key}})
	return resp.StatusCode, text
}

func TestEmulatorSignsEveryVariant(t *testing.T) {
	for _, settings := range []idv.Settings{
		{"SIGNATURE_VARIANT": "le-hex"},
		{"SIGNATURE_VARIANT": "le-utf8"},
		{"SIGNATURE_VARIANT": "be-hex"},
		{"SIGNATURE_VARIANT": "be-utf8"},
		{"SIGNATURE_VARIANT": "auto"},
		{"SIGNATURE_VARIANT": "be-utf8", "WEBHOOK_SECRET": textSecret},
		{"WEBHOOK_SECRET": textSecret},
		{"WEBHOOK_SECRET": textSecret + "," + hexSecret},
		{"AUTH_HEADER": "Authorization", "AUTH_PREFIX": "Bearer", "LICENSE_KEY": "one,two"},
	} {
		d := newDesk(t, settings)
		started := d.start(t, "test-approve-1", time.Hour)
		if u := d.Await(t, providertest.Is(idv.Approved)); u.Ref != started.Ref || u.SessionID != sessionID {
			t.Errorf("%v: %+v", settings, u)
		}
	}
}

func TestEmulatorTellsTheReason(t *testing.T) {
	d := newDesk(t, nil)
	for reason, want := range map[string]idv.ReasonCode{
		"documentVerification.dataIntegrity":  idv.ReasonDocumentNotGenuine,
		"documentVerification.ageRestriction": idv.ReasonAgeRestriction,
		"faceMatch.faceMatch":                 idv.ReasonFaceMismatch,
		"liveness.userAction":                 idv.ReasonLivenessFailed,
		"poa.check":                           idv.ReasonAddressNotVerified,
		"aml.result":                          idv.ReasonWatchlistMatch,
		"none":                                idv.ReasonNotSpecified,
	} {
		started := d.start(t, "user-1", time.Hour)
		if code, text := d.post(t, "/_sessions/"+string(started.Ref)+"/decide", "", `{"outcome":"decline","reason":"`+reason+`"}`); code != 200 {
			t.Fatalf("decide: %d %s", code, text)
		}
		u := d.Await(t, providertest.Is(idv.Declined))
		if len(u.Reasons) != 1 || u.Reasons[0].Code != want {
			t.Errorf("%s: %+v", reason, u.Reasons)
		}
	}
}

func TestEmulatorTellsWhatComesLater(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "test-approve-1", time.Hour)
	d.Await(t, providertest.Is(idv.Approved))
	path := "/_sessions/" + string(started.Ref) + "/notice"

	code, text := d.post(t, path, "", `{"event":"documentExpired","expirationTimestamp":"2026-03-01T00:00:00Z"}`)
	u := d.Await(t, providertest.Is(""))
	if code != 200 || text != `{"delivered":200}` || u.Ref != started.Ref || u.Notice == nil || u.Notice.Kind != idv.NoticeDocumentExpired ||
		!u.DocumentExpiresAt.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%d %s: %+v", code, text, u)
	}
	code, text = d.post(t, path, "", `{"event":"amlUpdated","result":"RESULT_HIT"}`)
	u = d.Await(t, providertest.Is(""))
	if code != 200 || u.Notice == nil || u.Notice.Kind != idv.NoticeAMLChanged || u.Notice.Facts["result"] != "RESULT_HIT" {
		t.Errorf("%d %s: %+v", code, text, u)
	}
	for _, bad := range []string{`{"event":"other"}`, `{}`, `{"event":"amlUpdated","x":1}`, `no`} {
		if code, text := d.post(t, path, "", bad); code != 400 {
			t.Errorf("%s: %d %s", bad, code, text)
		}
	}
	if code, _ := d.post(t, "/_sessions/nobody/notice", "", `{"event":"amlUpdated"}`); code != 404 {
		t.Errorf("a session that is not there: %d", code)
	}
}

func TestEmulatorEndsALinkInTime(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "user-1", time.Second)
	d.Await(t, providertest.Is(idv.Expired))
	if u, err := d.Provider.Fetch(t.Context(), started.Ref); err != nil || u.Status != idv.Expired {
		t.Errorf("%+v, %v", u, err)
	}
}

// The only thing that IDNorm echoes leads back to a session whose create was
// never answered.
func TestLostAnswerIsFoundByWebhook(t *testing.T) {
	d := newDesk(t, nil)
	_, err := d.Provider.Start(t.Context(), idv.StartRequest{SessionID: sessionID, ExternalUserID: "test-approve-1+lose", ExpiresIn: time.Hour})
	var failure *idv.ProviderError
	if !errors.As(err, &failure) || !failure.Ambiguous {
		t.Fatalf("the answer was not lost: %v", err)
	}
	if u := d.Await(t, providertest.Is(idv.Approved)); u.SessionID != sessionID || u.Ref == "" {
		t.Errorf("%+v", u)
	}
}

func TestEmulatorRefuses(t *testing.T) {
	d := newDesk(t, nil)
	const path, key = "/api/v1/create_session", "emulated-idnorm-license-key"
	for _, c := range []struct {
		path, key, body string
		status          int
		code            string
	}{
		{path, "", `{"configId":"cfg_emulated"}`, 401, `"code":16`},
		{path, "wrong", `{"configId":"cfg_emulated"}`, 401, `"code":16`},
		{path, key, `{}`, 400, `"code":3`},
		{path, key, `no`, 400, `"code":3`},
		{path, key, `{"configId":"other"}`, 404, `"code":5`},
		{path, key, `{"configId":"cfg_emulated","durationInSeconds":-1}`, 400, `"code":3`},
		{path, key, `{"configId":"cfg_emulated","durationInSeconds":1.5}`, 400, `"code":3`},
		{path, key, `{"configId":"cfg_emulated","callbackUrl":"javascript:x"}`, 400, `"code":3`},
		{path, key, `{"configId":"cfg_emulated","later":1}`, 200, `"verificationUrl":"` + d.Root + `/s/`},
		{"/api/v1/other", key, `{}`, 404, `"code":5`},
	} {
		if status, text := d.post(t, c.path, c.key, c.body); status != c.status || !strings.Contains(text, c.code) {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, text)
		}
	}
	if status, text := d.call(t, http.MethodGet, "/api/v1/configurations", key, ""); status != 200 || text != `{"configurations":[{"id":"cfg_emulated","name":"Identity"}]}` {
		t.Errorf("configurations: %d %s", status, text)
	}
}
