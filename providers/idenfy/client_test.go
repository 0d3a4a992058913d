package idenfy_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/idenfy"
)

// account makes a provider with the given settings over working ones.
func account(t testing.TB, server string, over idv.Settings) idv.Provider {
	t.Helper()
	s := settings(server)
	maps.Copy(s, over)
	p, err := idenfy.Adapter().New(s, &http.Client{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// answering is an iDenfy that gives every call the same answer, and keeps the
// last one.
func answering(t *testing.T, status int, answer string) (server string, asked func() string) {
	t.Helper()
	calls := make(chan string, 8)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is cut off shows in the comparison
		calls <- r.Method + " " + r.URL.Path + " " + string(body)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string {
		select {
		case call := <-calls:
			return call
		default:
			return ""
		}
	}
}

func TestPageIsBuiltWhereNoneIsGiven(t *testing.T) {
	for _, redirect := range []string{`null`, `""`, `"javascript:alert(1)"`, `"/relative"`, `7`} {
		server, _ := answering(t, 200, `{"scanRef":"s1","authToken":"a b&c","redirectUrl":`+redirect+`}`)
		started, err := account(t, server+"/", nil).Start(t.Context(), suite().Start)
		if err != nil || started.Launch.URL != server+"/api/v2/redirect?authToken=a+b%26c" || started.Launch.Token != "a b&c" {
			t.Errorf("%s: %+v, %v", redirect, started, err)
		}
	}
}

// The key of a user is the same in every session, or a face would be its own
// duplicate; what iDenfy would refuse goes as a digest.
func TestClientIDs(t *testing.T) {
	seen := map[string]string{}
	for id, asIs := range map[string]bool{
		"user-42": true, "a": true, "with space & ~": true, strings.Repeat("x", 100): true,
		strings.Repeat("x", 101): false, "käthe": false, "tab\t": false, "用户": false, strings.Repeat("ä", 255): false,
	} {
		server, asked := answering(t, 201, `{"scanRef":"s1","authToken":"t"}`)
		req := suite().Start
		req.ExternalUserID = id
		if _, err := account(t, server, nil).Start(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		var body struct {
			ClientID string `json:"clientId"`
		}
		if err := json.Unmarshal([]byte(strings.SplitN(asked(), " ", 3)[2]), &body); err != nil {
			t.Fatal(err)
		}
		if (body.ClientID == id) != asIs || body.ClientID == "" || len(body.ClientID) > 100 || seen[body.ClientID] != "" {
			t.Errorf("%q goes as %q", id, body.ClientID)
		}
		seen[body.ClientID] = id
	}
}

func TestErase(t *testing.T) {
	for _, c := range []struct {
		status int
		answer string
		kind   idv.ErrorKind
		code   string
	}{
		{200, ``, "", ""},
		{400, `{"message":"Token has not expired yet.","identifier":"PARTNER_ERROR","documentation":"","severity":"NOT_SEVERE"}`, idv.KindRejected, "PARTNER_ERROR"},
		{404, `{"message":"x","identifier":"BAD_VALUE"}`, idv.KindNotFound, "BAD_VALUE"},
		{401, `{"message":"Invalid authorization credentials"}`, idv.KindUnauthorized, ""},
		{429, `{"message":"x","identifier":"TOO_MANY_REQUESTS"}`, idv.KindRateLimited, "TOO_MANY_REQUESTS"},
		{500, `<html>`, idv.KindUnavailable, ""},
	} {
		server, asked := answering(t, c.status, c.answer)
		err := account(t, server, nil).(idv.Eraser).Erase(t.Context(), ref)
		if call := asked(); call != `POST /api/v2/delete {"scanRef":"`+ref+`"}` || asked() != "" {
			t.Errorf("%d: asked %s", c.status, call)
		}
		var failure *idv.ProviderError
		if c.kind == "" && err != nil || c.kind != "" && (!errors.As(err, &failure) || failure.Kind != c.kind || failure.Code != c.code) {
			t.Errorf("%d: %v", c.status, err)
		}
	}
}

// A session at iDenfy cannot be ended by us, and a lost create left no link that
// could be found again.
func TestWhatCannotBeDone(t *testing.T) {
	p := account(t, "http://127.0.0.1:1", nil)
	_, cancels := p.(idv.Canceler)
	_, finds := p.(idv.Finder)
	if cancels || finds {
		t.Errorf("cancels %v, finds %v", cancels, finds)
	}
}

func TestSettings(t *testing.T) {
	for key, values := range map[string][]string{
		"API_KEY":           {"", "two words", "a:b", "line\nbreak"},
		"API_SECRET":        {"", " , ", "ü"},
		"SIGNING_KEY":       {"", " , "},
		"BASE_URL":          {"ivs.idenfy.com", "ftp://x/y", "https://", "https://u:p@h/", "https://h/?a=b"},
		"TOKEN_TYPE":        {"identification", "VIDEO_CALL"},
		"SESSION_LENGTH":    {"59", "3601", "soon", "-1", "1.5"},
		"REVIEW_SUCCESSFUL": {"maybe"},
		"REVIEW_FAILED":     {"2"},
		"SEND_CALLBACK_URL": {"ja"},
		"SEND_PREFILL":      {"on"},
		"SUSPECTED_MEANS":   {"approved", "yes"},
		"ABSENT_FINAL":      {"true", "approved"},
	} {
		for _, value := range values {
			s := settings("https://idenfy.example")
			s[key] = value
			_, err := idenfy.Adapter().New(s, &http.Client{})
			if err == nil || !strings.Contains(err.Error(), key+":") || strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("%s=%q: error %v", key, value, err)
			}
		}
	}
	for key, value := range map[string]string{
		"BASE_URL": "", "TOKEN_TYPE": " ", "SESSION_LENGTH": "60", "REVIEW_FAILED": "false", "SUSPECTED_MEANS": "declined", "API_SECRET": "a:b",
	} {
		s := settings("https://idenfy.example")
		s[key] = value
		if _, err := idenfy.Adapter().New(s, &http.Client{}); err != nil {
			t.Errorf("%s=%q: error %v", key, value, err)
		}
	}
}
