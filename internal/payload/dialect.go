package payload

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Dialect is how a provider writes what JSON leaves open. Its zero value is used.
type Dialect interface {
	// Get finds a member by the name that the adapter knows it by.
	Get(members map[string]any, key string) any
	// Text gives what a string says, empty if that is nothing.
	Text(s string) string
	// Time reads a member as a time, zero if it is none.
	Time(v any) time.Time
}

// Plain is the dialect without anything particular, to be embedded in others:
// one spelling, strings as they are, times by RFC 3339.
type Plain struct{}

// Get finds a member by its very name.
func (Plain) Get(members map[string]any, key string) any { return members[key] }

// Text leaves the string as it is.
func (Plain) Text(s string) string { return s }

// Time reads an RFC 3339 time.
func (Plain) Time(v any) time.Time { return Time(Text(v)) }

// Text gives a string, or a number as it is written, and is empty for any other
// value.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

// Unless gives the string without space around it, empty if it is one of the
// words that stand for nothing. The words are in lower case, the string in any.
func Unless(s string, nothing ...string) string {
	s = strings.TrimSpace(s)
	if slices.Contains(nothing, strings.ToLower(s)) {
		return ""
	}
	return s
}
