package openapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// at is a fault of one value of the body, of those that it can be done to.
// Whatever is inside a schema that lets anything in is not refused.
func at(name string, where func(n *node) bool, do func(d *draft, n *node) (refused bool)) fault {
	sites := func(d *draft) []*node {
		var list []*node
		if d.body != nil {
			d.body.walk(func(n *node) {
				if where(n) {
					list = append(list, n)
				}
			})
		}
		return list
	}
	return fault{
		name: name,
		fits: func(d *draft) bool { return len(sites(d)) > 0 },
		do: func(d *draft) bool {
			n := rapid.SampledFrom(sites(d)).Draw(d.t, "where")
			anything := n.free()
			return do(d, n) && !anything
		},
	}
}

// becomes is a fault that puts other JSON in a value's place.
func becomes(name string, where func(n *node) bool, what func(n *node) []string) fault {
	return at(name, where, func(d *draft, n *node) bool {
		n.become(pick(d, name, what(n)...))
		return true
	})
}

func anywhere(*node) bool { return true }

func text(n *node) bool { return n.kind == plain && n.schema.Type.Is(openapi3.TypeString) }

func number(n *node) bool { return n.schema.Type.Is(openapi3.TypeInteger) }

// valueFaults are what can be wrong with a value inside a body.
func valueFaults() []fault {
	return []fault{
		becomes("wrong type", anywhere, otherTypes),
		becomes("not JSON", anywhere, constant(`NaN`, `Infinity`, `01`, `'x'`, `undefined`, `{a:1}`, `"`, `1e`, `{"a":1,}`, `/**/1`, "\"a\nb\"")),
		becomes("nested too deeply", anywhere, constant(strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 20_000), strings.Repeat("[", 9_000)+strings.Repeat("]", 9_000))),
		becomes("not Unicode", text, constant("\"\xff\"", "\"a\xc0\x80\"", `"\ud800"`, `"\udc00\ud800"`, "\"\xed\xa0\x80\"")),
		becomes("out of range", number, beyond),
		becomes("too long", func(n *node) bool { return text(n) && n.schema.MaxLength != nil }, tooLong),
		becomes("too short", func(n *node) bool { return text(n) && n.schema.MinLength > 0 }, constant(`""`)),
		becomes("not in the enum", func(n *node) bool { return text(n) && len(n.schema.Enum) > 0 }, otherWords),
		becomes("bad format", func(n *node) bool { return text(n) && badFormats[n.schema.Format] != nil }, func(n *node) []string { return quoted(badFormats[n.schema.Format]) }),
		at("null", func(n *node) bool { return !n.schema.Nullable }, func(_ *draft, n *node) bool { n.become("null"); return false }),
		at("control character", text, func(d *draft, n *node) bool {
			n.become(pick(d, "control character", `"a\u0000b"`, `"\u001b[2J"`, `"\u007f"`, `"\u0085"`, `"\ufffd"`))
			return len(n.schema.Enum) > 0 || n.schema.Format != ""
		}),
		at("unknown member", named, func(d *draft, n *node) bool {
			name := pick(d, "name", "unknown", "", "\u0000", "__proto__")
			if len(n.inside) > 0 {
				other := pick(d, "of", n.inside...).name
				name = pick(d, "name", name, strings.ToUpper(other), other+" ", strings.ToUpper(other[:1])+other[1:])
			}
			n.inside = append(n.inside, &node{name: name, schema: n.schema, raw: pick(d, "value", "1", `"x"`, "null", "{}")})
			return true
		}),
		at("member twice", func(n *node) bool { return n.kind == object && len(n.inside) > 0 }, func(d *draft, n *node) bool {
			n.inside = append(n.inside, pick(d, "member", n.inside...))
			return true
		}),
		at("missing member", func(n *node) bool { return n.kind == object && len(n.schema.Required) > 0 }, func(d *draft, n *node) bool {
			name := pick(d, "member", n.schema.Required...)
			n.inside = slices.DeleteFunc(n.inside, func(m *node) bool { return m.name == name })
			return true
		}),
		at("too many items", func(n *node) bool { return n.kind == array && len(n.inside) > 0 && n.schema.MaxItems != nil }, func(_ *draft, n *node) bool {
			for uint64(len(n.inside)) <= *n.schema.MaxItems {
				n.inside = append(n.inside, n.inside[0])
			}
			return true
		}),
		at("item twice", func(n *node) bool { return n.kind == array && len(n.inside) > 0 && n.schema.UniqueItems }, func(d *draft, n *node) bool {
			n.inside = append(n.inside, pick(d, "item", n.inside...))
			return true
		}),
	}
}

// named reports whether an object has members that its schema names, and no others.
func named(n *node) bool {
	return n.kind == object && n.schema.AdditionalProperties.Schema == nil && !n.free()
}

func constant(raws ...string) func(*node) []string { return func(*node) []string { return raws } }

func otherTypes(n *node) []string {
	all := map[string][]string{
		openapi3.TypeString:  {`"x"`, `"60"`, `"true"`},
		openapi3.TypeInteger: {`7`, `-0`, `1.5`, `1e3`},
		openapi3.TypeBoolean: {`true`, `false`},
		openapi3.TypeArray:   {`[]`, `["x"]`, `[[]]`},
		openapi3.TypeObject:  {`{}`, `{"a":1}`},
	}
	var raws []string
	for kind, values := range all {
		if !n.schema.Type.Is(kind) {
			raws = append(raws, values...)
		}
	}
	slices.Sort(raws) // so that a seed gives the same request again
	return raws
}

func beyond(n *node) []string {
	raws := []string{`1e400`, `-1e400`, `99999999999999999999`, `-9223372036854775809`, `1.5`, strings.Repeat("9", 5_000)}
	if n.schema.Max != nil {
		raws = append(raws, fmt.Sprintf("%.0f", *n.schema.Max+1))
	}
	if n.schema.Min != nil {
		raws = append(raws, fmt.Sprintf("%.0f", *n.schema.Min-1))
	}
	return raws
}

func tooLong(n *node) []string {
	longer := int(*n.schema.MaxLength) + 1
	return quoted([]string{strings.Repeat("a", longer), strings.Repeat("漢", longer), strings.Repeat("a", 100_000)})
}

func otherWords(n *node) []string {
	word := fmt.Sprint(n.schema.Enum[0])
	return quoted([]string{word + "x", strings.ToUpper(word), " " + word, word + "\u0000"})
}

// badFormats are texts that have no such format.
var badFormats = map[string][]string{
	"date":      {"2026-13-40", "2026-02-30", "1.2.2026", "2026-1-2", "20260102", "2026-01-02T00:00:00Z", "yesterday"},
	"date-time": {"2026-11-20", "2026-11-20 09:00:00Z", "2026-11-20T09:00:00", "2026-02-30T00:00:00Z", "2026-11-20T25:00:00Z", "1700000000", "yesterday"},
	"email":     {"a@", "@b.example", "a b@c.example", "a@b@c.example", "nobody", "<a@b.example>"},
	"uri":       {"::", "no address", "https://", "https:///path", "javascript:alert(1)", "//host.example/", "https://[::1", "https://a.example:99999999/", "data:text/html,x"},
}

func quoted(texts []string) []string {
	var raws []string
	for _, s := range texts {
		raws = append(raws, quote(s))
	}
	return raws
}
