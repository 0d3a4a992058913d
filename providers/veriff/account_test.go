package veriff_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/veriff"
)

func TestSettingsThatAreWrong(t *testing.T) {
	for key, values := range map[string][]string{
		"API_KEY":                {"", " , ", "two words", "line\nbreak", "ü"},
		"SHARED_SECRET":          {"", " , "},
		"BASE_URL":               {"stationapi.veriff.com", "ftp://x", "https://", "https://u:p@h", "https://h/?a=b"},
		"INTEGRATION_ID":         {"two words", "ü"},
		"VENDOR_DATA":            {"email"},
		"END_USER_ID":            {"always"},
		"DELETE_FOR":             {"cancel", "true"},
		"FULL_AUTO":              {"yes"},
		"ALLOW_LEGACY_SIGNATURE": {"maybe"},
	} {
		for _, value := range values {
			s := settings("https://stationapi.veriff.com")
			s[key] = value
			_, err := veriff.Adapter().New(s, &http.Client{})
			if err == nil || !strings.HasPrefix(err.Error(), key+" ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s=%q: error %v", key, value, err)
			}
		}
	}
	_, err := veriff.Adapter().New(idv.Settings{"BASE_URL": "x", "FULL_AUTO": "x"}, nil)
	for _, key := range []string{"API_KEY", "SHARED_SECRET", "BASE_URL", "FULL_AUTO"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("not all at once: %v", err)
		}
	}
}

func TestReadmeNamesEverySettingAndWord(t *testing.T) { suite().Readme(t, suite().Statuses...) }

// ask calls a server that keeps what it was sent and answers with the body.
func ask(t *testing.T, base string, over idv.Settings, status int, body string, call func(idv.Provider) error) (path string, sent []byte, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		sent, _ = io.ReadAll(r.Body) // what is cut off shows below
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	s := idv.Settings{"BASE_URL": server.URL + base}
	for key, value := range over {
		s[key] = value
	}
	err = call(account(t, s))
	return path, sent, err
}

func start(t *testing.T, user string) func(idv.Provider) error {
	return func(p idv.Provider) error {
		req := suite().Start
		req.ExternalUserID = user
		_, err := p.Start(t.Context(), req)
		return err
	}
}

func TestBaseURLWithAndWithoutVersion(t *testing.T) {
	for base, want := range map[string]string{
		"": "/v1/sessions", "/": "/v1/sessions", "/v1": "/v1/sessions", "/v1/": "/v1/sessions", "//": "/v1/sessions",
		"/veriff": "/veriff/v1/sessions", "/veriff/v1/": "/veriff/v1/sessions",
	} {
		if path, _, _ := ask(t, base, nil, 500, "", start(t, "user-42")); path != want {
			t.Errorf("%q: asked %s", base, path)
		}
	}
}

func TestWhatVeriffIsTold(t *testing.T) {
	const id = "a8e1c0de-1234-4f00-9a7b-77c0ffee0001"
	for _, c := range []struct {
		vendorData, endUserID string // settings
		user                  string
		wantVendor, wantUser  string
	}{
		{"", "", id, id + "~" + sessionID, id},
		{"both", "uuid", "user-42", "user-42~" + sessionID, ""},
		{"session", "none", id, sessionID, ""},
		{"user", "uuid", "{" + id + "}", "{" + id + "}", ""},
		{"user", "uuid", strings.ReplaceAll(id, "-", ""), strings.ReplaceAll(id, "-", ""), ""},
		{"user", "derived", id, id, id},
		// Python: uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/bonafide-idv/bonafide/users/user-42")
		{"session", "derived", "user-42", sessionID, "8e80243f-b230-5336-adf4-1dfee3da759b"},
	} {
		over := idv.Settings{"VENDOR_DATA": c.vendorData, "END_USER_ID": c.endUserID}
		_, body, _ := ask(t, "", over, 500, "", start(t, c.user))
		var sent struct {
			Verification struct{ VendorData, EndUserID string }
		}
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := sent.Verification; got.VendorData != c.wantVendor || got.EndUserID != c.wantUser {
			t.Errorf("%+v: sent %+v", c, got)
		}
	}
}

