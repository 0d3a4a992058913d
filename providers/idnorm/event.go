package idnorm

import (
	"cmp"
	"encoding/json"
	"errors"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// event is what IDNorm says about a session: the body of a webhook, and the
// answer to a read, which has the same members. Integrations disagree on where
// id, status and kyc stand; the first name given here goes first.
type event struct {
	ID            text            `json:"id"`
	SessionID     text            `json:"sessionId"`
	UserID        text            `json:"userId"` // our externalUserId
	Status        text            `json:"status"`
	KYC           json.RawMessage `json:"kyc"`
	SessionUpdate *struct {
		Status text            `json:"status"`
		KYC    json.RawMessage `json:"kyc"`
	} `json:"sessionUpdate"`
	DocumentExpired *struct {
		ExpirationTimestamp text `json:"expirationTimestamp"`
	} `json:"documentExpired"`
	AMLUpdated *struct {
		Result text `json:"result"`
	} `json:"amlUpdated"`
}

// readEvent reads a body, which must be one JSON object. The error never quotes
// it.
func readEvent(body []byte) (event, error) {
	var e *event
	if json.Unmarshal(body, &e) != nil || e == nil {
		return event{}, errors.New("not an IDNorm event in JSON")
	}
	return *e, nil
}

// ref is the session's id, empty if there is none that can be one.
func (e event) ref() idv.Ref {
	if id := string(cmp.Or(e.ID, e.SessionID)); payload.IsRef(id) {
		return idv.Ref(id)
	}
	return ""
}

// isAbout reports whether nothing in the event names another session.
func (e event) isAbout(ref idv.Ref) bool {
	if e.ID == "" && e.SessionID == "" {
		return true
	}
	return e.ID == text(ref) || e.SessionID == text(ref)
}

// hasStatus reports whether the event is about the status of the session. A
// status at the top level counts only where no other member says what it is.
func (e event) hasStatus() bool {
	return e.SessionUpdate != nil || e.Status != "" && e.DocumentExpired == nil && e.AMLUpdated == nil
}

func (e event) status() string {
	if e.SessionUpdate != nil && e.SessionUpdate.Status != "" {
		return string(e.SessionUpdate.Status)
	}
	return string(e.Status)
}

func (e event) checks() checks {
	if e.SessionUpdate != nil && !isNull(e.SessionUpdate.KYC) {
		return readChecks(e.SessionUpdate.KYC)
	}
	return readChecks(e.KYC)
}
