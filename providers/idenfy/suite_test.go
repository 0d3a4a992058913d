package idenfy_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/idenfy"
	idenfyemulator "github.com/bonafide-idv/bonafide/providers/idenfy/emulator"
	"github.com/bonafide-idv/bonafide/providers/providertest"
)

const (
	ref        = "7b1e44d2-5c3a-11f1-9a0e-0242ac120002"
	sessionID  = "ses_01k9abcdefghjkmnpqrstvwxyz"
	signingKey = "k9-Example-Signing-Key-01"
	secondKey  = "k9-Example-Signing-Key-02"
)

// overalls are all words of status.overall.
func overalls() []string {
	return strings.Fields("ACTIVE REVIEWING APPROVED DENIED SUSPECTED EXPIRED EXPIRED-DELETED DELETED ARCHIVED")
}

func receivedAt() time.Time { return time.Unix(1772619795, 250e6).UTC() }

func settings(server string) idv.Settings {
	return idv.Settings{
		"API_KEY":     "AKdemo7Qe2",
		"API_SECRET":  "s3cr3t-Demo-9f1c",
		"SIGNING_KEY": signingKey + ", " + secondKey,
		"BASE_URL":    server,
	}
}

// mac is the guide's signature: HMAC-SHA256 of the body in hex.
func mac(key string, body []byte) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

func signature(body []byte, _ time.Time) http.Header {
	return http.Header{"Idenfy-Signature": {mac(signingKey, body)}}
}

// fixtureEvents gives the event type of each fixture by its body: the name of
// the file up to the first dot.
func fixtureEvents() map[string]string {
	events := map[string]string{}
	files, _ := filepath.Glob("testdata/webhook/*.json") // the pattern is right
	for _, file := range files {
		event, _, _ := strings.Cut(filepath.Base(file), ".")
		body, err := os.ReadFile(file)
		if err == nil && !strings.HasSuffix(file, ".want.json") {
			events[strings.TrimSuffix(string(body), "\n")] = strings.ToUpper(event)
		}
	}
	return events
}

func suite() providertest.Suite {
	events := fixtureEvents()
	return providertest.Suite{
		Adapter:     idenfy.Adapter(),
		Settings:    settings,
		Credentials: []string{"API_KEY", "API_SECRET"},
		Start: idv.StartRequest{
			SessionID:      sessionID,
			ExternalUserID: "usr_01HZX3Q9",
			At:             time.Date(2026, 3, 4, 10, 0, 0, 5e6, time.UTC),
			CallbackURL:    "https://app.example.com/kyc/return?a=1&b=2",
			WebhookURL:     "https://idv.example.com/v1/webhooks/idenfy",
			ExpiresIn:      72 * time.Hour,
			Country:        "NG",
			DocumentTypes:  []idv.DocumentType{idv.Passport, idv.IDCard},
			Locale:         "en-GB",
			Prefill: idv.Prefill{
				FirstName: "Amara", LastName: "Okafor", DateOfBirth: "1994-02-17", Email: "amara@example.com", Phone: "+2348000000000",
			},
		},
		Ref:      ref,
		Fixtures: "testdata",
		Sign: func(body []byte, at time.Time) http.Header {
			h := signature(body, at)
			if event := events[string(body)]; event != "" {
				h.Set("Idenfy-Event-Type", event)
			}
			return h
		},
		ReceivedAt: receivedAt(),
		Statuses:   overalls(),
		StatusWebhook: func(word string) []byte {
			return fmt.Appendf(nil, `{"final":true,"status":{"overall":%q},"scanRef":%q,"clientId":"usr_01HZX3Q9"}`, word, ref)
		},
		Emulator:    idenfyemulator.New,
		DevSettings: idenfyemulator.Settings,
		Outcomes: map[emulator.Step]providertest.Outcome{
			emulator.Approve: {Status: idv.Approved},
			emulator.Decline: {Status: idv.Declined},
			emulator.Review:  {Status: idv.InReview},
			emulator.Fraud:   {Status: idv.InReview},
			emulator.Abandon: {Status: idv.Canceled},
			emulator.Expire:  {Status: idv.Expired},
			// iDenfy tells nobody that more is asked of the user.
			emulator.Resubmit: {Status: idv.InReview, Silent: true},
		},
		Scenarios: map[string]providertest.Outcome{
			"approve": {Status: idv.Approved}, "slow": {Status: idv.Approved}, "reject": {Status: idv.Declined},
			"review": {Status: idv.InReview}, "fraud": {Status: idv.InReview}, "abandon": {Status: idv.Canceled},
			"expired": {Status: idv.Expired}, "resubmit": {Status: idv.InReview, Silent: true},
		},
	}
}

func TestSuite(t *testing.T) { providertest.Run(t, suite()) }

func FuzzNormalize(f *testing.F) { providertest.FuzzNormalize(f, suite()) }

// The type of the event is not signed, so that it is left out here.
func FuzzAuthenticate(f *testing.F) {
	s := suite()
	s.Sign = signature
	providertest.FuzzAuthenticate(f, s)
}
