package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Object is a JSON object as a provider writes it. A member of another type
// than asked for counts as absent, so that nothing beside the point keeps the
// rest from being read. What is particular to a provider is in its dialect, the
// zero value of D.
type Object[D Dialect] map[string]any

// Parse reads one JSON text with nothing behind it, nil if the body is anything
// else. Numbers stay as they are written: an id may be one too large for a
// float.
func Parse(body []byte) any {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil
	}
	return v
}

// ParseObject reads one JSON object, nil if the body is anything else.
func ParseObject[D Dialect](body []byte) Object[D] {
	m, _ := Parse(body).(map[string]any)
	return m
}

// UnmarshalJSON keeps numbers as they are written. The error never quotes the
// body.
func (o *Object[D]) UnmarshalJSON(body []byte) error {
	if *o = ParseObject[D](body); *o == nil {
		return errors.New("not a JSON object")
	}
	return nil
}

// Get gives a member as it was parsed, nil if there is none.
func (o Object[D]) Get(key string) any {
	var d D
	return d.Get(o, key)
}

// Text gives the first of the members that is a string which says something, or
// a number as it is written; empty if none is.
func (o Object[D]) Text(keys ...string) string {
	var d D
	for _, key := range keys {
		if s := d.Text(Text(o.Get(key))); s != "" {
			return s
		}
	}
	return ""
}

// Number gives a number as it is written, empty if there is none.
func (o Object[D]) Number(key string) string {
	n, _ := o.Get(key).(json.Number)
	return n.String()
}

// Bool gives a boolean; ok is false if there is none.
func (o Object[D]) Bool(key string) (value, ok bool) {
	value, ok = o.Get(key).(bool)
	return value, ok
}

// Time gives a time in UTC, zero if there is none.
func (o Object[D]) Time(key string) time.Time {
	var d D
	return d.Time(o.Get(key))
}

// Object gives the object inside, nil if there is none.
func (o Object[D]) Object(key string) Object[D] {
	m, _ := o.Get(key).(map[string]any)
	return m
}

// List gives the items of a list, whatever they are.
func (o Object[D]) List(key string) []any {
	items, _ := o.Get(key).([]any)
	return items
}

// Objects gives the objects of a list; other items are left out.
func (o Object[D]) Objects(key string) []Object[D] { return Objects[D](o.List(key)) }

// Objects gives the objects among the items of a list.
func Objects[D Dialect](items []any) []Object[D] {
	var list []Object[D]
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}
