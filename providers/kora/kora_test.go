package kora_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/kora"
	koraemulator "github.com/bonafide-idv/bonafide/providers/kora/emulator"
	"github.com/bonafide-idv/bonafide/providers/providertest"
)

const (
	tenant = "3f0c2a54-7d0e-4c2b-9a35-0f5f3f6d9b11"
	secret = "whsec_test_8d1f0c"
	second = "whsec_test_rotated"
)

func receivedAt() time.Time { return time.Unix(1736937300, 0).UTC() }

func settings(server string) idv.Settings {
	return idv.Settings{
		"API_KEY":                     "test_sk_example",
		"TENANT_ID":                   tenant,
		"WEBHOOK_SECRET":              secret + ", " + second,
		"BASE_URL":                    server + "/api/v1/idv",
		"TIER":                        "standard",
		"SEND_CALLBACK_URL":           "true",
		"SEND_EXPECTED_NAME":          "true",
		"REQUIRE_TIMESTAMPED":         "false",
		"ALLOW_KORASTRATUM_SIGNATURE": "false",
	}
}

// mac is the signature of all three schemes, over the parts in a row.
func mac(key string, parts ...string) string {
	m := hmac.New(sha256.New, []byte(key))
	for _, part := range parts {
		m.Write([]byte(part))
	}
	return hex.EncodeToString(m.Sum(nil))
}

// timestamped signs by the scheme with a timestamp.
func timestamped(body []byte, at time.Time) http.Header {
	ts := strconv.FormatInt(at.Unix(), 10)
	return http.Header{
		"X-Signature":           {mac(secret, ts, ".", string(body))},
		"X-Signature-Algorithm": {"sha256"},
		"X-Timestamp":           {ts},
	}
}

// bodyOnly signs by the older scheme.
func bodyOnly(body []byte, _ time.Time) http.Header {
	return http.Header{"X-Kora-Signature": {mac(secret, string(body))}}
}

func suite() providertest.Suite {
	return providertest.Suite{
		Adapter:     kora.Adapter(),
		Settings:    settings,
		Credentials: []string{"API_KEY", "TENANT_ID"},
		Start: idv.StartRequest{
			SessionID:      "ses_01example",
			ExternalUserID: "user-123",
			At:             time.Date(2025, 1, 15, 10, 29, 59, 0, time.UTC),
			WebhookURL:     "https://idv.example.com/v1/webhooks/kora",
			ExpiresIn:      72 * time.Hour,
		},
		Ref:        "ver_abc123",
		Fixtures:   "testdata",
		Sign:       timestamped,
		Window:     300 * time.Second,
		ReceivedAt: receivedAt(),
		Statuses: []string{
			"pending", "processing", "verified", "rejected", "manual_review", "failed", "expired",
			"approved", "review_required", "document_required", "selfie_required", "liveness_required",
		},
		StatusWebhook: func(word string) []byte {
			return fmt.Appendf(nil, `{"id":"evt_1","eventType":"verification.completed","resourceId":"ver_abc123","tenantId":%q,`+
				`"timestamp":"2025-01-15T10:35:00Z","data":{"verificationId":"ver_abc123","status":%q}}`, tenant, word)
		},
		Emulator:    koraemulator.New,
		DevSettings: koraemulator.Settings,
		Outcomes: map[emulator.Step]providertest.Outcome{
			emulator.Approve: {Status: idv.Approved},
			emulator.Decline: {Status: idv.Declined},
			emulator.Review:  {Status: idv.InReview},
			emulator.Fraud:   {Status: idv.Declined},
			emulator.Fail:    {Status: idv.Failed, Silent: true},
			emulator.Expire:  {Status: idv.Expired, Silent: true},
			// Kora hears nothing of somebody who leaves.
			emulator.Abandon: {Status: idv.Pending, Silent: true},
		},
		Scenarios: map[string]providertest.Outcome{
			"approve": {Status: idv.Approved},
			"reject":  {Status: idv.Declined},
			"review":  {Status: idv.InReview},
			"fraud":   {Status: idv.Declined},
			"slow":    {Status: idv.Approved},
			// Approved first: the expiry that follows does not take that back.
			"expired": {Status: idv.Approved},
		},
	}
}

func TestKora(t *testing.T) { providertest.Run(t, suite()) }

func TestKoraSignedOverTheBodyAlone(t *testing.T) {
	s := suite()
	s.Sign, s.Window = bodyOnly, 0
	s.Emulator = func(o emulator.Options) emulator.Emulator {
		o.Settings[koraemulator.BodySignature] = "true"
		return koraemulator.New(o)
	}
	providertest.Run(t, s)
}

func FuzzNormalize(f *testing.F)    { providertest.FuzzNormalize(f, suite()) }
func FuzzAuthenticate(f *testing.F) { providertest.FuzzAuthenticate(f, suite()) }
func FuzzAuthenticateBodyOnly(f *testing.F) {
	s := suite()
	s.Sign, s.Window = bodyOnly, 0
	providertest.FuzzAuthenticate(f, s)
}
