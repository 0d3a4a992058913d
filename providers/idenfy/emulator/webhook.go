package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

const eventHeader = "Idenfy-Event-Type"

// Tell gives the webhook of a step. iDenfy sends none for the beginning, for
// what was handed in, or when more is asked of the user.
func (e *idenfy) Tell(s emulator.Session, step emulator.Step) []emulator.Message {
	event := "IDENTIFICATION_AUTO_FINISHED"
	switch {
	case step == emulator.Abandon:
		event = "IDENTIFICATION_CANCELLED"
	case step == emulator.Expire:
		event = "IDENTIFICATION_EXPIRED"
	case step == emulator.Open, step == emulator.Submit, step == emulator.Resubmit:
		return nil
	case byHuman(s):
		event = "IDENTIFICATION_MANUAL_FINISHED"
	case s.Round > 1:
		event = "IDENTIFICATION_RESUBMITTED"
	}
	return []emulator.Message{e.message(s, event, identificationOf(s))}
}

// message goes to the dashboard's endpoint, or to that of the session.
func (e *idenfy) message(s emulator.Session, event string, body any) emulator.Message {
	text, _ := json.Marshal(body) // plain values always marshal
	url := e.o.WebhookURL
	if own := s.Fields["callbackUrl"]; own != "" {
		url = own
	}
	return emulator.Message{URLs: []string{url}, Event: event, Header: http.Header{eventHeader: {event}}, Body: text}
}

// Sign signs the body with the first key.
func (e *idenfy) Sign(m emulator.Message, _ time.Time) http.Header {
	keys := e.o.Settings.List("SIGNING_KEY")
	if len(keys) == 0 {
		return http.Header{}
	}
	mac := hmac.New(sha256.New, []byte(keys[0]))
	mac.Write(m.Body)
	return http.Header{"Idenfy-Signature": {hex.EncodeToString(mac.Sum(nil))}}
}

// wish is a webhook that a test asks for. What is null is as the session stands.
type wish struct {
	Event               string   `json:"event"`
	Final               *bool    `json:"final"`
	Overall             *string  `json:"overall"`
	AutoDocument        *string  `json:"autoDocument"`
	AutoFace            *string  `json:"autoFace"`
	ManualDocument      *string  `json:"manualDocument"`
	ManualFace          *string  `json:"manualFace"`
	FraudTags           []string `json:"fraudTags"`
	MismatchTags        []string `json:"mismatchTags"`
	FinishTime          *int64   `json:"finishTime"`
	ExpirationThreshold string   `json:"expirationThreshold"`
	DocumentExpiration  string   `json:"documentExpiration"`
}

// events are the types of iDenfy's header that are about a session.
func events() map[string]bool {
	return map[string]bool{
		"IDENTIFICATION": true, "IDENTIFICATION_AUTO_FINISHED": true, "IDENTIFICATION_MANUAL_FINISHED": true,
		"IDENTIFICATION_EXPIRED": true, "IDENTIFICATION_CANCELLED": true, "IDENTIFICATION_RESUBMITTED": true,
		"DOCUMENT_EXPIRATION": true, "VIDEO_CALL_FINISHED": true,
	}
}

func (e *idenfy) sendWebhook(w http.ResponseWriter, r *http.Request) {
	session, ok := e.stage.Session(r.PathValue("id"))
	if !ok {
		emulator.WriteJSON(w, http.StatusNotFound, map[string]string{"error": emulator.ErrNoSession.Error()})
		return
	}
	var want wish
	if emulator.ReadJSON(w, r, &want, true) != nil || !events()[want.Event] {
		emulator.WriteJSON(w, http.StatusBadRequest, map[string]string{
			"error": `want {"event":"IDENTIFICATION_…"} with final, overall, auto…, manual…, …Tags or finishTime, or DOCUMENT_EXPIRATION or VIDEO_CALL_FINISHED`,
		})
		return
	}
	e.stage.Deliver(w, r, e.message(session, want.Event, want.body(session)))
}

func (want wish) body(s emulator.Session) any {
	switch want.Event {
	case "DOCUMENT_EXPIRATION":
		return map[string]string{
			"scanRef": s.ID, "clientId": s.ExternalUserID,
			"expirationThreshold": want.ExpirationThreshold, "documentExpiration": want.DocumentExpiration,
		}
	case "VIDEO_CALL_FINISHED":
		return map[string]string{"scanRef": s.ID, "clientId": s.ExternalUserID}
	}
	body := identificationOf(s)
	body.Final = over(body.Final, want.Final)
	body.FinishTime = over(body.FinishTime, want.FinishTime)
	v := &body.Status
	v.AutoDocument, v.AutoFace = over(v.AutoDocument, want.AutoDocument), over(v.AutoFace, want.AutoFace)
	v.ManualDocument, v.ManualFace = over(v.ManualDocument, want.ManualDocument), over(v.ManualFace, want.ManualFace)
	v.Overall = over(v.Overall, want.Overall)
	if want.FraudTags != nil {
		v.FraudTags = want.FraudTags
	}
	if want.MismatchTags != nil {
		v.MismatchTags = want.MismatchTags
	}
	return body
}

// over gives the wished value, or else the one that is there.
func over[T any](is, wished *T) *T {
	if wished != nil {
		return wished
	}
	return is
}
