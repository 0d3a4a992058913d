package openapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// Request is one that was made up for an operation.
type Request struct {
	// Operation is the one that it is for, such as "GET /v1/sessions/{id}".
	Operation string
	Method    string // the operation's, unless that is what is broken
	// Params are the values of the path's variables in their order, not escaped.
	Params []string
	Query  string // escaped, without the question mark
	Header http.Header
	Body   []byte
	// Faults says what is broken, in words of Faults; empty for a right request.
	Faults []string
	// Refused: by the document it must not succeed. Without it, a broken request
	// is odd, and up to the server.
	Refused bool
}

// Path is the request's path with the parameters in it, escaped.
func (r Request) Path() string {
	_, template, _ := strings.Cut(r.Operation, " ")
	segments, params := strings.Split(template, "/"), r.Params
	for i, s := range segments {
		if strings.HasPrefix(s, "{") && len(params) > 0 {
			segments[i], params = escapeSegment(params[0]), params[1:]
		}
	}
	return strings.Join(segments, "/")
}

// escapeSegment escapes dots as well: a segment of nothing else would be taken
// for a direction.
func escapeSegment(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

// Target is the path with the query.
func (r Request) Target() string {
	if r.Query == "" {
		return r.Path()
	}
	return r.Path() + "?" + r.Query
}

// Known are values that mean something to the server, by the names of parameters
// and of fields. Where the document says no more than that a value is text, one
// of them is sent, or the document's example.
type Known map[string][]string

// Generator makes requests for every operation of an OpenAPI document, for tests.
type Generator struct {
	operations map[string]operation
	faults     []fault
}

// Generator makes requests by the document that the checker knows.
func (c *Checker) Generator() *Generator {
	g := &Generator{operations: map[string]operation{}}
	for _, op := range c.operations {
		g.operations[op.String()] = op
	}
	g.faults = faults(g)
	return g
}

// Right makes requests in which everything is as documented.
func (g *Generator) Right(operation string, known Known) *rapid.Generator[Request] {
	return rapid.Custom(func(t *rapid.T) Request { return encoded(g.draft(t, operation, known)) })
}

// draft is a request that is not written down yet.
type draft struct {
	t   *rapid.T
	op  operation
	req Request
	// query are its parameters in their order.
	query []pair
	body  *node // nil for none
}

type pair struct{ name, value string }

func (g *Generator) draft(t *rapid.T, name string, known Known) *draft {
	op := g.operations[name]
	d := &draft{t: t, op: op, req: Request{Operation: name, Method: op.method, Header: http.Header{}}}
	v := valuer{t: t, known: known}
	d.req.Header.Set("Accept", rapid.SampledFrom([]string{"*/*", mediaJSON}).Draw(t, "Accept"))
	for _, in := range op.pathVariables() {
		s := *op.parameter(in).Schema.Value
		s.MinLength = max(s.MinLength, 1) // or it would be another path
		d.req.Params = append(d.req.Params, v.text(in, &s))
	}
	for _, ref := range op.Parameters {
		p := ref.Value
		if p.In == openapi3.ParameterInPath || !p.Required && !v.toss("send "+p.Name) {
			continue
		}
		value, meaningful := v.parameter(p.Name, p.Schema.Value)
		if p.In == openapi3.ParameterInHeader && len(known[p.Name]) == 0 {
			value, meaningful = rapid.StringMatching(`[!-~]([ -~]{0,60}[!-~])?`).Draw(t, p.Name), true
		}
		switch {
		case !meaningful: // nobody could know one
		case p.In == openapi3.ParameterInQuery:
			d.query = append(d.query, pair{p.Name, value})
		default:
			d.req.Header.Set(p.Name, value)
		}
	}
	if media := op.bodies()[mediaJSON]; media != nil && (op.RequestBody.Value.Required || v.toss("send a body")) {
		d.req.Header.Set("Content-Type", mediaJSON)
		d.body = v.value("", media.Schema.Value)
	}
	return d
}

// encoded writes a draft down.
func encoded(d *draft) Request {
	var query []string
	for _, p := range d.query {
		query = append(query, url.QueryEscape(p.name)+"="+url.QueryEscape(p.value))
	}
	d.req.Query = strings.Join(query, "&")
	if d.body != nil {
		d.req.Body = d.body.append(nil)
	}
	return d.req
}

// pathVariables are the names in the path, in their order.
func (o operation) pathVariables() []string {
	var names []string
	for segment := range strings.SplitSeq(o.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

func (o operation) parameter(name string) *openapi3.Parameter {
	for _, in := range []string{openapi3.ParameterInPath, openapi3.ParameterInQuery, openapi3.ParameterInHeader} {
		if p := o.Parameters.GetByInAndName(in, name); p != nil {
			return p
		}
	}
	return nil
}

// documents reports whether a reply with this status is documented.
func (o operation) documents(status int) bool { return o.Responses.Status(status) != nil }

// methods are the methods that the path of an operation takes.
func (g *Generator) methods(path string) []string {
	taken := map[string]bool{}
	for _, op := range g.operations {
		if op.path == path {
			taken[op.method] = true
		}
	}
	return slices.Sorted(maps.Keys(taken))
}
