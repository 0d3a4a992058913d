package config_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/config"
)

func TestRateLimits(t *testing.T) {
	if c := load(t, config.Source{}); c.RateLimit != 200 || c.WebhookRateLimit != 1000 {
		t.Errorf("by default %d and %d", c.RateLimit, c.WebhookRateLimit)
	}
	c := load(t, config.Source{Environ: []string{"BONAFIDE_RATE_LIMIT=0", "BONAFIDE_WEBHOOK_RATE_LIMIT=5"}})
	if c.RateLimit != 0 || c.WebhookRateLimit != 5 || len(c.Warnings) != 0 {
		t.Errorf("%d and %d, warnings %v", c.RateLimit, c.WebhookRateLimit, c.Warnings)
	}
	for _, name := range []string{"BONAFIDE_RATE_LIMIT", "BONAFIDE_WEBHOOK_RATE_LIMIT"} {
		for _, wrong := range []string{"-1", "1.5", "many", "1000001", "99999999999999999999", "10/s"} {
			m := mistakes(t, config.Source{Environ: []string{name + "=" + wrong}})
			if len(m) != 1 || !strings.HasPrefix(m[0], name+" must") {
				t.Errorf("%s=%s: %v", name, wrong, m)
			}
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	c := load(t, config.Source{Environ: []string{"BONAFIDE_TRUSTED_PROXIES=10.0.0.0/8, ::1/128"}})
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if !slices.Equal(c.TrustedProxies, want) {
		t.Errorf("ranges %v", c.TrustedProxies)
	}
	if none := load(t, config.Source{}); len(none.TrustedProxies) != 0 {
		t.Errorf("without a setting: %v", none.TrustedProxies)
	}
	if m := mistakes(t, config.Source{Environ: []string{"BONAFIDE_TRUSTED_PROXIES=10.1.2.3"}}); len(m) != 1 || !strings.Contains(m[0], "BONAFIDE_TRUSTED_PROXIES") {
		t.Errorf("an address that is no range: %v", m)
	}
}
