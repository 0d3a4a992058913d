package openapi

import (
	"bytes"
	"encoding/json"

	"github.com/getkin/kin-openapi/openapi3"
)

// node is a value of a body with the schema that it was made by. It can be what
// no encoder would write: a member twice, or text that is not JSON.
type node struct {
	name    string // its own, if it is a member
	schema  *openapi3.Schema
	kind    nodeKind
	raw     string  // of a plain value
	inside  []*node // members or items
	missing bool    // not written
}

type nodeKind int

const (
	plain nodeKind = iota
	object
	array
)

func (n *node) append(to []byte) []byte {
	switch n.kind {
	case object:
		return appendAll(to, '{', '}', n.inside, func(to []byte, m *node) []byte {
			return m.append(append(append(to, quote(m.name)...), ':'))
		})
	case array:
		return appendAll(to, '[', ']', n.inside, func(to []byte, item *node) []byte { return item.append(to) })
	default:
		return append(to, n.raw...)
	}
}

func appendAll(to []byte, opening, closing byte, inside []*node, each func([]byte, *node) []byte) []byte {
	to = append(to, opening)
	first := true
	for _, n := range inside {
		if n.missing {
			continue
		}
		if !first {
			to = append(to, ',')
		}
		to, first = each(to, n), false
	}
	return append(to, closing)
}

// walk visits a value and all that is inside it.
func (n *node) walk(visit func(n *node)) {
	visit(n)
	for _, in := range n.inside {
		in.walk(visit)
	}
}

// become makes a plain value of it.
func (n *node) become(raw string) { n.kind, n.raw, n.inside = plain, raw, nil }

// free reports whether the schema lets anything in.
func (n *node) free() bool {
	s := n.schema
	return s.Type.Is(openapi3.TypeObject) && len(s.Properties) == 0 && s.AdditionalProperties.Schema == nil
}

// quote writes text as JSON, as it is and not as HTML wants it.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can be encoded
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
