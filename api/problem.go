package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/inbox"
	"github.com/bonafide-idv/bonafide/internal/session"
	"github.com/bonafide-idv/bonafide/internal/token"
)

// The stable codes of errors.
const (
	codeInvalidRequest       = "invalid_request"
	codeUnauthorized         = "unauthorized"
	codeForbidden            = "forbidden"
	codeForged               = "forged"
	codeNotFound             = "not_found"
	codeAlreadyVerified      = "already_verified"
	codeAlreadyDecided       = "already_decided"
	codeConflict             = "conflict"
	codeInFlight             = "idempotency_in_flight"
	codeMismatch             = "idempotency_mismatch"
	codeMethodNotAllowed     = "method_not_allowed"
	codeUnsupportedMediaType = "unsupported_media_type"
	codeTooLarge             = "too_large"
	codeRateLimited          = "rate_limited"
	codeProviderRejected     = "provider_rejected"
	codeProviderUnavailable  = "provider_unavailable"
	codeProviderTimeout      = "provider_timeout"
	codeInternal             = "internal"
)

// problem is an error as a caller sees it, by RFC 9457.
type problem struct {
	Type      string       `json:"type" example:"urn:bonafide:problem:invalid_request"`
	Title     string       `json:"title" example:"Bad Request"`
	Status    int          `json:"status" example:"400"`
	Detail    string       `json:"detail" example:"The request has a mistake in one field."`
	Instance  string       `json:"instance" example:"/v1/sessions"`
	Code      string       `json:"code" example:"invalid_request"`
	RequestID string       `json:"requestId" example:"req_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Errors    []fieldError `json:"errors,omitempty"`
	// SessionID is the session that stands in the way, or that is concerned.
	SessionID string `json:"sessionId,omitempty" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	// Provider is the provider whose fault it is.
	Provider string `json:"provider,omitempty" example:"kora"`
	// Retryable tells, for a provider's fault, whether the same request may
	// succeed later.
	Retryable *bool `json:"retryable,omitempty" example:"true"`

	header map[string]string
	cause  error // for operators, never rendered
} // @name Problem

// fieldError is one mistake in a request; Pointer is an RFC 6901 pointer into
// the body, or "?name" for a query parameter.
type fieldError struct {
	Pointer string `json:"pointer" example:"/callbackUrl"`
	Code    string `json:"code" example:"invalid_url"`
	Detail  string `json:"detail" example:"must be an https address (http for localhost)"`
} // @name FieldError

func (p *problem) Error() string { return p.Code + ": " + p.Detail }

func (p *problem) Unwrap() error { return p.cause }

func invalid(errs ...fieldError) *problem {
	detail := "The request has mistakes; see errors."
	if len(errs) == 1 {
		detail = "The request has a mistake: " + errs[0].Pointer + " " + errs[0].Detail + "."
	}
	return &problem{Status: http.StatusBadRequest, Code: codeInvalidRequest, Detail: detail, Errors: errs}
}

func notFound(what string) error {
	return &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "There is no such " + what + "."}
}

// renderError is the one place where an error becomes a reply.
func (s *server) renderError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := s.problemOf(c, err)
	if werr := write(c, reply{status: p.Status, body: p, header: p.header}); werr != nil {
		s.Logger.Error("error reply was not written", "requestId", requestID(c), "error", werr.Error())
		if !c.Response().Committed {
			c.Response().WriteHeader(http.StatusInternalServerError) // or it would pass for a success
		}
	}
}

// problemOf fills in what every problem has, and tells operators the cause of
// those that are ours or a provider's.
func (s *server) problemOf(c echo.Context, err error) *problem {
	p := classify(err)
	p.Type, p.Title = "urn:bonafide:problem:"+p.Code, http.StatusText(p.Status)
	// The route's address as it was asked for, without its query.
	p.Instance, p.RequestID = c.Request().URL.EscapedPath(), requestID(c)
	if len(p.Instance) > maxAddress {
		p.Instance = "/"
	}
	if p.Status >= http.StatusInternalServerError {
		s.Logger.ErrorContext(c.Request().Context(), "request failed", "route", c.Path(), "requestId", p.RequestID,
			"code", p.Code, "session", p.SessionID, "error", err.Error())
	}
	return p
}

