package veriff

import (
	"cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// message is a webhook of any of the eight types, and the answer to a read of a
// decision, which has the shape of the decision webhook.
type message struct {
	Verification *verification `json:"verification"`

	EventType   text `json:"eventType"`
	Type        text `json:"type"` // the CURP webhook's eventType
	ID          text `json:"id"`   // of the session, in event and CURP webhooks
	SessionID   text `json:"sessionId"`
	AttemptID   text `json:"attemptId"`
	VendorData  text `json:"vendorData"`
	Feature     text `json:"feature"`
	Action      text `json:"action"`
	Code        text `json:"code"`
	CheckType   text `json:"checkType"`
	MatchStatus text `json:"matchStatus"`
	TotalHits   text `json:"totalHits"`
	CreatedAt   text `json:"createdAt"`
	Time        text `json:"time"`
	Data        data `json:"data"`
}

// data is the inner part of the newer webhooks.
type data struct {
	AttemptID text `json:"attemptId"`
	Status    text `json:"status"`
	Code      text `json:"code"`
	Details   struct {
		registry
		INE  registry `json:"ine"`
		CURP registry `json:"curp"`
	} `json:"details"`
	Verification struct {
		automatic
		UserDefinedData struct {
			Status     text `json:"status"`
			StatusCode text `json:"statusCode"`
			Reason     text `json:"reason"`
			ReasonCode text `json:"reasonCode"`
			CreatedAt  text `json:"createdAt"`
		} `json:"userDefinedData"`
	} `json:"verification"`
}

// registry is the part of a register's answer that is not about who the person
// is.
type registry struct {
	Active     text `json:"active"`
	StatusCURP text `json:"statusCurp"`
}

// kind is the type of a webhook, which Veriff tells by shape alone: the same
// URL may be entered for all of them (page /docs/webhooks-guide).
type kind string

const (
	kindDecision   kind = "decision"
	kindEvent      kind = "event"
	kindWatchlist  kind = "watchlist"
	kindINE        kind = "ine_registry"
	kindCURP       kind = "curp_registry"
	kindINECURP    kind = "combined-ine-curp-registry"
	kindUserStatus kind = "user-status.created"
	kindFullAuto   kind = "fullauto"
)

func (m message) kind() kind {
	switch {
	case m.Verification != nil:
		return kindDecision
	case m.EventType != "":
		return kind(m.EventType)
	case m.Type != "":
		return kind(m.Type)
	case m.CheckType != "", m.MatchStatus != "":
		return kindWatchlist
	case m.Action != "", m.Feature != "", m.Code != "":
		return kindEvent
	default:
		return ""
	}
}

// about begins the update of a message: the session and the attempt.
func (m message) about(e idv.Echo) idv.Update {
	var v verification
	if m.Verification != nil {
		v = *m.Verification
	}
	u := idv.Update{
		SessionID: e.SessionID(string(cmp.Or(v.VendorData, m.VendorData))),
		EventType: word(text(m.kind())),
	}
	if id := string(cmp.Or(v.ID, m.SessionID, m.ID)); payload.IsRef(id) {
		u.Ref = idv.Ref(id)
	}
	if id := string(cmp.Or(v.AttemptID, m.AttemptID, m.Data.AttemptID)); payload.IsRef(id) {
		u.Attempt = id
	}
	return u
}
