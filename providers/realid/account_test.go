package realid_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/realid"
)

func TestSettings(t *testing.T) {
	for key, values := range map[string][]string{
		"API_TOKEN":               {"", " , ", "two words", "line\nbreak", "ü"},
		"SIGNING_SECRET":          {"", " , "},
		"BASE_URL":                {"real-id.getverdict.com", "ftp://x/y", "https://", "https://u:p@h/", "https://h/?a=b"},
		"MODE":                    {"sandbox", "Live"},
		"LAUNCH_URL":              {"https://idv.link/", "/{checkId}", "javascript:{checkId}"},
		"ORDER_NAME":              {"email"},
		"CHECK_OVERRIDES":         {"intro", "[]", `"x"`, "{} {}", "null"},
		"CANCEL_MODE":             {"remote"},
		"FACE_STEP_MEANS":         {"approved"},
		"TECHNICAL_FAILURE_MEANS": {"approved"},
		"VERIFY_COMPACT_JSON":     {"yes"},
	} {
		for _, value := range values {
			s := settings("https://realid.example")
			s[key] = value
			_, err := realid.Adapter().New(s, &http.Client{})
			if err == nil || !strings.HasPrefix(err.Error(), key+":") || strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("%s=%q: error %v", key, value, err)
			}
		}
	}
	_, err := realid.Adapter().New(idv.Settings{"MODE": "x"}, &http.Client{})
	for _, key := range []string{"API_TOKEN", "SIGNING_SECRET", "MODE"} {
		if err == nil || !strings.Contains(err.Error(), key+":") {
			t.Errorf("all at once: %v does not name %s", err, key)
		}
	}
}

// TestStartNeedsAWayToTheUser: the refusal can be told from the provider's own,
// and nothing is sent.
func TestStartNeedsAWayToTheUser(t *testing.T) {
	called := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer server.Close()
	_, err := account(t, idv.Settings{"BASE_URL": server.URL}).Start(t.Context(), idv.StartRequest{
		SessionID: sessionID, ExternalUserID: "user-1", Prefill: idv.Prefill{FirstName: "John", LastName: "Smith", Email: " \t"},
	})
	var refusal *idv.ProviderError
	if !errors.As(err, &refusal) || refusal.Kind != idv.KindRejected || refusal.Code != realid.CodeContactRequired ||
		refusal.HTTPStatus != 0 || refusal.Ambiguous || called {
		t.Errorf("error %v, called %v", err, called)
	}
}

// TestErase: one DELETE; Real ID's failures keep their kind.
func TestErase(t *testing.T) {
	for status, want := range map[int]idv.ErrorKind{
		200: "", 204: "", 401: idv.KindUnauthorized, 404: idv.KindNotFound, 429: idv.KindRateLimited, 500: idv.KindUnavailable,
	} {
		var calls []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls = append(calls, r.Method+" "+r.URL.EscapedPath()+" "+r.Header.Get("Authorization"))
			w.WriteHeader(status)
		}))
		err := account(t, idv.Settings{"BASE_URL": server.URL}).(idv.Eraser).Erase(t.Context(), "a/b")
		server.Close()
		var failure *idv.ProviderError
		if want == "" && err != nil || want != "" && (!errors.As(err, &failure) || failure.Kind != want) {
			t.Errorf("HTTP %d: %v", status, err)
		}
		if len(calls) != 1 || calls[0] != "DELETE /checks/a%2Fb Bearer rid_example_token" {
			t.Errorf("HTTP %d: calls %q", status, calls)
		}
	}
}

// TestCancelIsAChoice: an account that does not delete does not claim to cancel.
func TestCancelIsAChoice(t *testing.T) {
	if _, ok := account(t, nil).(idv.Canceler); ok {
		t.Error("cancels without being told to")
	}
	method := ""
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { method = r.Method }))
	defer server.Close()
	p := account(t, idv.Settings{"BASE_URL": server.URL, "CANCEL_MODE": "delete"})
	canceler, ok := p.(idv.Canceler)
	if !ok {
		t.Fatal("does not cancel")
	}
	if err := canceler.Cancel(t.Context(), "x"); err != nil || method != "DELETE" {
		t.Errorf("%s, %v", method, err)
	}
	if _, ok := p.(idv.Repeater); !ok {
		t.Error("reads no webhooks any more")
	}
	if _, ok := p.(idv.Eraser); !ok {
		t.Error("erases no more")
	}
}

func TestSessionIsEchoed(t *testing.T) {
	for _, tt := range []struct{ setting, name, want string }{
		{"both", "user-1~" + sessionID, sessionID},
		{"both", "a~ses_0~" + sessionID, sessionID},
		{"both", sessionID, ""},
		{"both", "#1234", ""},
		{"both", "user-1~ses_01k9abcdefghjkmnpqrstvwxyu", ""},
		{"both", "user-1~ses_01k9abcdefghjkmnpqrstvwxyz0", ""},
		{"both", "user-1~SES_01K9ABCDEFGHJKMNPQRSTVWXYZ", ""},
		{"session", sessionID, sessionID},
		{"session", "user-1~" + sessionID, ""},
		{"user", "user-1~" + sessionID, ""},
		{"none", "user-1~" + sessionID, ""},
	} {
		reader := account(t, idv.Settings{"ORDER_NAME": tt.setting}).(idv.WebhookReader)
		body := `{"event":"check.opened","check":{"id":"x","order":{"name":"` + tt.name + `"}}}`
		updates, err := reader.Normalize(idv.Webhook{Body: []byte(body)})
		if err != nil || len(updates) != 1 || updates[0].SessionID != tt.want {
			t.Errorf("%s, %s: %+v, %v", tt.setting, tt.name, updates, err)
		}
	}
}

func TestReadmeNamesEverySettingAndWord(t *testing.T) {
	suite().Readme(t, append(steps(), events()...)...)
}
