// Package emulator stands in for Real ID: its API under /api/v1, a page for the
// user, and its signed webhooks. It is written from the provider's
// documentation and shares no code with the adapter.
//
// Besides what all emulators have, its control door sends any webhook of Real
// ID's about a check, in the words of the check as it stands unless the request
// has others:
//
//	POST /_sessions/{id}/webhook
//	  {"event":"customer.data_deletion_request"}
//	  {"event":"check.completed","step":"completed","testing":false}
package emulator

import (
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

const apiRoot = "/api/v1"

// Keys of emulator.Options.Settings that only the emulator has. Each chooses,
// if it is "true", the other reading of what Real ID leaves open.
const (
	// ThinWebhooks leaves the order out of webhooks, as the page api/webhooks
	// does and the vendor's dashboard does not.
	ThinWebhooks = "EMULATOR_THIN_WEBHOOKS"
	// SilentOverrides sends no webhook when a human decides.
	SilentOverrides = "EMULATOR_SILENT_OVERRIDES"
)

// Settings gives the account that the emulator at the given root accepts. Its
// values are made up and work nowhere else. Like a sandbox token it makes test
// checks.
func Settings(publicURL string) idv.Settings {
	return idv.Settings{
		"API_TOKEN":      "rid_emulated-api-token",
		"SIGNING_SECRET": "rid_emulated-signing-secret",
		"BASE_URL":       publicURL + apiRoot,
		"MODE":           "test",
		"LAUNCH_URL":     publicURL + "/flow/{checkId}?return={callbackUrl}",
	}
}

// realid is the stand-in.
type realid struct {
	http.Handler
	o     emulator.Options
	stage *emulator.Stage
}

// New makes the emulator.
func New(o emulator.Options) emulator.Emulator {
	e := &realid{o: o}
	e.stage = emulator.NewStage(o, profile(), e)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_sessions/{id}/webhook", e.demand)
	mux.Handle("/", e.stage.Handler(e.api()))
	e.Handler = mux
	return e
}

// Close ends the background work.
func (e *realid) Close() { e.stage.Close() }

func (e *realid) testing() bool { return e.o.Settings["MODE"] == "test" }

func profile() emulator.Profile {
	return emulator.Profile{
		Name:  "realid",
		Title: "Real ID",
		Page:  "/flow/",
		Steps: []emulator.Step{
			emulator.Approve, emulator.Decline, emulator.Review, emulator.Fail, emulator.Abandon,
		},
		Reasons: []emulator.Choice{
			{Value: "InvalidIdError", Label: "The document is not valid"},
			{Value: "ExpiredIdError", Label: "The document has expired"},
			{Value: "UnreadableIdError", Label: "The document cannot be read"},
			{Value: "IdOutOfFocus", Label: "The picture of the document is blurred"},
			{Value: "DarkIdPhoto", Label: "The picture of the document is too dark"},
			{Value: "OverExposedIdPhoto", Label: "The picture of the document is too bright"},
			{Value: "InvalidIdPhotoError", Label: "The picture shows no document"},
			{Value: "MissingIdFieldsError", Label: "Details are missing on the document"},
			{Value: "UnsupportedIdPhotoError", Label: "The document is not supported"},
			{Value: "SuspiciousIdPhoto", Label: "The picture looks tampered with"},
			{Value: "BlacklistedDocument", Label: "The document is on the shop's blacklist"},
			{Value: "IdPhotoForHeadshot", Label: "A document was shown instead of the face"},
			{Value: "FaceMatchError", Label: "The face does not match"},
			{Value: "FaceNotFoundError", Label: "No face can be seen"},
			{Value: "MultipleFacesError", Label: "Several faces can be seen"},
			{Value: "InvalidUserPhotoError", Label: "The selfie cannot be used"},
			{Value: "UnderageIdError", Label: "Too young"},
			{Value: "ShippingAddressCrossCheckFailed", Label: "The shipping address differs"},
			{Value: "BillingNameCrossCheckFailed", Label: "The billing name differs"},
			{Value: "ShippingNameCrossCheckFailed", Label: "The shipping name differs"},
			{Value: "CreditCardNameCrossCheckFailed", Label: "The name on the card differs"},
		},
	}
}
