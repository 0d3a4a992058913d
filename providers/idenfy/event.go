package idenfy

import (
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// outcome reads how a session stands: `final` first, then the overall status.
func (p *provider) outcome(u idv.Update, body object) idv.Update {
	status := body.Object("status")
	overall := status.Text("overall")
	u.OccurredAt = body.Time("finishTime")
	last := p.lastWord(overall, body, status)
	u = p.judge(u, overall, status, last)
	if last && hasOutcome(overall) {
		u = withResult(u, status, body.Object("data"), body)
	}
	return u
}

// expired reads the end of the token's or the session's time. A user who handed
// something in may still be decided on: what such a webhook says does not count,
// the truth is asked for.
func (p *provider) expired(u idv.Update, body object) idv.Update {
	u = p.outcome(u, body)
	if u.Status != "" && u.Status != idv.Expired {
		u.Partial, u.Result, u.Notice, u.DocumentExpiresAt = true, nil, nil, time.Time{}
		u.Why = "the time ran out after something was handed in; the outcome is asked for"
	}
	return u
}

// canceled rests on the type of the event alone: what else such a webhook says
// is not confirmed. A decision that follows still counts.
func canceled(u idv.Update, body object) idv.Update {
	u.OccurredAt = body.Time("finishTime")
	u.ProviderStatus = payload.Word(body.Object("status").Text("overall"))
	u.Status = idv.Canceled
	u.Reasons = []idv.Reason{idv.NewReason(idv.ReasonUserCanceled, u.EventType)}
	return u
}

// documentExpiration tells, months or years later, that the verified document
// runs out. The session stays as it is.
func documentExpiration(u idv.Update, body object, receivedAt time.Time) idv.Update {
	threshold := body.Text("expirationThreshold")
	u.ProviderStatus = payload.Word(threshold)
	kind, ok := thresholdOf(threshold)
	if !ok {
		return unknown(u, "expiration threshold "+quoted(threshold)+" is not in the tables")
	}
	u.Notice = &idv.Notice{Kind: kind, Facts: map[string]string{"expirationThreshold": threshold}}
	u.DocumentExpiresAt = idv.AfterDay(payload.Day(body.Text("documentExpiration")))
	if u.DocumentExpiresAt.IsZero() {
		u.Why = "the date in it cannot be read"
		if kind == idv.NoticeDocumentExpired {
			// It has run out by now, whenever that was.
			u.DocumentExpiresAt = receivedAt.UTC().Truncate(time.Millisecond)
		}
	}
	return u
}
