package kora

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
)

// object is a JSON object of Kora's. Its documentation writes names in camel
// case, some of its code in snake case; both are found by the camel-case name.
// A member of another type than asked for counts as absent.
type object map[string]any

// parseObject reads one JSON object, nil if the body is anything else.
func parseObject(body []byte) object {
	m, _ := parseAny(body).(map[string]any)
	return m
}

// UnmarshalJSON keeps numbers as they are written.
func (o *object) UnmarshalJSON(body []byte) error {
	if *o = parseObject(body); *o == nil {
		return errors.New("not a JSON object")
	}
	return nil
}

func parseAny(body []byte) any {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // an id may be a number too large for a float
	var v any
	if dec.Decode(&v) != nil {
		return nil
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil
	}
	return v
}

func (o object) get(key string) any {
	if v, ok := o[key]; ok {
		return v
	}
	return o[snake(key)]
}

// text gives a string or a number as it is written.
func (o object) text(key string) string {
	switch v := o.get(key).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

// number gives a number as it is written, empty if there is none.
func (o object) number(key string) string {
	n, _ := o.get(key).(json.Number)
	return n.String()
}

func (o object) boolean(key string) (value, ok bool) {
	value, ok = o.get(key).(bool)
	return value, ok
}

func (o object) object(key string) object {
	m, _ := o.get(key).(map[string]any)
	return m
}

func (o object) list(key string) []object {
	items, _ := o.get(key).([]any)
	return objects(items)
}

func objects(items []any) []object {
	var list []object
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// time gives an RFC 3339 time, zero if there is none.
func (o object) time(key string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, o.text(key))
	if err != nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

func snake(key string) string {
	var b strings.Builder
	for _, r := range key {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// word gives a provider's word if it is short and plain, so that it can be kept
// and shown; anything longer could be about a person.
func word(s string) string {
	s = strings.TrimSpace(s)
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-. ", r)
	}
	if len(s) > 64 || strings.ContainsFunc(s, odd) {
		return ""
	}
	return s
}
