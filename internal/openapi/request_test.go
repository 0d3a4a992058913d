package openapi_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/bonafide-idv/bonafide/internal/openapi"
)

// kept is the document that is served, which has everything in it.
func kept(t *testing.T) (*openapi.Checker, *openapi3.T) {
	t.Helper()
	raw, err := os.ReadFile("../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := openapi.NewChecker(raw)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c, doc
}

// validate holds a request against the document by another's rules.
func validate(t *testing.T, doc *openapi3.T, r openapi.Request) error {
	t.Helper()
	request, err := http.NewRequest(r.Method, "http://localhost"+r.Target(), bytes.NewReader(r.Body))
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	request.Header = r.Header
	for path, item := range doc.Paths.Map() {
		if op := item.Operations()[r.Method]; op != nil && r.Method+" "+path == r.Operation {
			params := map[string]string{}
			i := 0
			for _, p := range op.Parameters {
				if p.Value.In == openapi3.ParameterInPath {
					params[p.Value.Name] = r.Params[i]
					i++
				}
			}
			return openapi3filter.ValidateRequest(context.Background(), &openapi3filter.RequestValidationInput{
				Request: request, PathParams: params,
				Route:   &routers.Route{Spec: doc, Path: path, PathItem: item, Method: r.Method, Operation: op},
				Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
			})
		}
	}
	t.Fatalf("%s is not in the document", r.Operation)
	return nil
}

var things = openapi.Known{"id": {"ses_01kagt2f6pe4mrt1qq3g1c2s8f"}, "eventId": {"evt_01kagt2f6pe4mrt1qq3g1c2s8f"}}

// each is how many requests are looked at for each operation.
const each = 60

func TestRightRequestsAreRight(t *testing.T) {
	c, doc := kept(t)
	g := c.Generator()
	for _, operation := range c.Operations() {
		for seed := range each {
			r := g.Right(operation, things).Example(seed)
			if err := validate(t, doc, r); err != nil || r.Refused || r.Faults != nil {
				t.Fatalf("%s %s %q: %v", r.Method, r.Target(), r.Body, err)
			}
		}
	}
}

// Every fault comes, and what the document can tell to be wrong is wrong.
func TestBrokenRequestsAreBroken(t *testing.T) {
	c, doc := kept(t)
	g := c.Generator()
	plain := []string{
		"wrong type", "not JSON", "out of range", "too long", "too short", "not in the enum", "unknown member", "missing member",
		"too many items", "item twice", "no body", "truncated", "not an object",
	}
	came := map[string]bool{}
	for _, operation := range c.Operations() {
		for seed := range each {
			r := g.Broken(operation, things).Example(seed)
			for _, fault := range r.Faults {
				came[fault] = true
			}
			if len(r.Faults) == 1 && r.Refused && slices.Contains(plain, r.Faults[0]) && validate(t, doc, r) == nil {
				t.Errorf("%s %s %.200q is right, though %q", r.Method, r.Target(), r.Body, r.Faults)
			}
		}
	}
	for _, fault := range g.Faults() {
		if !came[fault] {
			t.Errorf("no request had the fault %q", fault)
		}
	}
}

// A seed gives the same requests again.
func TestRequestsCanBeMadeAgain(t *testing.T) {
	c, _ := kept(t)
	one, two := c.Generator(), c.Generator()
	for _, operation := range c.Operations() {
		for seed := range 20 {
			a, b := one.Broken(operation, things).Example(seed), two.Broken(operation, things).Example(seed)
			if a.Target() != b.Target() || !bytes.Equal(a.Body, b.Body) {
				t.Errorf("%s: %s %q and then %s %q", operation, a.Target(), a.Body, b.Target(), b.Body)
			}
		}
	}
}
