package veriff

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/payload"
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
func (t text) time() time.Time { return payload.Time(string(t)) }

// day gives a date as YYYY-MM-DD, empty if it is anything less certain.
func (t text) day() string { return payload.Day(string(t)) }

// word gives a word of Veriff's, which may hold spaces, if it can be shown.
func word(t text) string { return payload.Short(string(t), 100, "_-. ") }
