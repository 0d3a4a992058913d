package realid

import (
	"cmp"
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// Normalize reads a webhook. It names a check and little else (page
// api/webhooks), so that what it says of the status is partial: the check is
// read before it counts.
func (p *provider) Normalize(w idv.Webhook) ([]idv.Update, error) {
	body := parseObject(w.Body)
	if body == nil {
		return nil, fmt.Errorf("%w: not a JSON object", idv.ErrNotUnderstood)
	}
	check := body.Object("check")
	eventType, step := body.Text("event"), check.Text("step")
	u := idv.Update{
		Ref:            refOf(check),
		SessionID:      p.echo.SessionID(check.Object("order").Text("name")),
		EventType:      payload.Word(eventType),
		OccurredAt:     body.Time("created_at"),
		ProviderStatus: cmp.Or(payload.Word(step), payload.Word(eventType)),
		Test:           p.contradictsMode(body, check),
	}
	told, known := eventOf(eventType)
	stepStatus, stepKnown := p.stepStatus(step)
	switch {
	case u.Ref == "":
		u.SessionID, u.Unknown, u.Why = "", true, "the webhook names no check"
		return []idv.Update{u}, nil
	case !known:
		u.Unknown, u.Why = true, "event "+quoted(eventType)+" is not in the tables"
	case told.notice != "":
		u.Notice, u.ProviderStatus = &idv.Notice{Kind: told.notice}, ""
		return []idv.Update{u}, nil
	case step != "" && !stepKnown:
		u.Unknown, u.Why = true, unknownStep(step)
	default:
		u.Status = cmp.Or(stepStatus, told.status)
	}
	// A new word may mean anything, so the check is read all the same; what is
	// about the other kind of account is kept aside.
	u.Partial = !u.Test
	return []idv.Update{u}, nil
}

// Repeats: the time of an event was missing in a sample, and without it a
// decision that returns to what it was has the bytes of the first one.
func (p *provider) Repeats() bool { return true }
