package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

// webhook is a body: it names a check and little else.
type webhook struct {
	Event     string    `json:"event"`
	CreatedAt time.Time `json:"created_at"`
	Check     subject   `json:"check"`
}

type subject struct {
	ID      string `json:"id"`
	Step    string `json:"step,omitempty"`
	Testing bool   `json:"testing"`
	Order   *order `json:"order,omitempty"`
}

// Tell gives the webhooks of a step: one for each picture, and none for a check
// that goes to a human.
func (e *realid) Tell(s emulator.Session, step emulator.Step) []emulator.Message {
	if overridden(s) && e.o.Settings[SilentOverrides] == "true" {
		return nil
	}
	switch step {
	case emulator.Open:
		return []emulator.Message{e.message(s, "check.opened", "opened")}
	case emulator.Submit:
		return []emulator.Message{e.message(s, "check.submitted-photo", "id"), e.message(s, "check.submitted-photo", "face_match")}
	case emulator.Approve:
		return []emulator.Message{e.message(s, "check.completed", stepOf(s))}
	case emulator.Decline, emulator.Fail:
		return []emulator.Message{e.message(s, "check.failed", stepOf(s))}
	default:
		return nil
	}
}

// message is a webhook about a check; a customer's has no step.
func (e *realid) message(s emulator.Session, event, step string) emulator.Message {
	return e.written(s, event, subject{ID: s.ID, Step: step, Testing: e.testing()}, s.UpdatedAt)
}

func (e *realid) written(s emulator.Session, event string, about subject, at time.Time) emulator.Message {
	if name := s.Fields["order"]; name != "" && e.o.Settings[ThinWebhooks] != "true" {
		about.Order = &order{Name: name}
	}
	body, _ := json.Marshal(webhook{Event: event, CreatedAt: at, Check: about}) // plain values always marshal
	return emulator.Message{URLs: []string{e.o.WebhookURL}, Event: event, Body: body}
}

// Sign signs the body with the first secret.
func (e *realid) Sign(m emulator.Message, _ time.Time) http.Header {
	secrets := e.o.Settings.List("SIGNING_SECRET")
	if len(secrets) == 0 {
		return http.Header{}
	}
	mac := hmac.New(sha256.New, []byte(secrets[0]))
	mac.Write(m.Body)
	return http.Header{"X-Real-Id-Signature": {hex.EncodeToString(mac.Sum(nil))}}
}

// events lists the types of the webhooks, in both spellings of the first one.
func events() []string {
	return []string{
		"check.delivered", "check.created", "check.opened", "check.submitted-photo", "check.completed", "check.failed",
		"customer.data_request", "customer.manual_review_requested", "customer.data_deletion_request",
	}
}

// demand sends the webhook that is asked for.
func (e *realid) demand(w http.ResponseWriter, r *http.Request) {
	var wish struct {
		Event   string `json:"event"`
		Step    string `json:"step"`
		Testing *bool  `json:"testing"`
	}
	session, ok := e.stage.Session(r.PathValue("id"))
	if !ok {
		emulator.WriteJSON(w, http.StatusNotFound, map[string]string{"error": emulator.ErrNoSession.Error()})
		return
	}
	if err := emulator.ReadJSON(w, r, &wish, true); err != nil || !slices.Contains(events(), wish.Event) {
		emulator.WriteJSON(w, http.StatusBadRequest, map[string]any{
			"error": `want {"event":"…"}, and perhaps "step" and "testing"`, "events": events(),
		})
		return
	}
	about := subject{ID: session.ID, Step: wish.Step, Testing: e.testing()}
	if wish.Step == "" && strings.HasPrefix(wish.Event, "check.") {
		about.Step = stepOf(session)
	}
	if wish.Testing != nil {
		about.Testing = *wish.Testing
	}
	e.stage.Send(session, e.written(session, wish.Event, about, e.stage.Now()))
	emulator.WriteJSON(w, http.StatusAccepted, map[string]string{"sent": wish.Event})
}
