package openapi

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// queryFaults are what can be wrong with a query. An operation that documents no
// parameters does not look at it.
func queryFaults() []fault {
	looks := func(d *draft) bool { return len(d.op.inQuery()) > 0 }
	return []fault{
		{name: "unknown parameter", fits: always, do: func(d *draft) bool {
			d.query = append(d.query, pair{pick(d, "name", "unknown", "Limit", "limit[]", "", "\u0000", "\xff", "cursor "), pick(d, "value", "", "1", "x")})
			return looks(d)
		}},
		{name: "parameter twice", fits: func(d *draft) bool { return len(d.query) > 0 }, do: func(d *draft) bool {
			d.query = append(d.query, pick(d, "parameter", d.query...))
			return true
		}},
		{name: "parameter that does not fit", fits: looks, do: func(d *draft) bool {
			p := pick(d, "parameter", d.op.inQuery()...)
			d.query = slices.DeleteFunc(d.query, func(q pair) bool { return q.name == p.Name })
			d.query = append(d.query, pair{p.Name, pick(d, "value", misfits(p.Schema.Value)...)})
			return true
		}},
		{name: "query that cannot be read", fits: always, written: true, do: func(d *draft) bool {
			d.req.Query += pick(d, "query", "%zz", "&a;b", "&%", "&limit=%f", ";")
			return looks(d)
		}},
	}
}

func (o operation) inQuery() []*openapi3.Parameter {
	var list []*openapi3.Parameter
	for _, ref := range o.Parameters {
		if ref.Value.In == openapi3.ParameterInQuery {
			list = append(list, ref.Value)
		}
	}
	return list
}

// misfits are values that no parameter of the schema takes.
func misfits(s *openapi3.Schema) []string {
	switch s = flat(s); {
	case s.Type.Is(openapi3.TypeInteger):
		values := []string{"", "x", "0x10", "1e3", "1.0", " 5", "+5x", "٥", "99999999999999999999", "1\u0000"}
		if s.Max != nil {
			values = append(values, fmt.Sprintf("%.0f", *s.Max+1))
		}
		if s.Min != nil {
			values = append(values, fmt.Sprintf("%.0f", *s.Min-1))
		}
		return values
	case len(s.Enum) > 0:
		word := fmt.Sprint(s.Enum[0])
		return []string{"", word + "x", strings.ToUpper(word), word + ",", word + "\u0000"}
	case badFormats[s.Format] != nil:
		return append([]string{""}, badFormats[s.Format]...)
	default:
		return []string{"", "a\u0000b", "\xff", "\u001b", strings.Repeat("a", 5_000)}
	}
}

// idForm is what ids look like: what kind of thing, and which.
var idForm = regexp.MustCompile(`^([a-z]+)_([0-9a-z]{26})$`)

// pathFaults are what can be wrong with the variables of a path.
func pathFaults() []fault {
	// of is a fault of those variables that are ids, or are not.
	of := func(name string, ids bool, values func(d *draft, old string) []string) fault {
		fits := func(d *draft) []int {
			var list []int
			for i, v := range d.req.Params {
				if idForm.MatchString(v) == ids {
					list = append(list, i)
				}
			}
			return list
		}
		return fault{name: name, fits: func(d *draft) bool { return len(fits(d)) > 0 }, do: func(d *draft) bool {
			i := pick(d, "variable", fits(d)...)
			d.req.Params[i] = pick(d, "value", values(d, d.req.Params[i])...)
			return true
		}}
	}
	return []fault{
		of("id of another kind", true, func(_ *draft, old string) []string {
			kind, which, _ := strings.Cut(old, "_")
			var others []string
			for _, other := range []string{"ses", "evt", "whd", "key", "end", "tsk", "req"} {
				if other != kind {
					others = append(others, other+"_"+which)
				}
			}
			return others
		}),
		of("malformed id", true, func(_ *draft, old string) []string {
			return []string{"x", old + "0", old[:len(old)-1], strings.ToUpper(old), strings.Replace(old, "_", "-", 1), old + "\u0000", old + "\xff", old + "/", " " + old, "..", "'; DROP TABLE sessions; --", strings.Repeat("a", 5_000)}
		}),
		of("unknown id", true, func(_ *draft, old string) []string {
			kind, which, _ := strings.Cut(old, "_")
			return []string{kind + "_" + strings.Repeat("0", len(which)), kind + "_01" + which[2:24] + "zz"}
		}),
		of("variable that is no text", false, func(*draft, string) []string {
			return []string{"a\u0000b", "\xff", "\u001b", "\ufffd", "\r\n", strings.Repeat("a", 256), strings.Repeat("漢", 5_000)}
		}),
	}
}

// headerFaults are what can be wrong with headers.
func headerFaults() []fault {
	const key = "Idempotency-Key"
	return []fault{
		{name: "bad " + key, fits: always, do: func(d *draft) bool {
			values := pick(d, key, []string{""}, []string{" "}, []string{"a", "b"}, []string{"a", "a"}, []string{strings.Repeat("a", 256)}, []string{"é"}, []string{"\xff"}, []string{" a"}, []string{"a\tb"})
			d.req.Header[key] = values
			return d.op.parameter(key) != nil
		}},
		{name: "odd condition", fits: always, do: func(d *draft) bool {
			d.req.Header.Set("If-None-Match", pick(d, "If-None-Match", ``, `"`, `W/`, `abc`, `"a",,"b"`, `*, "a"`, `W/"a`, `"\xff"`, strings.Repeat(`"a",`, 2_000)))
			return false
		}},
		{name: "odd event id", fits: always, do: func(d *draft) bool {
			d.req.Header.Set("Last-Event-ID", pick(d, "Last-Event-ID", "", "-1", "x", "99999999999999999999", "1.5", "\xff", "0"))
			return false
		}},
		{name: "odd header", fits: always, do: func(d *draft) bool {
			h := pick(d, "header", pair{"Accept", "image/png"}, pair{"X-Request-Id", strings.Repeat("a", 200)}, pair{"X-Request-Id", "a b\xff"},
				pair{"Content-Encoding", "gzip"}, pair{"X-Http-Method-Override", http.MethodDelete}, pair{"Range", "bytes=0-1"}, pair{"Accept-Encoding", "br;q=x"},
				pair{"Cookie", "a=b"}, pair{"X-Forwarded-For", "::1"}, pair{"Host", "evil.example"}, pair{"Traceparent", "x"}, pair{"If-Modified-Since", "never"})
			d.req.Header.Set(h.name, h.value)
			return false
		}},
	}
}

// methodFaults are methods that a path does not take. OPTIONS and HEAD it takes,
// documented or not.
func methodFaults(g *Generator) []fault {
	return []fault{{name: "wrong method", fits: always, do: func(d *draft) bool {
		taken := g.methods(d.op.path)
		others := slices.DeleteFunc([]string{
			http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, http.MethodConnect, "BREW", "PROPFIND", "get", "pOsT",
		}, func(m string) bool { return slices.Contains(taken, m) })
		d.req.Method = pick(d, "method", others...)
		return true
	}}}
}
