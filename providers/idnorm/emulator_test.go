package idnorm_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	shared "github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/idnorm"
	"github.com/bonafide-idv/bonafide/providers/idnorm/emulator"
)

// desk is the adapter in front of its emulator, whose webhooks come out as
// updates.
type desk struct {
	root     string
	provider idv.Provider
	said     chan idv.Update
}

func newDesk(t *testing.T, over idv.Settings) *desk {
	t.Helper()
	d := &desk{said: make(chan idv.Update, 64)}
	var reader idv.WebhookReader
	inbox := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a body that is cut off is refused below
		hook := idv.Webhook{Header: r.Header, Body: body, ReceivedAt: time.Now()}
		if err := reader.Authenticate(r.Context(), hook); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		updates, err := reader.Normalize(hook)
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
		for _, u := range updates {
			d.said <- u
		}
	}))
	var emu shared.Emulator
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { emu.ServeHTTP(w, r) }))
	settings := emulator.Settings(server.URL)
	maps.Copy(settings, over)
	emu = emulator.New(shared.Options{
		PublicURL: server.URL, WebhookURL: inbox.URL, Settings: settings,
		Pace: shared.Pace{Scenario: time.Millisecond, Retry: 5 * time.Millisecond},
	})
	t.Cleanup(func() {
		emu.Close()
		server.Close()
		inbox.Close()
	})
	p, err := idnorm.Adapter().New(settings, &http.Client{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	reader = p.(idv.WebhookReader)
	d.root, d.provider = server.URL, p
	return d
}

func (d *desk) start(t *testing.T, user string, life time.Duration) idv.Started {
	t.Helper()
	started, err := d.provider.Start(t.Context(), idv.StartRequest{
		SessionID: sessionID, ExternalUserID: user, At: time.Now().UTC(), ExpiresIn: life,
	})
	if err != nil {
		t.Fatal(err)
	}
	return started
}

// hear waits for the update that is asked for.
func (d *desk) hear(t *testing.T, wanted func(idv.Update) bool) idv.Update {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case u := <-d.said:
			if wanted(u) {
				return u
			}
		case <-deadline:
			t.Fatal("the webhook never came")
		}
	}
}

func is(status idv.Status) func(idv.Update) bool {
	return func(u idv.Update) bool { return u.Status == status }
}

func (d *desk) post(t *testing.T, path, key, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.root+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Idnorm-License-Key", key)
	return send(t, req)
}

func send(t *testing.T, req *http.Request) (status int, answer string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(text))
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
		if u := d.hear(t, is(idv.Approved)); u.Ref != started.Ref || u.SessionID != sessionID {
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
		u := d.hear(t, is(idv.Declined))
		if len(u.Reasons) != 1 || u.Reasons[0].Code != want {
			t.Errorf("%s: %+v", reason, u.Reasons)
		}
	}
}

func TestEmulatorTellsWhatComesLater(t *testing.T) {
	d := newDesk(t, nil)
	started := d.start(t, "test-approve-1", time.Hour)
	d.hear(t, is(idv.Approved))
	path := "/_sessions/" + string(started.Ref) + "/notice"

	code, text := d.post(t, path, "", `{"event":"documentExpired","expirationTimestamp":"2026-03-01T00:00:00Z"}`)
	u := d.hear(t, is(""))
	if code != 200 || text != `{"delivered":200}` || u.Ref != started.Ref || u.Notice == nil || u.Notice.Kind != idv.NoticeDocumentExpired ||
		!u.DocumentExpiresAt.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%d %s: %+v", code, text, u)
	}
	code, text = d.post(t, path, "", `{"event":"amlUpdated","result":"RESULT_HIT"}`)
	u = d.hear(t, is(""))
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
	d.hear(t, is(idv.Expired))
	if u, err := d.provider.Fetch(t.Context(), started.Ref); err != nil || u.Status != idv.Expired {
		t.Errorf("%+v, %v", u, err)
	}
}

// The only thing that IDNorm echoes leads back to a session whose create was
// never answered.
func TestLostAnswerIsFoundByWebhook(t *testing.T) {
	d := newDesk(t, nil)
	_, err := d.provider.Start(t.Context(), idv.StartRequest{SessionID: sessionID, ExternalUserID: "test-approve-1+lose", ExpiresIn: time.Hour})
	var failure *idv.ProviderError
	if !errors.As(err, &failure) || !failure.Ambiguous {
		t.Fatalf("the answer was not lost: %v", err)
	}
	if u := d.hear(t, is(idv.Approved)); u.SessionID != sessionID || u.Ref == "" {
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
		{path, key, `{"configId":"cfg_emulated","later":1}`, 200, `"verificationUrl":"` + d.root + `/s/`},
		{"/api/v1/other", key, `{}`, 404, `"code":5`},
	} {
		if status, text := d.post(t, c.path, c.key, c.body); status != c.status || !strings.Contains(text, c.code) {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, text)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.root+"/api/v1/configurations", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Idnorm-License-Key", key)
	if status, text := send(t, req); status != 200 || text != `{"configurations":[{"id":"cfg_emulated","name":"Identity"}]}` {
		t.Errorf("configurations: %d %s", status, text)
	}
}
