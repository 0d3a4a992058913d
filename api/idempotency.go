package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

const headerIdempotencyKey = "Idempotency-Key"

var keyForm = regexp.MustCompile(`^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$`)

// idempotencyKey reads the header; nil if it was not sent.
func idempotencyKey(c echo.Context, body []byte) (*idv.IdempotencyKey, error) {
	values, sent := c.Request().Header[headerIdempotencyKey]
	if !sent {
		return nil, nil
	}
	if len(values) > 1 || !keyForm.MatchString(values[0]) {
		return nil, &problem{
			Status: http.StatusBadRequest, Code: codeInvalidRequest,
			Detail: "The Idempotency-Key must be one to 255 printable ASCII characters, given once.",
		}
	}
	digest := sha256.New()
	for _, part := range []string{c.Request().Method, c.Request().URL.EscapedPath(), string(body)} {
		// The length in front keeps parts from flowing into each other.
		sum := sha256.Sum256([]byte(part))
		digest.Write(sum[:])
	}
	return &idv.IdempotencyKey{Credential: caller(c).ID, Key: values[0], Request: digest.Sum(nil)}, nil
}

// lease is how long a request may run before its key may be used again because
// the process that ran it must have died.
const lease = time.Minute

// keepWithin is how long writing down what became of a key may take.
const keepWithin = 5 * time.Second

// once keeps the answer of a handler under the caller's key. It suits handlers
// whose effect may be repeated, since a process can die between the effect and
// the keeping. Only successes are kept: a refusal changed nothing.
func (s *server) once(h handler) handler {
	return func(c echo.Context) (reply, error) {
		sent, err := readBody(c)
		if err != nil {
			return reply{}, err
		}
		c.Request().Body = io.NopCloser(bytes.NewReader(sent))
		key, err := idempotencyKey(c, fieldsOf(sent))
		if err != nil {
			return reply{}, err
		}
		if key == nil {
			return h(c)
		}
		ctx := c.Request().Context()
		claim, err := s.Idempotency.ClaimKey(ctx, *key, lease)
		if err != nil {
			return reply{}, err
		}
		switch claim.Kind {
		case idv.ClaimReplay:
			return replayed(claim.Answer), nil
		case idv.ClaimMismatch:
			return reply{}, &session.ConflictError{Kind: session.ConflictOtherInput}
		case idv.ClaimSameKey:
			return reply{}, &session.ConflictError{Kind: session.ConflictInFlight, RetryAfter: time.Second}
		}
		rep, err := h(c)
		// However the request ended: a key that stays claimed keeps its client out.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWithin)
		defer cancel()
		if err != nil {
			return reply{}, errors.Join(err, s.Idempotency.ForgetKey(ctx, *key))
		}
		body, err := render(rep.body)
		if err != nil {
			return reply{}, err
		}
		rep.body = answered(body)
		return rep, s.Idempotency.AnswerKey(ctx, *key, idv.Answer{Status: rep.status, Body: body, SessionID: rep.about})
	}
}

// fieldsOf gives a body that has fields. No body and an empty object are the same.
func fieldsOf(body []byte) []byte {
	if body = bytes.TrimSpace(body); string(body) == "{}" {
		return nil
	}
	return body
}

func replayed(a idv.Answer) reply {
	return reply{status: a.Status, body: answered(a.Body), header: map[string]string{"Idempotent-Replayed": "true"}}
}

// noFields takes an empty body or an empty object.
func noFields(c echo.Context) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	return decode(c, body, &struct{}{})
}
