package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/config"
)

const (
	secret32 = "BONAFIDE_JWT_SECRET=0123456789,bcdef0123456789abcdef"
	jwks     = "BONAFIDE_JWT_JWKS_URL=https://id.example.com/keys"
	issuer   = "BONAFIDE_JWT_ISSUER=https://id.example.com/"
	audience = "BONAFIDE_JWT_AUDIENCE=bonafide"
)

func TestJWTsAreOffUnlessTheyAreSet(t *testing.T) {
	if c := load(t, config.Source{}); c.JWT.On() || len(c.Warnings) != 0 {
		t.Errorf("%+v, warnings %q", c.JWT, c.Warnings)
	}
}

func TestSettingsOfJWTs(t *testing.T) {
	full := config.JWT{
		// One literal, commas and all.
		Secret: "0123456789,bcdef0123456789abcdef", JWKSURL: "https://id.example.com/keys",
		Issuer: "https://id.example.com/", Audience: "bonafide",
	}
	c := load(t, config.Source{Environ: []string{secret32, jwks, issuer, audience}})
	if diff := cmp.Diff(full, c.JWT); diff != "" || len(c.Warnings) != 0 || !c.JWT.On() {
		t.Errorf("warnings %q, (-want +got)\n%s", c.Warnings, diff)
	}
	file := write(t, "secret", "0123456789abcdef0123456789abcdef\n")
	c = load(t, config.Source{Environ: []string{"BONAFIDE_JWT_SECRET_FILE=" + file, issuer, audience}})
	if c.JWT.Secret != "0123456789abcdef0123456789abcdef" || len(c.Warnings) != 0 {
		t.Errorf("of a file: %+v, warnings %q", c.JWT, c.Warnings)
	}
	for _, address := range []string{
		"http://localhost:8081/keys", "http://127.0.0.1/keys", "http://[::1]:1/keys", "http://id.localhost/keys",
		"https://id.example.com/keys?p=policy", "HTTPS://id.example.com",
	} {
		if c := load(t, config.Source{Environ: []string{"BONAFIDE_JWT_JWKS_URL=" + address, issuer, audience}}); c.JWT.JWKSURL != address {
			t.Errorf("%s became %q", address, c.JWT.JWKSURL)
		}
	}
}

func TestMistakesInSettingsOfJWTs(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    []string // a mistake each names one
	}{
		"keys alone":                      {[]string{jwks}, []string{"JWT_ISSUER is required", "JWT_AUDIENCE is required"}},
		"keys and a secret":               {[]string{jwks, secret32}, []string{"JWT_ISSUER is required", "JWT_AUDIENCE is required"}},
		"keys without an audience":        {[]string{jwks, issuer}, []string{"JWT_AUDIENCE is required"}},
		"nothing to check":                {[]string{issuer, audience}, []string{"JWT_ISSUER has nothing", "JWT_AUDIENCE has nothing"}},
		"a secret that is guessed":        {[]string{"BONAFIDE_JWT_SECRET=hunter2hunter2h", issuer, audience}, []string{"JWT_SECRET must have at least 16"}},
		"keys in the clear":               {[]string{"BONAFIDE_JWT_JWKS_URL=http://id.example.com/keys", issuer, audience}, []string{"JWT_JWKS_URL must be an https"}},
		"keys at what looks like us":      {[]string{"BONAFIDE_JWT_JWKS_URL=http://127.0.0.1.example.com/keys", issuer, audience}, []string{"JWT_JWKS_URL must be an https"}},
		"keys in a file":                  {[]string{"BONAFIDE_JWT_JWKS_URL=file:///etc/keys", issuer, audience}, []string{"JWT_JWKS_URL must be an https"}},
		"keys nowhere":                    {[]string{"BONAFIDE_JWT_JWKS_URL=https:///keys", issuer, audience}, []string{"JWT_JWKS_URL must be an https"}},
		"keys with credentials":           {[]string{"BONAFIDE_JWT_JWKS_URL=https://u:hunter2@id.example.com/", issuer, audience}, []string{"JWT_JWKS_URL must be an https"}},
		"all at once, with one of others": {[]string{"BONAFIDE_JWT_SECRET=hunter2", "BONAFIDE_JWT_JWKS_URL=ftp://x", "BONAFIDE_LOG_LEVEL=loud"}, []string{"JWT_SECRET", "JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE", "LOG_LEVEL"}},
	} {
		found := mistakes(t, config.Source{Environ: c.environ})
		all := strings.Join(found, "\n")
		if len(found) != len(c.want) || strings.Contains(all, "hunter") {
			t.Errorf("%s: %q", name, found)
		}
		for _, want := range c.want {
			if !strings.Contains(all, config.Prefix+want) {
				t.Errorf("%s: want %q among %q", name, want, found)
			}
		}
	}
}

func TestWarningsAboutJWTs(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    []string
	}{
		"a secret for everybody": {[]string{secret32}, []string{"JWT_ISSUER is not set", "JWT_AUDIENCE is not set"}},
		"a secret for an issuer": {[]string{secret32, issuer}, []string{"JWT_AUDIENCE is not set"}},
		"a short secret":         {[]string{"BONAFIDE_JWT_SECRET=hunter2hunter2hu", issuer, audience}, []string{"JWT_SECRET has less than 32 bytes"}},
	} {
		got := load(t, config.Source{Environ: c.environ}).Warnings
		if len(got) != len(c.want) || strings.Contains(strings.Join(got, ""), "hunter") {
			t.Errorf("%s: %q", name, got)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(got[i], config.Prefix+want) {
				t.Errorf("%s: %q, want %q", name, got[i], want)
			}
		}
	}
}
