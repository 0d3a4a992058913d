// Package emulator stands in for iDenfy: its API, a page for the user, and its
// signed webhooks. It is written from the provider's documentation and shares no
// code with the adapter, so that each proves the other.
//
// Besides what all emulators have, its control door sends, once and at once, any
// webhook that iDenfy has, and answers with the status that the receiver gave:
//
//	POST /_sessions/{id}/webhook
//	  {"event":"DOCUMENT_EXPIRATION","expirationThreshold":"DOCUMENT_EXPIRED","documentExpiration":"2031-05-09"}
//	  {"event":"IDENTIFICATION","final":true,"overall":"SUSPECTED","mismatchTags":["NAME"]}
//
// An identification tells where the session stands; what is given here goes
// before that.
package emulator

import (
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// OneActive is a key of emulator.Options.Settings: "true" refuses a second
// session for a user whose first is still open, as iDenfy may.
const OneActive = "EMULATOR_ONE_ACTIVE"

// Settings gives the account that the emulator at the given root accepts. Its
// values are made up and work nowhere else.
func Settings(publicURL string) idv.Settings {
	return idv.Settings{
		"API_KEY":     "emulated-idenfy-key",
		"API_SECRET":  "emulated-idenfy-secret",
		"SIGNING_KEY": "emulated-idenfy-signing-key",
		"BASE_URL":    publicURL,
	}
}

// idenfy is one environment of an account at the emulated iDenfy.
type idenfy struct {
	http.Handler
	o     emulator.Options
	stage *emulator.Stage
}

// New makes the emulator for the account in o.Settings.
func New(o emulator.Options) emulator.Emulator {
	e := &idenfy{o: o}
	e.stage = emulator.NewStage(o, profile(), e)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_sessions/{id}/webhook", e.sendWebhook)
	mux.Handle("/", e.stage.Handler(e.api()))
	e.Handler = mux
	return e
}

// Close ends the background work and waits for it.
func (e *idenfy) Close() { e.stage.Close() }

func profile() emulator.Profile {
	return emulator.Profile{
		Name:  "idenfy",
		Title: "iDenfy",
		Page:  "/ui/",
		Steps: []emulator.Step{
			emulator.Approve, emulator.Decline, emulator.Review, emulator.Resubmit,
			emulator.Fraud, emulator.Abandon, emulator.Expire,
		},
		Reasons: []emulator.Choice{
			{Value: "DOC_FAKE", Label: "The document is fake"},
			{Value: "DOC_EXPIRED", Label: "The document has expired"},
			{Value: "DOC_TOO_BLURRY", Label: "The picture of the document is blurred"},
			{Value: "DOC_DAMAGED", Label: "The document is damaged"},
			{Value: "DOC_NOT_SUPPORTED", Label: "The document is not supported"},
			{Value: "MRZ_INVALID", Label: "The machine-readable zone is wrong"},
			{Value: "FACE_MISMATCH", Label: "The face does not match"},
			{Value: "NO_FACE_FOUND", Label: "No face was found"},
			{Value: "FAKE_FACE", Label: "No live person was seen"},
		},
	}
}
