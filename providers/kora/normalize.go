package kora

import (
	"cmp"
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Normalize reads a webhook: the envelope and the data of the page
// docs.korastratum.com/idv/guides/webhooks.
func (p *provider) Normalize(w idv.Webhook) ([]idv.Update, error) {
	body := parseObject(w.Body)
	if body == nil {
		return nil, fmt.Errorf("%w: not a JSON object", idv.ErrNotUnderstood)
	}
	data := body.Object("data")
	ref := idv.Ref(cmp.Or(data.Text("verificationId"), body.Text("resourceId")))
	if ref == "" {
		return nil, fmt.Errorf("%w: it names no verification", idv.ErrNotUnderstood)
	}
	u := eventUpdate(body.Text("eventType"), body, data, ref)
	u.EventType = word(body.Text("eventType"))
	return []idv.Update{u}, nil
}

func eventUpdate(eventType string, body, data object, ref idv.Ref) idv.Update {
	at := body.Time("timestamp")
	if eventType == "fraud_alert.created" {
		return idv.Update{Ref: ref, OccurredAt: at, Notice: alert(data)}
	}
	says, ok := eventStatus(eventType)
	if !ok {
		return reading{unknown: true, why: "event type " + quoted(eventType) + " is not in the tables"}.update(data, ref, at)
	}
	return read(data, teller{says: says, scored: says == ""}).update(data, ref, at)
}

// alert reads a fraud alert. Only the names of its two facts are published.
func alert(data object) *idv.Notice {
	facts := map[string]string{}
	for _, key := range []string{"alertType", "severity"} {
		if value := word(data.Text(key)); value != "" {
			facts[key] = value
		}
	}
	return &idv.Notice{Kind: idv.NoticeFraudAlert, Facts: facts}
}
