package realid

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// object is a JSON object of Real ID's, most of which is documented by samples
// alone. A member of another type than asked for counts as absent.
type object map[string]any

// parseObject reads one JSON object, nil if the body is anything else.
func parseObject(body []byte) object {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var m map[string]any
	if dec.Decode(&m) != nil {
		return nil
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil
	}
	return m
}

// UnmarshalJSON keeps numbers as they are written.
func (o *object) UnmarshalJSON(body []byte) error {
	if *o = parseObject(body); *o == nil {
		return errors.New("not a JSON object")
	}
	return nil
}

// text gives the first of the members that is a string or a number, as it is
// written. The words that stand for nothing are nothing.
func (o object) text(keys ...string) string {
	for _, key := range keys {
		s := ""
		switch v := o[key].(type) {
		case string:
			s = strings.TrimSpace(v)
		case json.Number:
			s = v.String()
		}
		switch strings.ToLower(s) {
		case "", "null", "undefined", "n/a":
		default:
			return s
		}
	}
	return ""
}

func (o object) boolean(key string) (value, ok bool) {
	value, ok = o[key].(bool)
	return value, ok
}

func (o object) object(key string) object {
	m, _ := o[key].(map[string]any)
	return m
}

func (o object) list(key string) []any {
	items, _ := o[key].([]any)
	return items
}

// time gives an RFC 3339 time, or a number of seconds or milliseconds since
// 1970; zero if there is neither. The type is not documented for every answer.
func (o object) time(key string) time.Time {
	if n, ok := o[key].(json.Number); ok {
		return sinceEpoch(n)
	}
	t, err := time.Parse(time.RFC3339Nano, o.text(key))
	if err != nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

// sinceEpoch takes for milliseconds what would be beyond the year 5000 in
// seconds.
func sinceEpoch(n json.Number) time.Time {
	const tooManySeconds, tooManyMillis = 1e11, 1e14
	f, err := n.Float64()
	switch {
	case err != nil, f <= 0, f >= tooManyMillis:
		return time.Time{}
	case f >= tooManySeconds:
		return time.UnixMilli(int64(f)).UTC()
	default:
		return time.UnixMilli(int64(f * 1000)).UTC()
	}
}

// word gives a word of the provider's if it is short and plain, so that it can
// be kept and shown; anything longer could be about a person.
func word(s string) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-.", r)
	}
	if s = strings.TrimSpace(s); len(s) > 64 || strings.ContainsFunc(s, odd) {
		return ""
	}
	return s
}

func quoted(s string) string {
	if s = word(s); s == "" {
		return "(not a plain word)"
	}
	return `"` + s + `"`
}

// refOf gives the check's id if it can be kept and put into a path; its form is
// not published.
func refOf(check object) idv.Ref {
	id := ""
	switch v := check["id"].(type) {
	case string:
		id = v
	case json.Number:
		id = v.String()
	}
	if len(id) > 255 || id == "." || id == ".." || strings.ContainsFunc(id, unicode.IsControl) {
		return ""
	}
	return idv.Ref(id)
}
