package config_test

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

func infos() []idv.Info {
	return []idv.Info{{Name: "acme", Title: "Acme ID", Settings: []idv.Setting{
		{Key: "API_KEY", Required: true, Secret: true, Help: "the key"},
		{Key: "TENANT_ID", Required: true, Help: "the tenant"},
		{Key: "BASE_URL", Default: "https://acme.example", Help: "the root"},
	}}}
}

func load(t *testing.T, src config.Source, required ...string) config.Config {
	t.Helper()
	c, err := config.Load(src, infos(), required...)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

func mistakes(t *testing.T, src config.Source, required ...string) []string {
	t.Helper()
	_, err := config.Load(src, infos(), required...)
	var m config.Mistakes
	if !errors.As(err, &m) {
		t.Fatalf("Load: %v, want mistakes", err)
	}
	return m
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	c := load(t, config.Source{})
	if c.Listen != "127.0.0.1:8080" || c.DatabaseURL != "sqlite:bonafide.db" {
		t.Errorf("listen %q, database %q", c.Listen, c.DatabaseURL)
	}
	if c.ValidFor != 8760*time.Hour || c.ProviderTimeout != 10*time.Second {
		t.Errorf("valid for %v, provider time-out %v", c.ValidFor, c.ProviderTimeout)
	}
	if c.ReconcileInterval != time.Minute {
		t.Errorf("reconcile interval %v", c.ReconcileInterval)
	}
	if len(c.Accounts) != 0 || len(c.Warnings) != 0 {
		t.Errorf("accounts %v, warnings %v", c.Accounts, c.Warnings)
	}
}

func TestMetricsHaveNoAddressUnlessItIsSet(t *testing.T) {
	if c := load(t, config.Source{}); c.MetricsListen != "" {
		t.Errorf("metrics on %q", c.MetricsListen)
	}
	c := load(t, config.Source{Environ: []string{"BONAFIDE_METRICS_LISTEN=:9090"}})
	if c.MetricsListen != ":9090" || len(c.Warnings) != 0 {
		t.Errorf("metrics on %q, warnings %v", c.MetricsListen, c.Warnings)
	}
	for _, bad := range []string{"9090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1"} {
		if m := mistakes(t, config.Source{Environ: []string{"BONAFIDE_METRICS_LISTEN=" + bad}}); len(m) != 1 || !strings.Contains(m[0], "BONAFIDE_METRICS_LISTEN") {
			t.Errorf("%q: %q", bad, m)
		}
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "c.yaml", "listen: 127.0.0.1:1\nlog_level: error\npublic_url: https://file.example\n")
	c := load(t, config.Source{
		Flags:   map[string]string{"LISTEN": "127.0.0.1:3"},
		Environ: []string{"BONAFIDE_LISTEN=127.0.0.1:2", "BONAFIDE_LOG_LEVEL=warn"},
		File:    file,
	})
	if c.Listen != "127.0.0.1:3" {
		t.Errorf("a flag must beat a variable: %q", c.Listen)
	}
	if c.LogLevel.String() != "WARN" {
		t.Errorf("a variable must beat the file: %v", c.LogLevel)
	}
	if c.PublicURL != "https://file.example" {
		t.Errorf("the file must beat the default: %q", c.PublicURL)
	}
}

func TestVariableNamesAFile(t *testing.T) {
	secret := write(t, "secret", "from-a-file-0123456789-0123456789\n")
	c := load(t, config.Source{Environ: []string{"BONAFIDE_BOOTSTRAP_API_KEY_FILE=" + secret}})
	if c.BootstrapAPIKey != "from-a-file-0123456789-0123456789" {
		t.Errorf("bootstrap key %q", c.BootstrapAPIKey)
	}
	m := mistakes(t, config.Source{Environ: []string{"BONAFIDE_ENCRYPTION_KEY_FILE=/does/not/exist"}})
	if len(m) != 1 || !strings.Contains(m[0], "BONAFIDE_ENCRYPTION_KEY_FILE") {
		t.Errorf("mistakes %q", m)
	}
}

// Every mistake is told at once and by name, and no secret is repeated.
func TestAllMistakesAtOnce(t *testing.T) {
	m := mistakes(t, config.Source{Environ: []string{
		"BONAFIDE_LISTEN=nowhere", "BONAFIDE_PUBLIC_URL=ftp://x", "BONAFIDE_DATABASE_URL=mysql://x",
		"BONAFIDE_BOOTSTRAP_API_KEY=hunter2", "BONAFIDE_VERIFICATION_VALID_FOR=long", "BONAFIDE_PROVIDER_TIMEOUT=0s",
		"BONAFIDE_LOG_LEVEL=loud", "BONAFIDE_METRICS_LISTEN=127.0.0.1:many", "BONAFIDE_ACME_API_KEY=hunter3",
	}}, config.EncryptionKey)
	all := strings.Join(m, "\n")
	for _, name := range []string{
		"LISTEN", "PUBLIC_URL", "DATABASE_URL", "BOOTSTRAP_API_KEY", "VERIFICATION_VALID_FOR",
		"PROVIDER_TIMEOUT", "LOG_LEVEL", "METRICS_LISTEN", "ENCRYPTION_KEY", "ACME_TENANT_ID",
	} {
		if !strings.Contains(all, config.Prefix+name) {
			t.Errorf("%s is not named in:\n%s", name, all)
		}
	}
	if len(m) != 10 {
		t.Errorf("%d mistakes, want 10:\n%s", len(m), all)
	}
	if strings.Contains(all, "hunter") {
		t.Errorf("a secret is told:\n%s", all)
	}
}

func TestReconcileInterval(t *testing.T) {
	c := load(t, config.Source{Environ: []string{"BONAFIDE_RECONCILE_INTERVAL=250ms"}})
	if c.ReconcileInterval != 250*time.Millisecond || len(c.Warnings) != 0 {
		t.Errorf("interval %v, warnings %v", c.ReconcileInterval, c.Warnings)
	}
	for _, bad := range []string{"0s", "-1m", "often"} {
		m := mistakes(t, config.Source{Environ: []string{"BONAFIDE_RECONCILE_INTERVAL=" + bad}})
		if len(m) != 1 || !strings.Contains(m[0], "BONAFIDE_RECONCILE_INTERVAL") {
			t.Errorf("%s: %q", bad, m)
		}
	}
}

func TestEncryptionKeys(t *testing.T) {
	first, second := strings.Repeat("a", 32), strings.Repeat("b", 32)
	list := base64.StdEncoding.EncodeToString([]byte(first)) + ", " + base64.StdEncoding.EncodeToString([]byte(second))
	c := load(t, config.Source{Environ: []string{"BONAFIDE_ENCRYPTION_KEY=" + list}}, config.EncryptionKey)
	if diff := cmp.Diff([][]byte{[]byte(first), []byte(second)}, c.EncryptionKeys); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"short", base64.StdEncoding.EncodeToString([]byte("31 bytes are not quite enough..")), list + ",x"} {
		if m := mistakes(t, config.Source{Environ: []string{"BONAFIDE_ENCRYPTION_KEY=" + bad}}); len(m) != 1 {
			t.Errorf("%q: %q", bad, m)
		}
	}
}

