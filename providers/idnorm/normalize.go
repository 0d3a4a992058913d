package idnorm

import (
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Normalize reads a webhook. IDNorm names no event type: the member that is
// present tells, and should there be several, each is an update of its own. The
// only time is the one in the signature's header.
func (p *provider) Normalize(w idv.Webhook) ([]idv.Update, error) {
	e, err := readEvent(w.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", idv.ErrNotUnderstood, err)
	}
	about := idv.Update{Ref: e.ref(), SessionID: p.echo.SessionID(string(e.UserID)), OccurredAt: signedAt(w)}
	if about.Ref == "" {
		about.Unknown, about.Why = true, "the webhook names no session"
		return []idv.Update{about}, nil
	}
	var updates []idv.Update
	if e.hasStatus() {
		about.EventType = "sessionUpdate"
		updates = append(updates, p.say(about, e.status(), e.checks()))
	}
	if e.DocumentExpired != nil {
		about.EventType = "documentExpired"
		updates = append(updates, documentExpired(about, string(e.DocumentExpired.ExpirationTimestamp)))
	}
	if e.AMLUpdated != nil {
		about.EventType = "amlUpdated"
		updates = append(updates, amlUpdated(about, plain(string(e.AMLUpdated.Result))))
	}
	if len(updates) == 0 {
		about.EventType = ""
		about.Unknown, about.Why = true, "the webhook has none of sessionUpdate, documentExpired and amlUpdated"
		return []idv.Update{about}, nil
	}
	return updates, nil
}

// documentExpired tells that the verified document ran out, at the given time
// or, if that cannot be read, at the time of the event.
func documentExpired(u idv.Update, at string) idv.Update {
	u.Notice = &idv.Notice{Kind: idv.NoticeDocumentExpired}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t = idv.AfterDay(at)
	}
	if t.IsZero() {
		t, u.Why = u.OccurredAt, "the provider does not say when the document ran out"
	}
	u.DocumentExpiresAt = t.UTC().Truncate(time.Millisecond)
	return u
}

// amlUpdated tells that a screening changed; what to make of it is for a human.
func amlUpdated(u idv.Update, result string) idv.Update {
	u.Notice = &idv.Notice{Kind: idv.NoticeAMLChanged, Facts: map[string]string{"result": result}}
	u.Why = "a screening changed, which a human should look at"
	return u
}
