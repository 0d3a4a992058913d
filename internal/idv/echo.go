package idv

import "strings"

// Echo is what a provider is given in the one field that it sends back as it
// is, under a name of its own; most let the operator choose. A session whose
// create was never answered is found by it.
type Echo string

// The choices.
const (
	EchoBoth    Echo = "both"    // <user>~<session>
	EchoUser    Echo = "user"    // <user>
	EchoSession Echo = "session" // <session>
	EchoNone    Echo = "none"    // nothing
)

// Write gives what goes into the field.
func (e Echo) Write(req StartRequest) string {
	switch e {
	case EchoUser:
		return req.ExternalUserID
	case EchoSession:
		return req.SessionID
	case EchoNone:
		return ""
	default:
		return req.ExternalUserID + "~" + req.SessionID
	}
}

// SessionID gives our session that the field names when it comes back, empty if
// it names none. A user id may hold a `~`, a session id never does: so the last
// one counts.
func (e Echo) SessionID(echoed string) string {
	id := ""
	switch e {
	case EchoBoth:
		if i := strings.LastIndexByte(echoed, '~'); i >= 0 {
			id = echoed[i+1:]
		}
	case EchoSession:
		id = echoed
	}
	if !IsSessionID(id) {
		return ""
	}
	return id
}

// IsSessionID reports whether id has the form of a session's: ses_ and 26
// digits of Crockford's base 32 in lower case.
func IsSessionID(id string) bool {
	digits, ok := strings.CutPrefix(id, "ses_")
	return ok && len(digits) == 26 && strings.Trim(digits, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}
