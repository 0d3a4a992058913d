package realid

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// echo is what we put into order.name, the only field of a create that is ours
// to fill and that was seen to come back in webhooks.
type echo string

const (
	echoBoth    echo = "both"    // <user>~<session>
	echoUser    echo = "user"    // <user>
	echoSession echo = "session" // <session>
	echoNone    echo = "none"
)

func (e echo) write(req idv.StartRequest) string {
	switch e {
	case echoUser:
		return req.ExternalUserID
	case echoSession:
		return req.SessionID
	case echoNone:
		return ""
	default:
		return req.ExternalUserID + "~" + req.SessionID
	}
}

// read gives the session that an order's name ends with, empty if it names
// none: shops have orders of their own. A user id may hold a `~`, a session id
// never does, so the last one counts.
func (e echo) read(orderName string) string {
	i := strings.LastIndexByte(orderName, '~')
	switch {
	case e == echoBoth && i >= 0, e == echoSession && i < 0:
		if id := orderName[i+1:]; isSessionID(id) {
			return id
		}
	}
	return ""
}

// isSessionID reports whether id looks like one of ours: ses_ and 26 digits of
// Crockford's base 32 in lower case.
func isSessionID(id string) bool {
	rest, ok := strings.CutPrefix(id, "ses_")
	return ok && len(rest) == 26 && strings.Trim(rest, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}