func classify(err error) *problem {
	var (
		p        *problem
		fault    *session.FaultError
		conflict *session.ConflictError
		tooLarge *http.MaxBytesError
		routing  *echo.HTTPError
		input    *idv.InputError
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &input):
		return invalid(fieldError{Pointer: input.Pointer, Code: input.Code, Detail: input.Detail})
	case errors.As(err, &conflict):
		return conflictProblem(conflict)
	case errors.As(err, &fault):
		return faultProblem(fault)
	case errors.As(err, &tooLarge):
		return &problem{
			Status: http.StatusRequestEntityTooLarge, Code: codeTooLarge,
			Detail: "The body is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes.",
		}
	case errors.Is(err, idv.ErrForged):
		return &problem{Status: http.StatusUnauthorized, Code: codeForged, Detail: "The webhook's signature is missing or wrong."}
	case errors.Is(err, inbox.ErrUnknownProvider):
		return &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "No such provider takes webhooks here."}
	case errors.Is(err, idv.ErrNotFound):
		return &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "There is no such thing."}
	case errors.As(err, &routing):
		return routingProblem(routing)
	case errors.Is(err, idv.ErrBusy), errors.Is(err, context.DeadlineExceeded):
		return busy(err)
	case errors.Is(err, token.ErrUnchecked):
		return unchecked(err)
	case errors.Is(err, context.Canceled):
		return &problem{Status: http.StatusServiceUnavailable, Code: codeInternal, Detail: "The caller went away."}
	default:
		return &problem{
			Status: http.StatusInternalServerError, Code: codeInternal,
			Detail: "Something went wrong here. Nothing is known to have changed; the request id finds the cause in the logs.",
		}
	}
}

// busyFor is how soon a caller who met a busy server should come back.
const busyFor = 5 * time.Second

func busy(cause error) *problem {
	return &problem{
		Status: http.StatusServiceUnavailable, Code: codeInternal,
		Detail: "The server cannot keep anything at the moment: its database is slow or away. Send the same request again in a while.",
		header: retryAfter(busyFor), cause: cause,
	}
}

// uncheckedFor is how soon the keys of an identity provider that is away are
// asked for again.
const uncheckedFor = 10 * time.Second

func unchecked(cause error) *problem {
	return &problem{
		Status: http.StatusServiceUnavailable, Code: codeInternal,
		Detail: "The JWT cannot be checked at present: the keys of its identity provider could not be fetched yet. Send the same request again in a while.",
		header: retryAfter(uncheckedFor), cause: cause,
	}
}

func conflictProblem(e *session.ConflictError) *problem {
	p := &problem{Status: http.StatusConflict, SessionID: e.SessionID, header: retryAfter(e.RetryAfter)}
	switch e.Kind {
	case session.ConflictVerified:
		p.Code, p.Detail = codeAlreadyVerified, "The user is verified already. Send \"reverify\": true to verify again."
	case session.ConflictDecided:
		p.Code, p.Detail = codeAlreadyDecided, "The session is decided already."
	case session.ConflictEnded:
		p.Code, p.Detail = codeConflict, "The session has ended already."
	case session.ConflictErased:
		p.Code, p.Detail = codeConflict, "The person's data was erased; nothing more is learned about this session."
	case session.ConflictHeld:
		p.Code, p.Detail = codeConflict, "The user is on legal hold: nothing of them may be erased until it is released."
	case session.ConflictUnsettled:
		p.Code, p.Detail = codeConflict, "A session of this user has not been confirmed by its provider yet. Try again when it is settled."
	case session.ConflictInFlight:
		p.Code, p.Detail = codeInFlight, "The first request with this Idempotency-Key is still running."
	case session.ConflictOtherInput:
		p.Status, p.Code, p.Detail = http.StatusUnprocessableEntity, codeMismatch, "This Idempotency-Key was used for another request."
	}
	return p
}

func faultProblem(e *session.FaultError) *problem {
	retryable := true
	p := &problem{Provider: e.Provider, SessionID: e.SessionID, Retryable: &retryable, header: retryAfter(e.Err.RetryAfter), cause: e}
	switch {
	case e.Err.Ambiguous || e.Err.Kind == idv.KindTimeout:
		p.Status, p.Code, p.Detail = http.StatusGatewayTimeout, codeProviderTimeout, "The provider did not answer in time."
	case e.Err.Kind == idv.KindUnavailable || e.Err.Kind == idv.KindRateLimited:
		p.Status, p.Code, p.Detail = http.StatusServiceUnavailable, codeProviderUnavailable, "The provider cannot be reached at the moment."
	default:
		retryable = false
		p.Status, p.Code, p.Detail = http.StatusBadGateway, codeProviderRejected, "The provider refused the request."
	}
	return p
}

func routingProblem(e *echo.HTTPError) *problem {
	switch e.Code {
	case http.StatusNotFound:
		return &problem{Status: e.Code, Code: codeNotFound, Detail: "There is no such route."}
	case http.StatusMethodNotAllowed:
		return &problem{Status: e.Code, Code: codeMethodNotAllowed, Detail: "This route does not take that method."}
	default:
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "Something went wrong here.", cause: e}
	}
}

func retryAfter(d time.Duration) map[string]string {
	if d <= 0 {
		return nil
	}
	return map[string]string{echo.HeaderRetryAfter: strconv.Itoa(int(math.Ceil(d.Seconds())))}
}
