package veriff

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
)

// read reads one JSON object. A member of another type than expected counts as
// absent: Veriff may add to its payloads without notice. The error never quotes
// the body.
func read(body []byte, out any) error {
	if !json.Valid(body) || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return errors.New("not a JSON object")
	}
	var mistyped *json.UnmarshalTypeError
	if err := json.Unmarshal(body, out); err != nil && !errors.As(err, &mistyped) {
		return errors.New("not a JSON object that can be read")
	}
	return nil
}

// text reads a JSON string, and a number or boolean as it is written. What only
// says that there is nothing, such as the string "null", is empty.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	s := ""
	switch raw[0] {
	case '"':
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
	case '{', '[', 'n':
	default:
		s = string(raw)
	}
	s = strings.TrimSpace(s)
	if s == "null" || strings.EqualFold(s, "n/a") {
		s = ""
	}
	*t = text(s)
	return nil
}

// time reads an ISO 8601 time, zero if it is none.
func (t text) time() time.Time {
	at, err := time.Parse(time.RFC3339Nano, string(t))
	if err != nil {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Millisecond)
}

// day gives a date as YYYY-MM-DD, empty if it is anything less certain.
func (t text) day() string {
	if _, err := time.Parse(time.DateOnly, string(t)); err != nil {
		return ""
	}
	return string(t)
}

// word gives a word of Veriff's if it is short and plain, so that it can be kept
// and shown; anything else could be about a person.
func word(t text) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-. ", r)
	}
	if len(t) > 100 || strings.ContainsFunc(string(t), odd) {
		return ""
	}
	return string(t)
}

// isRef reports whether an id can be kept and put into a path. Veriff's are
// UUIDs today; it reserves the right to change that.
func isRef(id string) bool {
	return id != "" && len(id) <= 255 && id != "." && id != ".." && !strings.ContainsFunc(id, unicode.IsControl)
}
