package veriff

import (
	"errors"
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// Normalize reads a webhook of any type.
func (p *provider) Normalize(w idv.Webhook) ([]idv.Update, error) {
	var m message
	if err := read(w.Body, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", idv.ErrNotUnderstood, err)
	}
	u := m.about(p.echo)
	if u.Ref == "" && u.SessionID == "" {
		return nil, fmt.Errorf("%w: %w", idv.ErrNotUnderstood, errors.New("it names no session"))
	}
	return []idv.Update{p.say(u, m)}, nil
}

func (p *provider) say(u idv.Update, m message) idv.Update {
	switch m.kind() {
	case kindDecision:
		return m.Verification.say(u)
	case kindFullAuto:
		u = m.Data.Verification.say(u, m.Time.time())
		u.Partial = u.Partial || p.fullAuto == fullAutoAsks && u.Status != ""
		return u
	case kindEvent:
		return progress(u, m)
	case kindWatchlist:
		return watchlist(u, m)
	case kindINE, kindCURP, kindINECURP:
		return registryResult(u, m)
	case kindUserStatus:
		return userStatus(u, m)
	default:
		u.Unknown, u.Why = true, "the type of webhook is not in the tables"
		return u
	}
}

// progress reads an event webhook, which has no time of its own: its attempt
// says where it belongs.
func progress(u idv.Update, m message) idv.Update {
	u.ProviderStatus = word(m.Action)
	status, known := actionOf(m.Action, m.Code)
	switch {
	case !known:
		u.Unknown, u.Why = true, fmt.Sprintf("the event %s with code %s is not in the tables", quoted(m.Action), quoted(m.Code))
	case status == "":
		u.Why = "an event that moves no status"
	}
	u.Status = status
	return u
}

func quoted(t text) string {
	if t == "" {
		return "(none)"
	}
	return payload.Quoted(word(t))
}