func TestAccountOfVariables(t *testing.T) {
	c := load(t, config.Source{Environ: []string{"BONAFIDE_ACME_API_KEY=k", "BONAFIDE_ACME_TENANT_ID=t"}})
	want := []config.Account{{
		Name: "acme", Adapter: "acme",
		Settings: idv.Settings{"API_KEY": "k", "TENANT_ID": "t", "BASE_URL": "https://acme.example"},
	}}
	if diff := cmp.Diff(want, c.On()); diff != "" {
		t.Error(diff)
	}
	if c := load(t, config.Source{Environ: []string{"BONAFIDE_ACME_BASE_URL=https://other.example"}}); len(c.Accounts) != 0 {
		t.Errorf("optional settings alone must not turn a provider on: %v", c.Accounts)
	}
}

func TestAccountsOfFile(t *testing.T) {
	t.Setenv("ACME_SECRET", "s: {not: yaml}")
	file := write(t, "c.yaml", `
providers:
  acme-ng: {adapter: acme, api_key: "${ACME_SECRET}", tenant_id: ng}
  acme: {api_key: k2, tenant_id: t2}
routing:
  - {countries: [NG], document_types: [passport], provider: acme-ng}
`)
	c := load(t, config.Source{File: file, Environ: []string{"BONAFIDE_ACME_NG_TENANT_ID=from-env"}})
	want := []config.Account{
		{Name: "acme-ng", Adapter: "acme", Settings: idv.Settings{"API_KEY": "s: {not: yaml}", "TENANT_ID": "from-env", "BASE_URL": "https://acme.example"}},
		{Name: "acme", Adapter: "acme", Settings: idv.Settings{"API_KEY": "k2", "TENANT_ID": "t2", "BASE_URL": "https://acme.example"}},
	}
	if diff := cmp.Diff(want, c.Accounts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]config.Rule{{Countries: []string{"NG"}, DocumentTypes: []idv.DocumentType{"passport"}, Provider: "acme-ng"}}, c.Routing); diff != "" {
		t.Error(diff)
	}
}

