package openapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/openapi"
)

func sample(t *testing.T) []byte {
	t.Helper()
	swagger, err := os.ReadFile("testdata/swagger.json")
	if err != nil {
		t.Fatal(err)
	}
	return swagger
}

func convert(t *testing.T, swagger []byte) []byte {
	t.Helper()
	document, err := openapi.Convert(swagger)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// at reads a place in the converted sample; a path is separated by spaces,
// since paths and references hold slashes and dots.
func at(t *testing.T, document []byte, path string) any {
	t.Helper()
	var node any
	if err := json.Unmarshal(document, &node); err != nil {
		t.Fatal(err)
	}
	for step := range strings.FieldsSeq(path) {
		object, ok := node.(map[string]any)
		if !ok {
			t.Fatalf("%s: nothing at %s", path, step)
		}
		node = object[step]
	}
	return node
}

func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestConvert(t *testing.T) {
	document := convert(t, sample(t))
	for name, c := range map[string]struct{ path, want string }{
		"version":             {"openapi", `"3.0.3"`},
		"server":              {"servers", `[{"url": "/", "description": "this server"}]`},
		"empty contact":       {"info", `{"title": "library", "version": "1"}`},
		"bearer":              {"components securitySchemes", `{"Bearer": {"type": "http", "scheme": "bearer", "description": "an API key"}}`},
		"security":            {"paths /v1/books/{id} get security", `[{"Bearer": []}]`},
		"public operation":    {"paths /v1/books/newest get security", `null`},
		"parameter's example": {"paths /v1/books/{id} get parameters", `[{"name": "id", "in": "path", "required": true, "description": "the book's id", "example": "bok_1", "schema": {"type": "string"}}]`},
		"parameter's limit":   {"paths /v1/books post parameters", `[{"name": "Idempotency-Key", "in": "header", "description": "names the request; for example ` + "`add-1042`" + `", "schema": {"type": "string", "maxLength": 255}}]`},
		"empty description":   {"paths /v1/books/newest get responses 200 description", `"OK"`},
		"request id":          {"paths /v1/books/newest get responses 200 headers", `{"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}`},
		"other header":        {"paths /v1/books post responses 201 headers Location", `{"description": "the book's address", "schema": {"type": "string"}}`},
		"closed request":      {"components schemas BookRequest additionalProperties", `false`},
		"open reply":          {"components schemas Book additionalProperties", `null`},
		"limited": {"paths /v1/books/{id} get responses 429 content application/problem+json examples rate_limited value", `{
			"type": "urn:bonafide:problem:rate_limited", "title": "Too Many Requests", "status": 429,
			"detail": "There were too many requests. Try again later.", "instance": "/v1/books/bok_1", "code": "rate_limited", "requestId": "req_1"}`},
		"limited reply": {"paths /v1/books/{id} get responses 429 headers", `{
			"RateLimit": {"$ref": "#/components/headers/RateLimit"}, "RateLimit-Policy": {"$ref": "#/components/headers/RateLimit-Policy"},
			"Retry-After": {"$ref": "#/components/headers/Retry-After"}, "X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}`},
		"counted reply":        {"paths /v1/books/{id} get responses 200 headers RateLimit", `{"$ref": "#/components/headers/RateLimit"}`},
		"not limited":          {"paths /v1/books/newest get responses 429", `null`},
		"nullable text":        {"components schemas Book properties lender properties name", `{"type": "string", "nullable": true, "example": "Amara"}`},
		"nullable object":      {"components schemas Book properties lender nullable", `true`},
		"nullable enum":        {"components schemas Book properties before enum", `["free", "lent", null]`},
		"enum that is not":     {"components schemas Status", `{"type": "string", "enum": ["free", "lent"], "description": "- ` + "`free`: on its shelf\\n- `lent`: with a reader" + `"}`},
		"narrowed reference":   {"components schemas BookRequest properties kinds items", `{"enum": ["free"], "allOf": [{"$ref": "#/components/schemas/Status"}]}`},
		"unused schema":        {"components schemas Person", `null`},
		"no trace of a patch":  {"paths /v1/books post x-example", `null`},
		"error's media type":   {"paths /v1/books/{id} get responses 404 content application/json", `null`},
		"reply's media type":   {"paths /v1/books/{id} get responses 200 content application/problem+json", `null`},
		"request's example":    {"paths /v1/books post requestBody content application/json example", `{"title": "Middlemarch", "kinds": ["free"]}`},
		"reply from its parts": {"paths /v1/books/newest get responses 200 content application/json example", `{"row": 3}`},
		"patched reply": {"paths /v1/books post responses 201 content application/json example", `{
			"id": "bok_1", "title": "Middlemarch", "subtitle": "A Study of Provincial Life", "status": "lent", "before": "lent",
			"shelf": {"row": 9}, "lender": null, "tags": ["old", "new"], "labels": {},
			"chapters": [{"pages": 12, "motto": null}, {"pages": 7, "motto": null}], "addedAt": "2026-11-20T09:04:31.518Z"}`},
		"reply as it is": {"paths /v1/books/{id} get responses 200 content application/json example", `{
			"id": "bok_1", "title": "Middlemarch", "subtitle": "A Study of Provincial Life", "status": "free", "before": "lent",
			"shelf": {"row": 3}, "lender": {"name": "Amara"}, "tags": ["novel"], "labels": {},
			"chapters": [{"pages": 12, "motto": null}], "addedAt": "2026-11-20T09:04:31.518Z"}`},
		"problem of one code": {"paths /v1/books/{id} get responses 404 content application/problem+json examples", `{"not_found": {"value": {
			"type": "urn:bonafide:problem:not_found", "title": "Not Found", "status": 404, "detail": "There is no such thing.",
			"instance": "/v1/books/bok_1", "code": "not_found", "requestId": "req_1"}}}`},
		"problem of a provider": {"paths /v1/books/{id} get responses 503 content application/problem+json examples provider_unavailable value", `{
			"type": "urn:bonafide:problem:provider_unavailable", "title": "Service Unavailable", "status": 503,
			"detail": "The provider cannot be reached at the moment.", "instance": "/v1/books/bok_1", "code": "provider_unavailable",
			"requestId": "req_1", "provider": "kora", "retryable": true}`},
		"first of two codes":  {"paths /v1/books post responses 409 content application/problem+json examples conflict value sessionId", `"ses_1"`},
		"second of two codes": {"paths /v1/books post responses 409 content application/problem+json examples idempotency_in_flight value code", `"idempotency_in_flight"`},
		"mistakes":            {"paths /v1/books post responses 400 content application/problem+json examples invalid_request value errors", `["/title is required"]`},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(value(t, c.want), at(t, document, c.path)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.path, diff)
			}
		})
	}
}

