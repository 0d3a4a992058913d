package idv

import (
	"errors"
	"fmt"
	"time"
)

// The errors of a WebhookReader.
var (
	// ErrForged: the webhook was not sent by the provider.
	ErrForged = errors.New("webhook signature is missing or wrong")
	// ErrNotUnderstood: genuine, but the body cannot be read.
	ErrNotUnderstood = errors.New("webhook body cannot be read")
)

// InputError is a request that a provider cannot work with. It is the client's
// to mend.
type InputError struct {
	Pointer string // RFC 6901, into the client's request: "/user"
	Code    string // stable: "required"
	Detail  string // completes a sentence that begins with the field's name
}

func (e *InputError) Error() string { return e.Pointer + " " + e.Detail }

// ErrorKind says what went wrong between us and a provider.
type ErrorKind string

// The kinds of provider errors.
const (
	KindRejected     ErrorKind = "rejected"     // it refused our request
	KindUnauthorized ErrorKind = "unauthorized" // it refused our credentials
	KindNotFound     ErrorKind = "not_found"    // it does not know the session
	KindRateLimited  ErrorKind = "rate_limited" // too many requests; RetryAfter may say when
	KindUnavailable  ErrorKind = "unavailable"  // it is down, or its answer cannot be read
	KindTimeout      ErrorKind = "timeout"      // it did not answer in time
)

// ProviderError is machinery between us and a provider, never a decision about
// a person. It holds no secret and no personal data.
type ProviderError struct {
	Kind ErrorKind
	// Ambiguous: the request was sent and may have had its effect all the same,
	// so that it must not be repeated blindly.
	Ambiguous  bool
	HTTPStatus int    // 0 if there was no answer
	Code       string // the provider's own code, if it gave one
	RetryAfter time.Duration
	Err        error
}

func (e *ProviderError) Error() string {
	s := "provider: " + string(e.Kind)
	if e.HTTPStatus != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.HTTPStatus)
	}
	if e.Code != "" {
		s += " code " + e.Code
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *ProviderError) Unwrap() error { return e.Err }

// The errors of the store.
var (
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("not found")
	// ErrTaken: the provider's id belongs to another session already.
	ErrTaken = errors.New("the provider's id belongs to another session")
	// ErrFull: there are as many of them as there may be.
	ErrFull = errors.New("there are too many already")
	// ErrDisabled: nothing is sent to the endpoint.
	ErrDisabled = errors.New("the endpoint is disabled")
	// ErrHeld: nothing of the user may be erased.
	ErrHeld = errors.New("the user is on legal hold")
	// ErrGone: the webhook itself was removed.
	ErrGone = errors.New("the webhook itself was removed")
	// ErrBusy: the database is slow or away. The same may be tried again.
	ErrBusy = errors.New("the database is slow or away")
)
