package config_test

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/config"
)

// canary is a secret that no message may show.
const canary = "CANARY-0123456789-0123456789-0123456789"

// loaded makes sure of what holds for any configuration: what is wrong is told as
// mistakes and without secrets, what is right can be used.
func loaded(t *testing.T, src config.Source) (config.Config, bool) {
	t.Helper()
	c, err := config.Load(src, infos())
	var m config.Mistakes
	if err != nil && (!errors.As(err, &m) || len(m) == 0) {
		t.Fatalf("not mistakes: %v", err)
	}
	for _, text := range append(slices.Clone(m), c.Warnings...) {
		if strings.Contains(text, canary) {
			t.Errorf("a message shows a secret: %s", text)
		}
	}
	if err != nil {
		return c, false
	}
	for _, key := range c.EncryptionKeys {
		if len(key) != 32 {
			t.Errorf("a key of %d bytes", len(key))
		}
	}
	if c.BootstrapAPIKey != "" && len(c.BootstrapAPIKey) < 32 || c.ProviderTimeout <= 0 || c.ReconcileInterval <= 0 || c.ValidFor < 0 || c.WebhookRetention < 0 || c.ResultRetention < 0 {
		t.Errorf("taken for right: %+v", c)
	}
	for _, account := range c.Accounts {
		for _, missing := range account.Missing {
			t.Errorf("%s is without %s, and on", account.Name, missing)
		}
	}
	return c, true
}

func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "listen: 127.0.0.1:9000\n", "providers:\n  acme:\n    api_key: k\n    tenant_id: t\n", "providers:\n  eu: {adapter: acme, api_key: k, tenant_id: t}\nrouting:\n- {provider: eu}\n",
		"providers: &p {acme: *p}\n", "x: &x [*x]\n", "a: &a [1,1]\nb: [*a,*a]\n", "<<: {listen: ':1'}\n", "providers:\n  ? [a]\n  : b\n", "listen: ${NOT_SET}\n", "bootstrap_api_key: " + canary + "\nlisten: x\n",
		"encryption_key: " + canary + "\n", "- a\n", "\x00", "\xff\xfe", "listen: !!binary aGk=\n", "---\n---\n", "providers: 1\n", "routing: {}\n", "timeout: {a: b}\n", "? ? ? a\n", strings.Repeat("[", 5_000),
		"acct: &e {api_key: k, tenant_id: t}\nproviders: {acme: *e}\n", "providers: &p {acme: {api_key: k, tenant_id: t}}\nsettings: *p\n",
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "bonafide.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		loaded(t, config.Source{File: path})
	})
}

func FuzzVariables(f *testing.F) {
	for _, seed := range []string{
		"LISTEN=127.0.0.1:0", "LISTEN=:99999", "PUBLIC_URL=https://h/?q", "DATABASE_URL=sqlite:", "DATABASE_URL=postgres://u:p@h/d", "ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + ",x",
		"BOOTSTRAP_API_KEY=" + canary, "BOOTSTRAP_API_KEY=short", "VERIFICATION_VALID_FOR=-1s", "PROVIDER_TIMEOUT=0", "PROVIDER_TIMEOUT=9999999h", "CORS_ORIGINS=https://a/,null", "ENDPOINT_ALLOW_CIDRS=10.0.0.1/8,::ffff:0:0/96",
		"LOG_LEVEL=debug+1", "SANDBOX=yes", "ACME_API_KEY=" + canary, "ACME_API_KEY=" + canary + "\nACME_TENANT_ID=t", "LISTEN_FILE=/dev/null", "ENCRYPTION_KEY=" + canary, "=", "NOBODY=x", "LISTEN=a\nLISTEN_FILE=b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var environ []string
		for line := range strings.SplitSeq(text, "\n") {
			// The files of others are none of a fuzzer's business.
			if name, _, _ := strings.Cut(line, "="); !strings.HasSuffix(name, "_FILE") && !strings.Contains(name, canary) {
				environ = append(environ, config.Prefix+line)
			}
		}
		c, ok := loaded(t, config.Source{Environ: environ})
		if again, _ := loaded(t, config.Source{Environ: environ}); ok && again.Listen != c.Listen {
			t.Errorf("%q is read in two ways", environ)
		}
	})
}
