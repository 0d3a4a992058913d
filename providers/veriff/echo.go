package veriff

import (
	"strings"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// echo is what we put into vendorData, which Veriff sends back unchanged: up to
// 1000 characters (page /docs/v1sessions).
type echo string

const (
	echoBoth    echo = "both"    // <user>~<session>
	echoSession echo = "session" // <session>
	echoUser    echo = "user"    // <user>
)

func (e echo) write(req idv.StartRequest) string {
	switch e {
	case echoSession:
		return req.SessionID
	case echoUser:
		return req.ExternalUserID
	default:
		return req.ExternalUserID + "~" + req.SessionID
	}
}

// read gives the session that vendorData names, empty if it names none. A user
// id may hold a `~`, a session id never does: so the last one counts.
func (e echo) read(vendorData string) string {
	id := ""
	switch e {
	case echoBoth:
		if i := strings.LastIndexByte(vendorData, '~'); i >= 0 {
			id = vendorData[i+1:]
		}
	case echoSession:
		id = vendorData
	}
	if !isSessionID(id) {
		return ""
	}
	return id
}

// isSessionID reports whether id looks like one of ours: ses_ and 26 characters
// of Crockford's base 32 in lower case.
func isSessionID(id string) bool {
	rest, ok := strings.CutPrefix(id, "ses_")
	return ok && len(rest) == 26 && strings.Trim(rest, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}

// endUser is what we put into endUserId, which must be a UUID.
type endUser string

const (
	endUserUUID    endUser = "uuid"    // the user's id, if it is one
	endUserDerived endUser = "derived" // also one made of any other id
	endUserNone    endUser = "none"
)

func (e endUser) write(externalUserID string) string {
	_, err := uuid.Parse(externalUserID)
	switch {
	case e == endUserNone:
		return ""
	case err == nil && len(externalUserID) == 36: // Parse takes other spellings too
		return externalUserID
	case e == endUserDerived:
		return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/bonafide-idv/bonafide/users/"+externalUserID)).String()
	default:
		return ""
	}
}
