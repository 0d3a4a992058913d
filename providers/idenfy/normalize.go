package idenfy

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// eventHeader names the type of the event. It is not signed, and older
// deliveries lack it.
const eventHeader = "Idenfy-Event-Type"

// Normalize reads a webhook: the schemas IdentificationWebhook and
// DocumentExpirationWebhook of the OpenAPI document.
func (p *provider) Normalize(w idv.Webhook) ([]idv.Update, error) {
	body := parseObject(w.Body)
	if body == nil {
		return nil, fmt.Errorf("%w: not a JSON object", idv.ErrNotUnderstood)
	}
	event := eventOf(w.Header, body)
	u := idv.Update{Ref: refOf(body), SessionID: sessionIDOf(body), EventType: payload.Word(event)}
	if u.Ref == "" {
		return []idv.Update{unknown(u, "the webhook has no scanRef")}, nil
	}
	switch event {
	case "IDENTIFICATION", "IDENTIFICATION_AUTO_FINISHED", "IDENTIFICATION_MANUAL_FINISHED", "IDENTIFICATION_RESUBMITTED":
		u = p.outcome(u, body)
	case "IDENTIFICATION_EXPIRED":
		u = p.expired(u, body)
	case "IDENTIFICATION_CANCELLED":
		u = canceled(u, body)
	case "DOCUMENT_EXPIRATION":
		u = documentExpiration(u, body, w.ReceivedAt)
	case "VIDEO_CALL_FINISHED":
		u.Why = "what a video call says is not documented; it moves nothing"
	default:
		u = unknown(u, "event type "+quoted(event)+" is not in the tables")
	}
	return []idv.Update{u}, nil
}

// Repeats: a webhook names its session and not the event, and finishTime is
// documented as the time of the automatic decision, which a human's may share.
// Nothing is asked unless two decisions contradict each other, or the same bytes
// come again.
func (p *provider) Repeats() bool { return true }

// eventOf gives the type of the event in the spelling of the header's enum; the
// documentation's prose has another one.
func eventOf(h http.Header, body object) string {
	event := strings.ToUpper(strings.TrimSpace(h.Get(eventHeader)))
	if rest, ok := strings.CutPrefix(event, "ID_VERIFICATION"); ok {
		event = "IDENTIFICATION" + rest
	}
	switch {
	case event == "IDENTIFICATION_CANCELED":
		return "IDENTIFICATION_CANCELLED"
	case event == "" && body.Text("expirationThreshold") != "" && body.Object("status") == nil:
		return "DOCUMENT_EXPIRATION"
	case event == "":
		return "IDENTIFICATION"
	default:
		return event
	}
}

// refOf gives the session's scanRef, empty if there is none that can be kept.
func refOf(o object) idv.Ref {
	ref, _ := o["scanRef"].(string)
	if !payload.IsRef(ref) {
		return ""
	}
	return idv.Ref(ref)
}

// sessionIDOf gives our own id, which every session is given as externalRef.
func sessionIDOf(o object) string {
	return idv.EchoSession.SessionID(o.Text("externalRef"))
}

func unknown(u idv.Update, why string) idv.Update {
	u.Unknown, u.Why = true, why
	return u
}
