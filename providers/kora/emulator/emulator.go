// Package emulator stands in for Kora IDV: its API under /api/v1/idv, a page
// for the user, and its signed webhooks. It is written from the provider's
// documentation and shares no code with the adapter.
//
// Besides those that all emulators have, there is the scenario "expired": as in
// Kora's sandbox the verification is approved and expires afterwards.
package emulator

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	apiRoot  = "/api/v1/idv"
	lifetime = 24 * time.Hour
)

// BodySignature is a key of emulator.Options.Settings: "true" signs webhooks by
// the older scheme, over the body alone.
const BodySignature = "EMULATOR_BODY_SIGNATURE"

// Settings gives the account that the emulator at the given root accepts. Its
// values are made up and work nowhere else.
func Settings(publicURL string) idv.Settings {
	return idv.Settings{
		"API_KEY":        "test_sk_emulated-kora-key",
		"TENANT_ID":      "00000000-0000-4000-8000-0000006b6f72",
		"WEBHOOK_SECRET": "whsec_emulated-kora-secret",
		"BASE_URL":       publicURL + apiRoot,
		"LAUNCH_URL":     publicURL + "/capture/{verificationId}?return={callbackUrl}",
		// The stand-in has no plan whose limits bind.
		"POLLS_PER_MINUTE": "6000",
	}
}

// kora is the stand-in.
type kora struct {
	o     emulator.Options
	stage *emulator.Stage
	http.Handler
}

// New makes the emulator.
func New(o emulator.Options) emulator.Emulator {
	k := &kora{o: o}
	k.stage = emulator.NewStage(o, profile(), k)
	api := http.NewServeMux()
	api.HandleFunc("POST "+apiRoot+"/verifications", k.create)
	api.HandleFunc("GET "+apiRoot+"/verifications/{id}", k.read)
	api.HandleFunc("POST "+apiRoot+"/verifications/{id}/complete", k.complete)
	api.HandleFunc("GET "+apiRoot+"/subjects/{subject}/verifications", k.list)
	api.HandleFunc("GET "+apiRoot+"/health", func(w http.ResponseWriter, _ *http.Request) {
		emulator.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	api.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "NOT_FOUND", "no such endpoint", nil)
	})
	k.Handler = k.stage.Handler(api)
	return k
}

// Close ends the background work.
func (k *kora) Close() { k.stage.Close() }

func profile() emulator.Profile {
	return emulator.Profile{
		Name:  "kora",
		Title: "Kora IDV",
		Page:  "/capture/",
		Steps: []emulator.Step{
			emulator.Approve, emulator.Decline, emulator.Review, emulator.Fraud,
			emulator.Fail, emulator.Abandon, emulator.Expire,
		},
		Reasons: []emulator.Choice{
			{Value: "REJECTED", Label: "Rejected, no particular reason"},
			{Value: "DOCUMENT_UNREADABLE", Label: "The document cannot be read"},
			{Value: "DOCUMENT_QUALITY", Label: "The picture of the document is poor"},
			{Value: "DOCUMENT_EXPIRED", Label: "The document has expired"},
			{Value: "FACE_MISMATCH", Label: "The face does not match"},
			{Value: "LIVENESS_FAILED", Label: "No live person was seen"},
			{Value: "EYEWEAR", Label: "Glasses hide the face"},
			{Value: "NAME_MISMATCH", Label: "The name differs"},
			{Value: "DATA_INCONSISTENT", Label: "The details contradict each other"},
			{Value: "SCORE_LOW", Label: "The score is too low"},
		},
		Scenarios: map[string][]emulator.Move{
			"expired": {{Step: emulator.Approve}, {Step: emulator.Expire}},
		},
	}
}

func newID() string { return "ver_" + uuid.NewString() }
