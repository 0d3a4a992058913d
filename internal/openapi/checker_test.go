package openapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/openapi"
)

func checker(t *testing.T) *openapi.Checker {
	t.Helper()
	c, err := openapi.NewChecker(convert(t, sample(t)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckerListsOperations(t *testing.T) {
	want := []string{"POST /v1/books", "GET /v1/books/newest", "GET /v1/books/{id}"}
	if diff := cmp.Diff(want, checker(t).Operations()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

const (
	book = `{"id": "bok_1", "title": "Middlemarch", "status": "free", "before": null, "shelf": {"row": 3}, "lender": null,
		"tags": [], "labels": {"a": "b"}, "addedAt": "2026-11-20T09:04:31.518Z"}`
	absent = `{"type": "t", "title": "Not Found", "status": 404, "detail": "d", "instance": "/i", "code": "not_found", "requestId": "r"}`
)

func TestCheck(t *testing.T) {
	c := checker(t)
	const one = "/v1/books/a%2Fb?x=1"
	for name, r := range map[string]struct {
		method, path string
		status       int
		contentType  string
		requestID    string
		body         string
		want         string // part of the error; empty if the reply is right
	}{
		"right":                  {"GET", one, 200, "application/json", "r", book, ""},
		"right, with a charset":  {"GET", one, 200, "application/json; charset=UTF-8", "r", book, ""},
		"right error":            {"GET", one, 404, "application/problem+json", "r", absent, ""},
		"fixed path goes first":  {"GET", "/v1/books/newest", 200, "application/json", "r", `{"row": 1}`, ""},
		"lender that is there":   {"GET", one, 200, "application/json", "r", strings.Replace(book, `"lender": null`, `"lender": {"name": null}`, 1), ""},
		"unknown operation":      {"DELETE", one, 200, "application/json", "r", book, "DELETE /v1/books/a%2Fb is not documented"},
		"unknown path":           {"GET", "/v1/books/a/b", 200, "application/json", "r", book, "GET /v1/books/a/b is not documented"},
		"empty path variable":    {"GET", "/v1/books/", 200, "application/json", "r", book, "GET /v1/books/ is not documented"},
		"unknown status":         {"GET", one, 418, "application/json", "r", book, "status 418 is not documented"},
		"unchanged, unannounced": {"GET", one, 304, "", "r", "", "status 304 is not documented"},
		"wrong media type":       {"GET", one, 404, "application/json", "r", absent, "Content-Type"},
		"no request id":          {"GET", one, 200, "application/json", "", book, "X-Request-Id"},
		"missing field":          {"GET", one, 200, "application/json", "r", strings.Replace(book, `"tags": [],`, "", 1), `"tags" is missing`},
		"unknown field":          {"GET", one, 200, "application/json", "r", strings.Replace(book, `"row": 3`, `"row": 3, "col": 4`, 1), `"col" is unsupported`},
		"unknown field of null":  {"GET", one, 200, "application/json", "r", strings.Replace(book, `"lender": null`, `"lender": {"name": "n", "age": 4}`, 1), `"age" is unsupported`},
		"word not in the enum":   {"GET", one, 200, "application/json", "r", strings.Replace(book, `"free"`, `"lost"`, 1), "/status"},
		"null that must not be":  {"GET", one, 200, "application/json", "r", strings.Replace(book, `"free"`, `null`, 1), "/status"},
		"not a time":             {"GET", one, 200, "application/json", "r", strings.Replace(book, "2026-11-20T09:04:31.518Z", "20 November", 1), "/addedAt"},
		"not JSON":               {"GET", one, 200, "application/json", "r", "{", "failed to decode"},
	} {
		t.Run(name, func(t *testing.T) {
			res := &http.Response{StatusCode: r.status, Header: http.Header{}}
			for name, v := range map[string]string{"Content-Type": r.contentType, "X-Request-Id": r.requestID} {
				if v != "" {
					res.Header.Set(name, v)
				}
			}
			err := c.Check(r.method, r.path, res, []byte(r.body))
			switch {
			case r.want == "" && err != nil:
				t.Errorf("a right reply was refused: %v", err)
			case r.want != "" && (err == nil || !strings.Contains(err.Error(), r.want)):
				t.Errorf("got %v, want an error with %q", err, r.want)
			}
		})
	}
}

func TestExamples(t *testing.T) {
	document := string(convert(t, sample(t)))
	if err := checker(t).Examples(); err != nil {
		t.Errorf("the examples of the sample were refused: %v", err)
	}
	without := strings.Replace(document, `"example": {
                  "row": 3
                },`, "", 1)
	strange := strings.Replace(document, `"example": {
                  "row": 3
                },`, `"example": {"row": 3, "col": 4},`, 1)
	for want, changed := range map[string]string{
		"GET /v1/books/newest: reply 200 as application/json has no example": without,
		`property "col" is unsupported`:                                      strange,
	} {
		if changed == document {
			t.Fatal("the document does not hold what is to be replaced")
		}
		c, err := openapi.NewChecker([]byte(changed))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Examples(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestNewCheckerRefusesOtherDocuments(t *testing.T) {
	for _, document := range []string{"", "{", `{"swagger": "2.0"}`, `{"openapi": "3.0.3", "info": {"title": "t"}, "paths": {}}`} {
		if _, err := openapi.NewChecker([]byte(document)); err == nil {
			t.Errorf("%q was taken for an OpenAPI document", document)
		}
	}
}
