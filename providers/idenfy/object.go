package idenfy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object of iDenfy's. Nearly every member may be null or
// absent; one of another type than asked for counts as absent, so that nothing
// beside the point keeps a decision from being read.
type object map[string]any

// parseObject reads one JSON object, nil if the body is anything else.
func parseObject(body []byte) object {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // an id may be a number too large for a float
	var o map[string]any
	if dec.Decode(&o) != nil {
		return nil
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil
	}
	return o
}

// UnmarshalJSON keeps numbers as they are written.
func (o *object) UnmarshalJSON(body []byte) error {
	if *o = parseObject(body); *o == nil {
		return errors.New("not a JSON object")
	}
	return nil
}

// text gives a string or a number as it is written, without spaces around it;
// what only says that there is nothing is empty.
func (o object) text(key string) string {
	var s string
	switch v := o[key].(type) {
	case string:
		s = strings.TrimSpace(v)
	case json.Number:
		s = v.String()
	}
	switch strings.ToLower(s) {
	case "null", "n/a", "-":
		return ""
	default:
		return s
	}
}

func (o object) boolean(key string) (value, ok bool) {
	value, ok = o[key].(bool)
	return value, ok
}

func (o object) object(key string) object {
	m, _ := o[key].(map[string]any)
	return m
}

func (o object) list(key string) []object {
	items, _ := o[key].([]any)
	var list []object
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// mostWords is how many words of a list count: there are fewer in the tables.
const mostWords = 40

// words gives the strings of a list.
func (o object) words(key string) []string {
	items, _ := o[key].([]any)
	var list []string
	for _, item := range items {
		if s, ok := item.(string); ok && strings.TrimSpace(s) != "" && len(list) < mostWords {
			list = append(list, strings.TrimSpace(s))
		}
	}
	return list
}

// time gives a time in Unix seconds, zero if there is none in this century.
func (o object) time(key string) time.Time {
	seconds, err := strconv.ParseInt(o.text(key), 10, 64)
	if err != nil || seconds < 946684800 || seconds >= 4102444800 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// word gives a word of iDenfy's if it is short and plain, so that it can be kept
// and shown; anything longer could be about a person.
func word(s string) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-.", r)
	}
	if len(s) > 64 || strings.ContainsFunc(s, odd) {
		return ""
	}
	return s
}

// quoted is a word as a sentence shows it.
func quoted(s string) string {
	if s = word(s); s == "" {
		return "(not a plain word)"
	}
	return `"` + s + `"`
}
