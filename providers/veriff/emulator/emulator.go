// Package emulator stands in for Veriff: its API under /v1, a page on which a
// person decides, and its signed webhooks of all eight types. It is written from
// Veriff's documentation and shares no code with the adapter.
//
// Steps send event and decision webhooks. Any webhook is sent on demand, once
// and at once, about a session of any age:
//
//	POST /_sessions/{id}/notice
//	  {"event":"decision"} {"event":"event"} {"event":"fullauto"}
//	  {"event":"watchlist","checkType":"updated_result","matchStatus":"possible_match"}
//	  {"event":"ine_registry"} {"event":"curp_registry"} {"event":"combined-ine-curp-registry"}
//	  {"event":"user-status.created","status":"Escalate to compliance","reason":"Second look needed"}
package emulator

import (
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// FullAuto is a key of emulator.Options.Settings: with "true" a full auto
// webhook comes in place of each decision webhook.
const FullAuto = "EMULATOR_FULL_AUTO"

// Settings gives the account that the emulator at the given root accepts. Its
// values are made up and work nowhere else.
func Settings(publicURL string) idv.Settings {
	return idv.Settings{
		"API_KEY":       "00000000-0000-4000-8000-766572696666",
		"SHARED_SECRET": "00000000-0000-4000-8000-5ec2e7000000",
		"BASE_URL":      publicURL,
		"DELETE_FOR":    "erase",
	}
}

// veriff is one integration at the emulated Veriff.
type veriff struct {
	http.Handler
	o       emulator.Options
	stage   *emulator.Stage
	deleted log
}

// New makes the emulator for the account in o.Settings.
func New(o emulator.Options) emulator.Emulator {
	v := &veriff{o: o}
	v.stage = emulator.NewStage(o, profile(), v)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_sessions/{id}/notice", v.notice)
	mux.Handle("/", v.stage.Handler(v.api()))
	v.Handler = mux
	return v
}

// Close ends the background work and waits for it.
func (v *veriff) Close() { v.stage.Close() }

func profile() emulator.Profile {
	return emulator.Profile{
		Name:  "veriff",
		Title: "Veriff",
		Page:  "/v/",
		Steps: []emulator.Step{
			emulator.Approve, emulator.Decline, emulator.Review, emulator.Resubmit, emulator.Abandon, emulator.Expire,
		},
		Reasons: []emulator.Choice{
			{Value: "102", Label: "Suspected document tampering"},
			{Value: "101", Label: "Physical document not used"},
			{Value: "103", Label: "Person showing the document does not appear to match document photo"},
			{Value: "104", Label: "Name entered does not match name on document"},
			{Value: "106", Label: "Known fraud"},
			{Value: "108", Label: "Velocity/abuse duplicated end-user"},
			{Value: "112", Label: "Restricted IP location"},
			{Value: "123", Label: "Unable to pass registry checks"},
			{Value: "126", Label: "Potential PEP match"},
			{Value: "539", Label: "Resubmission limit exceeded"},
		},
		ResubmitReasons: []emulator.Choice{
			{Value: "204", Label: "Poor image quality"},
			{Value: "201", Label: "Video and/or photos missing"},
			{Value: "205", Label: "Document damaged"},
			{Value: "206", Label: "Document type not supported"},
			{Value: "207", Label: "Document expired"},
			{Value: "606", Label: "Face is not clearly visible"},
		},
	}
}

// reasonText is the description of a reason code.
func reasonText(code string) string {
	p := profile()
	for _, choice := range append(p.Reasons, p.ResubmitReasons...) {
		if choice.Value == code {
			return choice.Label
		}
	}
	return "Reason " + code
}
