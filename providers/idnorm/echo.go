package idnorm

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// echo is what we put into externalUserId, the only field that IDNorm sends
// back (as userId).
type echo string

const (
	echoBoth    echo = "both"    // <user>~<session>
	echoUser    echo = "user"    // <user>
	echoSession echo = "session" // <session>
)

func (e echo) write(req idv.StartRequest) string {
	switch e {
	case echoUser:
		return req.ExternalUserID
	case echoSession:
		return req.SessionID
	default:
		return req.ExternalUserID + "~" + req.SessionID
	}
}

// read gives the session that the echoed field names, empty if it names none.
// A user id may hold a `~`, a session id never does: so the last one counts.
func (e echo) read(userID string) string {
	var id string
	switch e {
	case echoBoth:
		if i := strings.LastIndexByte(userID, '~'); i >= 0 {
			id = userID[i+1:]
		}
	case echoSession:
		id = userID
	}
	if !isSessionID(id) {
		return ""
	}
	return id
}

// isSessionID reports whether id looks like one of ours: ses_ and 26 characters
// of base32 in lower case.
func isSessionID(id string) bool {
	rest, ok := strings.CutPrefix(id, "ses_")
	return ok && len(rest) == 26 && strings.Trim(rest, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}
