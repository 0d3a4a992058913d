package idnorm_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	shared "github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/idnorm"
	"github.com/bonafide-idv/bonafide/providers/idnorm/emulator"
	"github.com/bonafide-idv/bonafide/providers/providertest"
)

func suite() providertest.Suite {
	return providertest.Suite{
		Adapter: idnorm.Adapter(),
		Settings: func(server string) idv.Settings {
			return idv.Settings{
				"LICENSE_KEY": "lk_example_0001", "CONFIG_ID": "cfg_7b1e", "WEBHOOK_SECRET": hexSecret, "BASE_URL": server,
			}
		},
		Credentials: []string{"LICENSE_KEY"},
		Start: idv.StartRequest{
			SessionID:      sessionID,
			ExternalUserID: "user-123",
			At:             time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC),
			CallbackURL:    "https://app.example.com/idv/return?session=ses_01&x=1",
			WebhookURL:     "https://idv.example.com/v1/webhooks/idnorm",
			ExpiresIn:      24 * time.Hour,
			Country:        "NG",
			Locale:         "en",
			DocumentTypes:  []idv.DocumentType{idv.Passport},
			Prefill:        idv.Prefill{FirstName: "AMARA", Email: "amara@example.com"},
		},
		Ref:        ref,
		Fixtures:   "testdata",
		Sign:       standardSignature,
		Window:     300 * time.Second,
		ReceivedAt: signedAt.Add(250 * time.Millisecond),
		Statuses: []string{
			"STATUS_COMPLETED", "STATUS_APPROVED", "STATUS_FAILED", "STATUS_REJECTED", "STATUS_UNDEFINED",
			"PASSED", "FAILED", "IN_REVIEW",
		},
		StatusWebhook: func(word string) []byte {
			body, _ := json.Marshal(map[string]any{"id": ref, "sessionUpdate": map[string]string{"status": word}})
			return body
		},
		Emulator:    emulator.New,
		DevSettings: emulator.Settings,
		Outcomes: map[shared.Step]providertest.Outcome{
			shared.Approve:  {Status: idv.Approved},
			shared.Decline:  {Status: idv.Declined},
			shared.Review:   {Status: idv.InReview},
			shared.Resubmit: {Status: idv.ResubmissionRequested},
			shared.Fail:     {Status: idv.Failed},
			shared.Abandon:  {Status: idv.Canceled},
			shared.Expire:   {Status: idv.Expired},
		},
		Scenarios: map[string]providertest.Outcome{
			"approve": {Status: idv.Approved}, "slow": {Status: idv.Approved}, "reject": {Status: idv.Declined},
			"review": {Status: idv.InReview}, "resubmit": {Status: idv.ResubmissionRequested},
			"fail": {Status: idv.Failed}, "abandon": {Status: idv.Canceled}, "expired": {Status: idv.Expired},
		},
	}
}

func standardSignature(body []byte, at time.Time) http.Header {
	key, _ := hex.DecodeString(hexSecret)
	timestamp := at.Unix()
	mac := sign(binary.LittleEndian, key, uint64(timestamp), string(body))
	return http.Header{"Idnorm-Signature": {fmt.Sprintf("%d.%s", timestamp, mac)}}
}

func TestSuite(t *testing.T) { providertest.Run(t, suite()) }

func FuzzNormalize(f *testing.F) { providertest.FuzzNormalize(f, suite()) }

func FuzzAuthenticate(f *testing.F) { providertest.FuzzAuthenticate(f, suite()) }