func TestEcho(t *testing.T) {
	for _, c := range []struct{ setting, vendorData, want string }{
		{"both", "user-1~" + sessionID, sessionID},
		{"both", "a~b~" + sessionID, sessionID},
		{"both", sessionID, ""},
		{"both", sessionID + "~user-1", ""},
		{"both", "user-1~" + sessionID[:29], ""},
		{"both", "user-1~" + sessionID + "0", ""},
		{"both", "user-1~" + strings.ToUpper(sessionID), ""},
		{"both", "user-1~" + strings.ReplaceAll(sessionID, "k", "l"), ""},
		{"both", "user-1~evt_" + sessionID[4:], ""},
		{"both", "", ""},
		{"session", sessionID, sessionID},
		{"session", "user-1~" + sessionID, ""},
		{"user", "user-1~" + sessionID, ""},
	} {
		for _, body := range []string{
			`{"verification":{"id":%q,"status":"created","vendorData":%q}}`,
			`{"id":%q,"action":"started","vendorData":%q}`,
			`{"sessionId":%q,"eventType":"fullauto","vendorData":%q}`,
		} {
			u := normalize(t, idv.Settings{"VENDOR_DATA": c.setting}, fmt.Sprintf(body, ref, c.vendorData))
			if u.SessionID != c.want {
				t.Errorf("%s: %q names %q, want %q", c.setting, c.vendorData, u.SessionID, c.want)
			}
		}
	}
	// The echo alone is enough to find a session whose create was not answered.
	if u := normalize(t, nil, `{"action":"started","vendorData":"u~`+sessionID+`"}`); u.SessionID != sessionID || u.Ref != "" {
		t.Errorf("%+v", u)
	}
}

// TestErrorCodes goes through the codes that say more than the HTTP status.
func TestErrorCodes(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   idv.ErrorKind
		code   string
	}{
		{400, `{"status":"fail","code":"1001","message":"x"}`, idv.KindRejected, "1001"},
		{400, `{"status":"fail","code":1104,"message":"x"}`, idv.KindRejected, "1104"},
		{400, `{"status":"fail","code":"1302","message":"x"}`, idv.KindRejected, "1302"},
		{400, `{"code":"1801"}`, idv.KindUnauthorized, "1801"},
		{400, `{"code":"1802"}`, idv.KindUnauthorized, "1802"},
		{404, `{"code":1803}`, idv.KindUnauthorized, "1803"},
		{400, `{"code":"1804"}`, idv.KindUnauthorized, "1804"},
		{400, `{"code":"1812"}`, idv.KindUnauthorized, "1812"},
		{400, `{"code":"1813"}`, idv.KindUnauthorized, "1813"},
		{400, `{"code":"1814"}`, idv.KindUnauthorized, "1814"},
		{400, `{"code":"1818"}`, idv.KindUnauthorized, "1818"},
		{400, `{"code":"1819"}`, idv.KindUnauthorized, "1819"},
		{401, `{}`, idv.KindUnauthorized, ""},
		{409, `{"code":"2003"}`, idv.KindRejected, "2003"},
		{429, ``, idv.KindRateLimited, ""},
		{500, `{"code":"AMARA OKAFOR"}`, idv.KindUnavailable, ""},
		{400, `{"code":{}}`, idv.KindRejected, ""},
		{400, `[]`, idv.KindRejected, ""},
	} {
		calls := map[string]func(idv.Provider) error{"start": start(t, "user-42")}
		if c.status == 400 { // a read is repeated after 429 and looks for a session at 404
			calls["fetch"] = func(p idv.Provider) error { _, err := p.Fetch(t.Context(), ref); return err }
		}
		for name, call := range calls {
			_, _, err := ask(t, "", nil, c.status, c.body, call)
			var failure *idv.ProviderError
			if !errors.As(err, &failure) || failure.Kind != c.kind || failure.Code != c.code || failure.Ambiguous || failure.HTTPStatus != c.status {
				t.Errorf("%s: %d %s: %v", name, c.status, c.body, err)
			}
		}
	}
}

func TestReferencesStayInTheirPath(t *testing.T) {
	fetch := func(ref idv.Ref) func(idv.Provider) error {
		return func(p idv.Provider) error { _, err := p.Fetch(t.Context(), ref); return err }
	}
	if path, _, _ := ask(t, "", nil, 400, "{}", fetch("../media?x=1#y")); path != "/v1/sessions/..%2Fmedia%3Fx=1%23y/decision" {
		t.Errorf("asked %s", path)
	}
	for _, bad := range []idv.Ref{"", ".", "..", "a\nb", idv.Ref(strings.Repeat("a", 256))} {
		var failure *idv.ProviderError
		path, _, err := ask(t, "", nil, 200, "{}", fetch(bad))
		if !errors.As(err, &failure) || failure.Kind != idv.KindRejected || path != "" {
			t.Errorf("%q: asked %q, error %v", bad, path, err)
		}
	}
}