// A reply that is text has the text it is given, and its errors are problems all
// the same.
func TestTextReply(t *testing.T) {
	swagger := strings.Replace(string(sample(t)), `"paths": {`, `"paths": {"/text": {"get": {"produces": ["text/plain"], "x-example": {"200": "one two\n"},
		"responses": {"200": {"description": "words", "schema": {"type": "string"}},
			"500": {"description": "`+"`internal`"+`", "schema": {"$ref": "#/definitions/Problem"}}}}},`, 1)
	document := convert(t, []byte(swagger))
	if got := at(t, document, "paths /text get responses 200 content text/plain example"); got != "one two\n" {
		t.Errorf("the example is %v", got)
	}
	if got := at(t, document, "paths /text get responses 500 content application/problem+json examples internal value code"); got != "internal" {
		t.Errorf("the error's code is %v", got)
	}
}

func TestConvertIsDeterministic(t *testing.T) {
	first := convert(t, sample(t))
	for range 20 {
		if !bytes.Equal(convert(t, sample(t)), first) {
			t.Fatal("the same Swagger document gave another OpenAPI document")
		}
	}
	if !bytes.HasSuffix(first, []byte("}\n")) {
		t.Error("the document does not end with a line break")
	}
}

func TestConvertNamesWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"an example":            {`{"type": "integer", "example": 3}`, `{"type": "integer"}`, "GET /v1/books/newest: reply 200: row has no example"},
		"an example in a list":  {`"items": {"type": "string", "example": "novel"}`, `"items": {"type": "string"}`, "tags[] has no example"},
		"a code":                {"`not_found`", "it is not there", "GET /v1/books/{id}: reply 404: the description begins with none of the codes"},
		"a known code":          {"`not_found`", "`lost`", "there is no example for the code lost"},
		"a patched reply":       {`"x-example": {"201"`, `"x-example": {"202"`, "POST /v1/books: x-example is for reply 202, which is not documented"},
		"one name of a schema":  {`"Shelf": {`, `"room.Book": {}, "Shelf": {`, "two schemas are named Book"},
		"an example that fits":  {`"status": "lent", "shelf"`, `"status": "lost", "shelf"`, "the OpenAPI document is not valid"},
		"paths":                 {`"paths"`, `"routes"`, "no paths"},
		"the end of the object": {`"swagger": "2.0",`, `"swagger": "2.0"`, "read the Swagger document"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := strings.Replace(string(sample(t)), c.old, c.new, 1)
			if broken == string(sample(t)) {
				t.Fatal("the sample does not hold what is to be replaced")
			}
			_, err := openapi.Convert([]byte(broken))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
