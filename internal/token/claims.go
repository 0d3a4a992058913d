package token

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// claims are what a JWT says. They are read by their exact names: a provider may
// let its users choose claims of their own, and "Scope" must not stand for "scope".
type claims struct{ jwt.MapClaims }

// UnmarshalJSON reads an object.
func (c *claims) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &c.MapClaims) }

// GetNotBefore is a little earlier than is said, for clocks differ. No such thing
// is granted at the end.
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) {
	date, err := c.MapClaims.GetNotBefore()
	if err != nil || date == nil {
		return date, err
	}
	return &jwt.NumericDate{Time: date.Add(-maxAhead)}, nil
}

// Validate refuses a subject that is no text. The library does so only for one
// that it expects.
func (c *claims) Validate() error {
	_, err := c.GetSubject()
	return err
}

// scopes are those that we know, of scope (a text, separated by spaces) and scp (a
// list, or such a text).
func (c *claims) scopes() []idv.Scope {
	var words []string
	for _, name := range []string{"scope", "scp"} {
		if text, ok := c.MapClaims[name].(string); ok {
			words = append(words, strings.Fields(text)...)
		}
	}
	list, _ := c.MapClaims["scp"].([]any)
	for _, entry := range list {
		if word, ok := entry.(string); ok {
			words = append(words, word)
		}
	}
	var scopes []idv.Scope
	for _, scope := range idv.Scopes() {
		if slices.Contains(words, string(scope)) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// jwtID is the id of whoever calls with a JWT that names nobody, and what the
// others begin with.
const jwtID = "jwt"

// id names the caller: by the subject, else by the client of the provider.
func (c *claims) id() string {
	for _, name := range []string{"sub", "azp", "client_id"} {
		if who, _ := c.MapClaims[name].(string); who != "" {
			return jwtID + ":" + bounded(who)
		}
	}
	return jwtID
}

// maxName is how long a name may be that is kept as it is, in characters.
const maxName = 255

// bounded gives a name that can be stored and shown everywhere. U+FFFD is what
// broken text is turned into.
func bounded(name string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if utf8.RuneCountInString(name) <= maxName && !strings.ContainsFunc(name, odd) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}
