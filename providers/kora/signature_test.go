package kora_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/kora"
)

// The worked example of the scheme descriptions: secret "whsec_test_8d1f0c",
// timestamp 1736937300.
const (
	workedBody = `{"id":"evt_def456","eventType":"verification.completed","resourceType":"verification","resourceId":"ver_abc123","tenantId":"3f0c2a54-7d0e-4c2b-9a35-0f5f3f6d9b11","timestamp":"2025-01-15T10:35:00Z","data":{"verificationId":"ver_abc123","externalId":"user-123","status":"verified","decision":"auto_approve","decisionReason":"All checks passed","overallScore":96.3}}`
	workedA    = "52c4b319e1cb37409e45b21c2774b5bb2a88af949fe7b2fa448147bf1ecd0948"
	workedB    = "0ad5ddb2a04c9f570b47d2c4c22d3674650ffa6f227e482eefd2422e03ab8fdf"
)

func TestWorkedBodyIsExact(t *testing.T) {
	sum := sha256.Sum256([]byte(workedBody))
	if got := hex.EncodeToString(sum[:]); got != "5e9bba87c6f397e7e2a24d3865f030a674da512c71cf38edab365efd91c46320" || len(workedBody) != 363 {
		t.Fatalf("%d bytes, sha256 %s", len(workedBody), got)
	}
}

func TestAuthenticate(t *testing.T) {
	b := func(pairs ...string) http.Header {
		return header(append([]string{
			"X-Signature", workedB, "X-Signature-Algorithm", "sha256", "X-Timestamp", "1736937300",
			"X-Webhook-ID", "evt_def456", "X-Event-Type", "verification.completed",
		}, pairs...)...)
	}
	a := header("X-Kora-Signature", workedA)
	c := header("X-Korastratum-Signature", workedA)
	for _, tt := range []struct {
		name    string
		header  http.Header
		body    string
		setting string // KEY=value
		at      time.Duration
		genuine bool
	}{
		{name: "timestamped", header: b(), genuine: true},
		{name: "timestamped, upper case", header: b("X-Signature", strings.ToUpper(workedB)), genuine: true},
		{name: "timestamped, prefix", header: b("X-Signature", "sha256="+workedB), genuine: true},
		{name: "timestamped, no algorithm named", header: without(b(), "X-Signature-Algorithm"), genuine: true},
		{name: "timestamped, no webhook id", header: without(b(), "X-Webhook-Id"), genuine: true},
		{name: "timestamped, required", header: b(), setting: "REQUIRE_TIMESTAMPED=true", genuine: true},
		{name: "five minutes late", header: b(), at: 300 * time.Second, genuine: true},
		{name: "five minutes early", header: b(), at: -300 * time.Second, genuine: true},
		{name: "later than that", header: b(), at: 301 * time.Second},
		{name: "earlier than that", header: b(), at: -301 * time.Second},
		{name: "another algorithm", header: b("X-Signature-Algorithm", "sha1")},
		{name: "another webhook id", header: b("X-Webhook-ID", "evt_other")},
		{name: "another timestamp", header: b("X-Timestamp", "1736937301")},
		{name: "the same timestamp in other digits", header: b("X-Timestamp", "01736937300")},
		{name: "no number", header: b("X-Timestamp", "soon")},
		{name: "a negative number", header: b("X-Timestamp", "-1736937300")},
		{name: "a huge number", header: b("X-Timestamp", strings.Repeat("9", 30))},
		{name: "two signatures", header: twice(b(), "X-Signature")},
		{name: "two timestamps", header: twice(b(), "X-Timestamp")},
		{name: "the signature of the other scheme", header: b("X-Signature", workedA)},
		{name: "no downgrade: a good older signature beside a wrong new one", header: b("X-Signature", workedA, "X-Kora-Signature", workedA)},
		{name: "no downgrade: a good older signature beside an old timestamp", header: b("X-Kora-Signature", workedA), at: time.Hour},
		{name: "timestamp stripped", header: without(b(), "X-Timestamp")},

		{name: "body only", header: a, genuine: true},
		{name: "body only, at any time", header: a, at: 1000 * time.Hour, genuine: true},
		{name: "body only, upper case", header: header("X-Kora-Signature", strings.ToUpper(workedA)), genuine: true},
		{name: "body only, prefix", header: header("X-Kora-Signature", "sha256="+workedA), genuine: true},
		{name: "body only, signed with the second secret", header: header("X-Kora-Signature", mac(second, workedBody)), genuine: true},
		{name: "body only, signed with neither secret", header: header("X-Kora-Signature", mac("whsec_other", workedBody))},
		{name: "body only, signed with no secret", header: header("X-Kora-Signature", mac("", workedBody))},
		{name: "body only, timestamp required", header: a, setting: "REQUIRE_TIMESTAMPED=true"},
		{name: "body only, short", header: header("X-Kora-Signature", workedA[:62])},
		{name: "body only, long", header: header("X-Kora-Signature", workedA+"00")},
		{name: "body only, empty", header: header("X-Kora-Signature", "")},
		{name: "body only, with spaces in the JSON", header: a, body: strings.ReplaceAll(workedBody, ":", ": ")},

		{name: "the name of the payment company", header: header("X-Korapay-Signature", workedA)},
		{name: "third scheme, off", header: c},
		{name: "third scheme, on", header: c, setting: "ALLOW_KORASTRATUM_SIGNATURE=true", genuine: true},
		{name: "third scheme, on, timestamp required", header: c, setting: "ALLOW_KORASTRATUM_SIGNATURE=true,REQUIRE_TIMESTAMPED=true"},
		{name: "third scheme, on, wrong", header: header("X-Korastratum-Signature", workedB), setting: "ALLOW_KORASTRATUM_SIGNATURE=true"},

		{name: "for another tenant", header: a, setting: "TENANT_ID=11111111-7d0e-4c2b-9a35-0f5f3f6d9b11"},
		{name: "for this tenant in upper case", header: a, setting: "TENANT_ID=" + strings.ToUpper(tenant), genuine: true},
		{name: "genuine but not JSON", header: header("X-Kora-Signature", mac(secret, "hello")), body: "hello", genuine: true},
		{name: "nothing", header: http.Header{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := settings("http://127.0.0.1:1")
			for pair := range strings.SplitSeq(tt.setting, ",") {
				if key, value, ok := strings.Cut(pair, "="); ok {
					s[key] = value
				}
			}
			body := workedBody
			if tt.body != "" {
				body = tt.body
			}
			err := reader(t, s).Authenticate(t.Context(), idv.Webhook{
				Header: tt.header, Body: []byte(body), ReceivedAt: receivedAt().Add(tt.at),
			})
			if tt.genuine && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !tt.genuine && !errors.Is(err, idv.ErrForged) {
				t.Errorf("want idv.ErrForged, got %v", err)
			}
		})
	}
}

func reader(t *testing.T, s idv.Settings) idv.WebhookReader {
	t.Helper()
	p, err := kora.Adapter().New(s, &http.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return p.(idv.WebhookReader)
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func without(h http.Header, key string) http.Header {
	h.Del(key)
	return h
}

func twice(h http.Header, key string) http.Header {
	h.Add(key, h.Get(key))
	return h
}
