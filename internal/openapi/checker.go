package openapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Checker holds replies against an OpenAPI document, for tests. It is stricter
// than the document: what a reply holds beyond it is a fault.
type Checker struct {
	doc        *openapi3.T
	operations []operation
}

// NewChecker reads an OpenAPI 3.0 document in JSON and validates it.
func NewChecker(document []byte) (*Checker, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("the OpenAPI document is not valid: %w", err)
	}
	c := &Checker{doc: doc, operations: operationsOf(doc)}
	for _, op := range c.operations {
		for _, reply := range op.replies() {
			for _, media := range reply.Content {
				walk(media.Schema, func(s *openapi3.SchemaRef) { closeObject(s.Value) })
			}
		}
	}
	return c, nil
}

// Operations lists what is documented, such as "GET /v1/sessions/{id}", by path
// and method.
func (c *Checker) Operations() []string {
	var list []string
	for _, op := range c.operations {
		list = append(list, op.String())
	}
	return list
}

// Refuses reports whether the document knows of a request that the caller of the
// operation got wrong.
func (c *Checker) Refuses(name string) bool {
	for _, op := range c.operations {
		for status := range op.replies() {
			if op.String() == name && status[0] == '4' {
				return true
			}
		}
	}
	return false
}

// Check holds one reply against the document. Path is the one that was asked
// for, escaped, with or without a query; body is the reply's, read whole. The
// error says which operation is not documented, or what about the reply is not:
// its status, a header, its media type, or a place in its body.
func (c *Checker) Check(method, path string, res *http.Response, body []byte) error {
	path, _, _ = strings.Cut(path, "?")
	op, ok := c.find(method, path)
	if !ok {
		return fmt.Errorf("%s %s is not documented", method, path)
	}
	if op.Responses.Status(res.StatusCode) == nil {
		return fmt.Errorf("%s: status %d is not documented", op, res.StatusCode)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, path, http.NoBody)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request,
			Route:   &routers.Route{Spec: c.doc, Path: op.path, PathItem: op.item, Method: method, Operation: op.Operation},
		},
		Status: res.StatusCode,
		Header: res.Header,
		Body:   io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true,
			// A stream is text without end, of which a part says little.
			ExcludeResponseBody: op.streams(res),
		},
	})
	if err != nil {
		return fmt.Errorf("%s: reply %d: %w", op, res.StatusCode, err)
	}
	return nil
}

// find gives the operation of a path. A path without a variable in it goes
// before one with.
func (c *Checker) find(method, path string) (found operation, ok bool) {
	fewest := -1
	for _, op := range c.operations {
		variables, matches := match(op.path, path)
		if op.method == method && matches && (fewest < 0 || variables < fewest) {
			found, fewest = op, variables
		}
	}
	return found, fewest >= 0
}

func match(template, path string) (variables int, matches bool) {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return 0, false
	}
	for i := range want {
		switch {
		case strings.HasPrefix(want[i], "{") && have[i] != "":
			variables++
		case want[i] != have[i]:
			return 0, false
		}
	}
	return variables, true
}
