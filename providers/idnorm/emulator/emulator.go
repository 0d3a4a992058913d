// Package emulator stands in for IDNorm: its platform API, a hosted page on
// which a person decides, and webhooks signed as IDNorm signs them. It shares no
// code with the adapter, so that each proves the other.
//
// Besides what all emulators have, its control door tells what IDNorm may tell
// months after a decision:
//
//	POST /_sessions/{id}/notice
//	  {"event":"documentExpired","expirationTimestamp":"2026-03-01T00:00:00Z"}
//	  {"event":"amlUpdated","result":"RESULT_HIT"}
package emulator

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Settings gives the account that the emulator at the given root accepts. Its
// values are made up and work nowhere else.
func Settings(publicURL string) idv.Settings {
	return idv.Settings{
		"LICENSE_KEY":    "emulated-idnorm-license-key",
		"CONFIG_ID":      "cfg_emulated",
		"WEBHOOK_SECRET": strings.Repeat("c0ffee00", 8), // 64 hex digits
		"BASE_URL":       publicURL,
	}
}

// idnorm is one account at the emulated IDNorm.
type idnorm struct {
	http.Handler
	stage      *emulator.Stage
	settings   idv.Settings
	webhookURL string
}

// New makes the emulator for the account in o.Settings.
func New(o emulator.Options) emulator.Emulator {
	e := &idnorm{settings: o.Settings, webhookURL: o.WebhookURL}
	e.stage = emulator.NewStage(o, profile(), e)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_sessions/{id}/notice", e.notice)
	mux.Handle("/", e.stage.Handler(e.api()))
	e.Handler = mux
	return e
}

// Close ends the background work and waits for it.
func (e *idnorm) Close() { e.stage.Close() }

func (e *idnorm) setting(key, otherwise string) string {
	return cmp.Or(strings.TrimSpace(e.settings[key]), otherwise)
}

func profile() emulator.Profile {
	return emulator.Profile{
		Name:  "idnorm",
		Title: "IDNorm",
		Page:  "/s/",
		Steps: []emulator.Step{
			emulator.Approve, emulator.Decline, emulator.Review, emulator.Resubmit,
			emulator.Fail, emulator.Abandon, emulator.Expire,
		},
		Reasons: []emulator.Choice{
			{Value: "documentVerification.dataIntegrity", Label: "Document was tampered with"},
			{Value: "documentVerification.mrz", Label: "Machine-readable zone is wrong"},
			{Value: "documentVerification.ageRestriction", Label: "Too young"},
			{Value: "faceMatch.faceMatch", Label: "Face does not match"},
			{Value: "liveness.userAction", Label: "Liveness failed"},
			{Value: "poa.check", Label: "Address not proven"},
			{Value: "aml.result", Label: "On a watchlist"},
			{Value: "ipAnalysis.conditionsCheck", Label: "Location is not allowed"},
			{Value: noCheck, Label: "No check is named"},
		},
		ResubmitReasons: []emulator.Choice{
			{Value: "documentVerification.allRequiredFieldsPresent", Label: "Details could not be read"},
			{Value: "liveness.userAction", Label: "Liveness failed"},
			{Value: noCheck, Label: "No check is named"},
		},
	}
}
