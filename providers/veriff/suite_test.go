package veriff_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	shared "github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/providertest"
	"github.com/bonafide-idv/bonafide/providers/veriff"
	"github.com/bonafide-idv/bonafide/providers/veriff/emulator"
)

const (
	apiKey    = "c1f7a4de-90b2-4e6b-8a3c-6d5e4f3b2a10"
	secret    = "5e2f0c1a-7b3d-4c58-9f60-2d1ab8c47e93"
	ref       = "6f1d2c3b-4a59-4e87-b6c5-d4e3f2a1b0c9"
	sessionID = "ses_01k9abcdefghjkmnpqrstvwxyz"
)

func settings(server string) idv.Settings {
	return idv.Settings{"API_KEY": apiKey, "SHARED_SECRET": secret, "BASE_URL": server}
}

func mac(key string, message []byte) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write(message)
	return hex.EncodeToString(m.Sum(nil))
}

func suite() providertest.Suite {
	return providertest.Suite{
		Adapter:     veriff.Adapter(),
		Settings:    settings,
		Credentials: []string{"API_KEY", "SHARED_SECRET"},
		Start: idv.StartRequest{
			SessionID:      sessionID,
			ExternalUserID: "a8e1c0de-1234-4f00-9a7b-77c0ffee0001",
			At:             time.Date(2026, 3, 4, 10, 20, 3, 5e8, time.UTC),
			CallbackURL:    "https://app.example.com/kyc/return?session=ses_01&x=1",
			WebhookURL:     "https://idv.example.com/v1/webhooks/veriff",
			ExpiresIn:      72 * time.Hour,
			Country:        "NG",
			Locale:         "en",
			DocumentTypes:  []idv.DocumentType{idv.Passport},
			Prefill: idv.Prefill{
				FirstName: "Amara", LastName: "Okafor", DateOfBirth: "1994-02-17", Email: "amara@example.com", Phone: "+2348012345678",
			},
		},
		Ref:      ref,
		Fixtures: "testdata",
		Sign: func(body []byte, _ time.Time) http.Header {
			return http.Header{"X-Auth-Client": {apiKey}, "X-Hmac-Signature": {mac(secret, body)}}
		},
		ReceivedAt: time.Date(2026, 3, 4, 10, 25, 10, 0, time.UTC),
		Statuses: []string{
			"created", "started", "submitted", "approved", "declined", "resubmission_requested", "review", "expired", "abandoned",
			"inflow_completed", "tier_1_approved",
		},
		StatusWebhook: func(word string) []byte {
			body, _ := json.Marshal(map[string]any{"status": "success", "verification": map[string]any{
				"id": ref, "status": word, "decisionTime": "2026-03-04T10:22:41.118Z",
			}})
			return body
		},
		Emulator:    emulator.New,
		DevSettings: emulator.Settings,
		Outcomes: map[shared.Step]providertest.Outcome{
			shared.Approve:  {Status: idv.Approved},
			shared.Decline:  {Status: idv.Declined},
			shared.Review:   {Status: idv.InReview},
			shared.Resubmit: {Status: idv.ResubmissionRequested},
			shared.Abandon:  {Status: idv.Expired},
			shared.Expire:   {Status: idv.Expired},
		},
		Scenarios: map[string]providertest.Outcome{
			"approve": {Status: idv.Approved}, "slow": {Status: idv.Approved}, "reject": {Status: idv.Declined},
			"review": {Status: idv.InReview}, "resubmit": {Status: idv.ResubmissionRequested},
			"abandon": {Status: idv.Expired}, "expired": {Status: idv.Expired},
		},
	}
}

func TestSuite(t *testing.T) { providertest.Run(t, suite()) }

// TestSuiteWithFullAuto decides by full auto webhooks alone.
func TestSuiteWithFullAuto(t *testing.T) {
	s := suite()
	s.Emulator = func(o shared.Options) shared.Emulator {
		o.Settings[emulator.FullAuto] = "true"
		return emulator.New(o)
	}
	providertest.Run(t, s)
}

func FuzzNormalize(f *testing.F) { providertest.FuzzNormalize(f, suite()) }

func FuzzAuthenticate(f *testing.F) { providertest.FuzzAuthenticate(f, suite()) }
