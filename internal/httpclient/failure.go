package httpclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/go-resty/resty/v2"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

var (
	errNoAnswer = errors.New("no answer in time")
	errBroken   = errors.New("the connection broke before the answer")
	errTooLarge = errors.New("the answer is larger than 1 MiB")
	errRedirect = errors.New("the answer is a redirect, which a wrong base URL may cause")
)

// unanswered reads a failure without any answer. Once the request was sent the
// cause is not shown: it could quote what the provider wrote.
func unanswered(c *call, w *wire, err error) *idv.ProviderError {
	sent := w.sent()
	failure := &idv.ProviderError{Kind: idv.KindUnavailable, Ambiguous: sent && !c.read}
	switch {
	case timedOut(err):
		failure.Kind, failure.Err = idv.KindTimeout, errNoAnswer
	case errors.Is(err, context.Canceled):
		failure.Kind, failure.Err = idv.KindTimeout, context.Canceled
	case sent && !c.read:
		failure.Kind, failure.Err = idv.KindTimeout, errBroken
	case sent:
		failure.Err = errBroken
	default:
		failure.Err = withoutURL(err)
	}
	return failure
}

// unreadable reads a success whose body is of no use: the provider did what it
// was asked to, and we do not know what came of it.
func unreadable(c *call, status int, err error) *idv.ProviderError {
	failure := &idv.ProviderError{
		Kind: idv.KindUnavailable, Ambiguous: !c.read, HTTPStatus: status, Err: errUnreadable,
	}
	switch {
	case errors.Is(err, resty.ErrResponseBodyTooLarge):
		failure.Err = errTooLarge
	case timedOut(err), errors.Is(err, context.Canceled):
		failure.Kind, failure.Err = idv.KindTimeout, errNoAnswer
	}
	return failure
}

// refused reads an answer that is not a success.
func refused(c *call, resp *resty.Response, errorCode func([]byte) string) *idv.ProviderError {
	status := resp.StatusCode()
	failure := &idv.ProviderError{Kind: kindOf(c, status), HTTPStatus: status, Ambiguous: !c.read && betweenUs(status)}
	if status < 400 {
		failure.Err = errRedirect
	}
	if failure.Kind == idv.KindRateLimited || failure.Kind == idv.KindUnavailable {
		failure.RetryAfter = retryAfter(resp.Header())
	}
	if errorCode != nil {
		failure.Code = plainWord(errorCode(resp.Body()))
	}
	return failure
}

func kindOf(c *call, status int) idv.ErrorKind {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return idv.KindUnauthorized
	case status == http.StatusNotFound && (c.read || c.method != http.MethodPost):
		return idv.KindNotFound
	case status == http.StatusRequestTimeout:
		return idv.KindTimeout
	case status == http.StatusTooManyRequests:
		return idv.KindRateLimited
	case status >= 500:
		return idv.KindUnavailable
	default:
		return idv.KindRejected
	}
}

// betweenUs: the answer is that of a gateway which lost its own connection to the
// provider, so that a write may have had its effect. Beside HTTP's own these are
// the ones that a common edge network has for that.
func betweenUs(status int) bool {
	switch status {
	case http.StatusBadGateway, http.StatusGatewayTimeout, 520, 524:
		return true
	default:
		return false
	}
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func withoutURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}

// plainWord lets through what looks like a code, and nothing that could be a
// person or a secret.
func plainWord(code string) string {
	if len(code) > 64 {
		return ""
	}
	for _, r := range code {
		word := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.'
		if !word {
			return ""
		}
	}
	return code
}
