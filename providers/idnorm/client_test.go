package idnorm_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/idnorm"
)

// TestGatewayErrors goes through the table of gRPC codes, whose meaning differs
// from plain HTTP in places.
func TestGatewayErrors(t *testing.T) {
	for _, c := range []struct {
		status    int
		body      string
		kind      idv.ErrorKind
		code      string
		ambiguous bool // after a create
	}{
		{400, `{"code":3,"message":"configId is required","details":[]}`, idv.KindRejected, "3", false},
		{400, `{"code":9}`, idv.KindRejected, "9", false},
		{400, `{"code":"INVALID_ARGUMENT"}`, idv.KindRejected, "INVALID_ARGUMENT", false},
		{401, `{"code":16}`, idv.KindUnauthorized, "16", false},
		{403, `{"code":7}`, idv.KindUnauthorized, "7", false},
		{409, `{"code":6}`, idv.KindRejected, "6", false},
		{429, `{"code":8}`, idv.KindRateLimited, "8", false},
		{499, `{"code":1}`, idv.KindUnavailable, "1", true},
		{500, `{"code":13}`, idv.KindUnavailable, "13", false},
		{501, `{"code":12}`, idv.KindRejected, "12", false},
		{503, `{"code":14}`, idv.KindUnavailable, "14", false},
		{504, `{"code":4}`, idv.KindTimeout, "4", true},
		{500, `<html>AMARA OKAFOR</html>`, idv.KindUnavailable, "", false},
		{500, ``, idv.KindUnavailable, "", false},
		{400, `[]`, idv.KindRejected, "", false},
		{400, `{"code":{}}`, idv.KindRejected, "", false},
		{400, `{"code":"AMARA OKAFOR"}`, idv.KindRejected, "", false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		p := account(t, idv.Settings{"BASE_URL": server.URL})
		_, startErr := p.Start(t.Context(), suite().Start)
		_, fetchErr := p.Fetch(t.Context(), ref)
		server.Close()
		for call, err := range map[string]error{"start": startErr, "fetch": fetchErr} {
			var failure *idv.ProviderError
			if !errors.As(err, &failure) {
				t.Fatalf("%d %s: %v", c.status, call, err)
			}
			ambiguous := c.ambiguous && call == "start"
			if failure.Kind != c.kind || failure.Code != c.code || failure.Ambiguous != ambiguous || failure.HTTPStatus != c.status {
				t.Errorf("%d %s, %s: kind %s, code %q, ambiguous %v", c.status, c.body, call, failure.Kind, failure.Code, failure.Ambiguous)
			}
			if strings.Contains(err.Error(), "AMARA") {
				t.Errorf("%d %s: the error quotes the answer: %v", c.status, call, err)
			}
		}
	}
}

func TestReferencesStayInTheirPath(t *testing.T) {
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		_, _ = w.Write([]byte(`{"status":"PENDING"}`))
	}))
	defer server.Close()
	p := account(t, idv.Settings{"BASE_URL": server.URL + "/"})
	if _, err := p.Fetch(t.Context(), "../configurations?x=1#y"); err != nil || path != "/api/v1/session/..%2Fconfigurations%3Fx=1%23y" {
		t.Errorf("asked %q, error %v", path, err)
	}
	path = ""
	for _, bad := range []idv.Ref{"", ".", "..", "a\nb", idv.Ref(strings.Repeat("a", 256))} {
		var failure *idv.ProviderError
		if _, err := p.Fetch(t.Context(), bad); !errors.As(err, &failure) || failure.Kind != idv.KindRejected || path != "" {
			t.Errorf("%q: asked %q, error %v", bad, path, err)
		}
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, c := range []struct{ key, value string }{
		{"BASE_URL", "api.idnorm.com"},
		{"BASE_URL", "ftp://api.idnorm.com"},
		{"AUTH_HEADER", "two words"},
		{"LICENSE_KEY", "line\nbreak-secret"},
		{"SIGNATURE_VARIANT", "le"},
		{"COMPLETED_MEANS", "declined"},
		{"COMPLETED_MEANS", "yes"},
		{"STATUS_MAP", "COMPLETED"},
		{"STATUS_MAP", "=approved"},
		{"STATUS_MAP", "STATUS_=approved"},
		{"STATUS_MAP", "FOO=verified"},
		{"STATUS_MAP", "FOO=created"},
		{"STATUS_MAP", "FOO="},
		{"STATUS_MAP", "FOO=approved,status_foo=declined"},
		{"EXTERNAL_USER_ID", "email"},
	} {
		settings := suite().Settings("https://api.idnorm.com")
		settings[c.key] = c.value
		_, err := idnorm.Adapter().New(settings, nil)
		if err == nil || !strings.Contains(err.Error(), c.key) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s = %q: %v", c.key, c.value, err)
		}
	}
	for _, pin := range []string{"le-hex", "be-hex"} {
		settings := suite().Settings("https://api.idnorm.com")
		settings["SIGNATURE_VARIANT"], settings["WEBHOOK_SECRET"] = pin, hexSecret+","+textSecret
		_, err := idnorm.Adapter().New(settings, nil)
		if err == nil || !strings.Contains(err.Error(), "WEBHOOK_SECRET (number 2)") || strings.Contains(err.Error(), textSecret) {
			t.Errorf("%s with a secret that is not hex: %v", pin, err)
		}
	}
	_, err := idnorm.Adapter().New(idv.Settings{"BASE_URL": "x", "STATUS_MAP": "x"}, nil)
	for _, key := range []string{"LICENSE_KEY", "CONFIG_ID", "WEBHOOK_SECRET", "BASE_URL", "STATUS_MAP"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("not all at once: %v", err)
		}
	}
}
