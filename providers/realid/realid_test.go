package realid_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	shared "github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/providertest"
	"github.com/bonafide-idv/bonafide/providers/realid"
	"github.com/bonafide-idv/bonafide/providers/realid/emulator"
)

const (
	secret    = "rid_test_signing_secret"
	second    = "rid_test_rotated_secret"
	sessionID = "ses_01k9abcdefghjkmnpqrstvwxyz"
)

func receivedAt() time.Time { return time.Date(2025, 1, 15, 10, 35, 1, 0, time.UTC) }

func settings(server string) idv.Settings {
	return idv.Settings{
		"API_TOKEN":      "rid_example_token",
		"SIGNING_SECRET": secret + ", " + second,
		"BASE_URL":       server + "/api/v1",
		"MODE":           "test",
	}
}

// account makes a provider with the given settings over working ones.
func account(t testing.TB, over idv.Settings) idv.Provider {
	t.Helper()
	s := settings("http://127.0.0.1:1")
	maps.Copy(s, over)
	p, err := realid.Adapter().New(s, &http.Client{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mac(key, body string) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

// steps are those of the vendor's plugin and dashboard, in both spellings.
func steps() []string {
	return []string{
		"draft", "delivered", "opened", "id", "submitted-id", "submitted_id", "back_id", "submitted_back_id",
		"submitted_proof_of_address", "submitted_face", "submitted-photo", "face_match", "in_review", "completed", "failed",
		"manually_approved", "manually_rejected",
	}
}

func events() []string {
	return []string{
		"check.delivered", "check.created", "check.opened", "check.submitted-photo", "check.completed", "check.failed",
		"customer.data_request", "customer.manual_review_requested", "customer.data_deletion_request",
	}
}

func suite() providertest.Suite {
	return providertest.Suite{
		Adapter:     realid.Adapter(),
		Settings:    settings,
		Credentials: []string{"API_TOKEN"},
		Start: idv.StartRequest{
			SessionID:      sessionID,
			ExternalUserID: "user-123",
			At:             time.Date(2025, 1, 15, 10, 29, 59, 0, time.UTC),
			CallbackURL:    "https://app.example.com/return?session=ses_01&x=1",
			WebhookURL:     "https://idv.example.com/v1/webhooks/realid",
			ExpiresIn:      72 * time.Hour,
			Country:        "US",
			Locale:         "en",
			DocumentTypes:  []idv.DocumentType{idv.Passport},
			Prefill:        idv.Prefill{FirstName: "John", LastName: "Smith", DateOfBirth: "1994-02-17", Email: "john@example.com", Phone: "+1224225555"},
		},
		Ref:        "7TWFOC-auPI",
		Fixtures:   "testdata",
		Sign:       func(body []byte, _ time.Time) http.Header { return header(mac(secret, string(body))) },
		ReceivedAt: receivedAt(),
		Statuses:   append(steps(), events()...),
		StatusWebhook: func(word string) []byte {
			if strings.Contains(word, ".") {
				return fmt.Appendf(nil, `{"event":%q,"created_at":"2025-01-15T10:35:00.000Z","check":{"id":"7TWFOC-auPI","testing":true}}`, word)
			}
			return fmt.Appendf(nil, `{"event":"check.submitted-photo","created_at":"2025-01-15T10:35:00.000Z",`+
				`"check":{"id":"7TWFOC-auPI","step":%q,"testing":true}}`, word)
		},
		Emulator:    emulator.New,
		DevSettings: emulator.Settings,
		Outcomes: map[shared.Step]providertest.Outcome{
			shared.Approve: {Status: idv.Approved},
			shared.Decline: {Status: idv.Declined},
			// No event is documented for a review, but that of the last picture
			// has the check read.
			shared.Review: {Status: idv.InReview},
			shared.Fail:   {Status: idv.Declined},
			// Real ID hears nothing of somebody who leaves.
			shared.Abandon: {Status: idv.InProgress},
		},
		Scenarios: map[string]providertest.Outcome{
			"approve": {Status: idv.Approved},
			"reject":  {Status: idv.Declined},
			"review":  {Status: idv.InReview},
			"slow":    {Status: idv.Approved},
			"fail":    {Status: idv.Declined},
			"abandon": {Status: idv.InProgress},
		},
	}
}

func header(signature string) http.Header {
	h := http.Header{}
	h.Set("X-Real-ID-Signature", signature)
	return h
}

func TestRealID(t *testing.T) { providertest.Run(t, suite()) }

func FuzzNormalize(f *testing.F)    { providertest.FuzzNormalize(f, suite()) }
func FuzzAuthenticate(f *testing.F) { providertest.FuzzAuthenticate(f, suite()) }

// What the operator allows beside the raw bytes must not let anything else in.
func FuzzAuthenticateCompactJSON(f *testing.F) {
	reader := account(f, idv.Settings{"VERIFY_COMPACT_JSON": "true"}).(idv.WebhookReader)
	f.Add([]byte(workedBody))
	f.Add([]byte(`{"a":"\u00e9\"\\","b":[1,2.50,{}],"c":"<"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := idv.Webhook{Header: header(mac(secret, string(body))), Body: body, ReceivedAt: receivedAt()}
		if err := reader.Authenticate(t.Context(), w); err != nil {
			t.Errorf("a genuine webhook is refused: %v", err)
		}
		w.Header = header(mac("another secret", string(body)))
		if err := reader.Authenticate(t.Context(), w); err == nil {
			t.Error("signed with another secret, and accepted")
		}
	})
}