func TestMistakesOfFile(t *testing.T) {
	for name, content := range map[string]string{
		"is not a setting of Acme ID":     "providers: {acme: {api_key: k, tenant_id: t, colour: red}}",
		`there is no adapter "emca"`:      "providers: {emca: {api_key: k}}",
		"is not a configured provider":    "routing: [{provider: acme}]",
		"listem is not a setting":         "listem: 127.0.0.1:1",
		"${NOT_SET_ANYWHERE} is not set":  "listen: ${NOT_SET_ANYWHERE}:1",
		"a name has lower-case letters":   "providers: {ACME: {adapter: acme, api_key: k, tenant_id: t}}",
		"BONAFIDE_ACME_API_KEY is requir": "providers: {acme: {tenant_id: t}}",
		"yaml:":                           "listen: [",
	} {
		m := mistakes(t, config.Source{File: write(t, "c.yaml", content)})
		if !strings.Contains(strings.Join(m, "\n"), name) {
			t.Errorf("%s: want %q among %q", content, name, m)
		}
	}
}

func TestUnknownVariablesAreWarnings(t *testing.T) {
	c := load(t, config.Source{Environ: []string{"BONAFIDE_LISTEM=x", "HOME=/root", "BONAFIDE_CONFIG=x"}})
	want := []string{"BONAFIDE_LISTEM is not a setting of this version"}
	if diff := cmp.Diff(want, c.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestRangesOfEndpoints(t *testing.T) {
	c := load(t, config.Source{Environ: []string{"BONAFIDE_ENDPOINT_ALLOW_CIDRS=10.0.0.0/8, fd00::/8"}})
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	if !slices.Equal(c.EndpointAllow, want) {
		t.Errorf("ranges %v", c.EndpointAllow)
	}
	if none := load(t, config.Source{}); len(none.EndpointAllow) != 0 {
		t.Errorf("without a setting: %v", none.EndpointAllow)
	}
	for _, wrong := range []string{"10.0.0.0", "10.1.2.3/8", "10.0.0.0/33", "::ffff:10.0.0.0/104", "10.0.0.0/8,", "all"} {
		m := mistakes(t, config.Source{Environ: []string{"BONAFIDE_ENDPOINT_ALLOW_CIDRS=" + wrong}})
		if len(m) != 1 || !strings.Contains(m[0], "BONAFIDE_ENDPOINT_ALLOW_CIDRS") {
			t.Errorf("%s: %v", wrong, m)
		}
	}
}
