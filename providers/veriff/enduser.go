package veriff

import "github.com/google/uuid"

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
