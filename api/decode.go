package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// maxBody is the largest request body in bytes, a provider's webhook included.
const maxBody = 1 << 20

// readBody reads the raw body; an *http.MaxBytesError if it is too large.
func readBody(c echo.Context) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxBody))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		return nil, &problem{Status: http.StatusBadRequest, Code: codeInvalidRequest, Detail: "The body could not be read whole.", cause: err}
	}
	return body, err
}

// decode reads a JSON object strictly: unknown and repeated members, members in
// another case, invalid UTF-8 and anything after the object are refused. No
// body at all is an empty object.
func decode(c echo.Context, body []byte, into any) error {
	if len(body) == 0 {
		return nil
	}
	if mediaType, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); err != nil || mediaType != echo.MIMEApplicationJSON {
		return &problem{Status: http.StatusUnsupportedMediaType, Code: codeUnsupportedMediaType, Detail: "Send the body as Content-Type: application/json."}
	}
	if deep, found := tooDeep(body); found {
		return invalid(fieldError{Pointer: string(deep), Code: "too_deep", Detail: "is nested deeper than " + strconv.Itoa(maxDepth) + " levels"})
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil && !strings.HasPrefix(strings.TrimLeft(string(body), " \t\r\n"), "{") {
		return invalid(fieldError{Pointer: "", Code: "invalid_type", Detail: "must be a JSON object"})
	}
	return decodeProblem(err)
}

// maxDepth is how deep objects and lists may be nested in a request.
const maxDepth = 32

// tooDeep finds what is nested deeper, before anything is made of it. It reads no
// further than that, or than the first mistake, which whoever decodes will find.
func tooDeep(body []byte) (at jsontext.Pointer, found bool) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body))
	for {
		if _, err := d.ReadToken(); err != nil {
			return "", false
		}
		if d.StackDepth() > maxDepth {
			return d.StackPointer(), true
		}
	}
}

func decodeProblem(err error) error {
	if err == nil {
		return nil
	}
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.Is(err, json.ErrUnknownName):
		errors.As(err, &semantic)
		return invalid(fieldError{Pointer: string(semantic.JSONPointer), Code: "unknown_field", Detail: "is not a field of this request"})
	case errors.Is(err, jsontext.ErrDuplicateName):
		errors.As(err, &syntactic)
		return invalid(fieldError{Pointer: string(syntactic.JSONPointer), Code: "duplicate_field", Detail: "is given twice"})
	case errors.As(err, &syntactic):
		return invalid(fieldError{Pointer: string(syntactic.JSONPointer), Code: "invalid_json", Detail: "is not valid JSON in UTF-8"})
	case errors.As(err, &semantic):
		return invalid(fieldError{Pointer: string(semantic.JSONPointer), Code: "invalid_type", Detail: "has the wrong type or is out of range"})
	default:
		return invalid(fieldError{Pointer: "", Code: "invalid_json", Detail: "cannot be read"})
	}
}

// marshal writes a reply; an empty list is [], as the fields of replies are
// always there. What is no text is replaced: a mistake can be in a name that a
// reply cannot repeat as it came.
func marshal(body any) ([]byte, error) {
	return json.Marshal(body, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

// accept reads and checks a request's body.
func (s *server) accept(c echo.Context, into any) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	if err := decode(c, body, into); err != nil {
		return err
	}
	if errs := s.validate.check(into); len(errs) > 0 {
		return invalid(errs...)
	}
	return nil
}
