package httpclient

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
)

// patience is how long a Read without a deadline waits between two tries.
const patience = 30 * time.Second

// repeatable decides whether a Read is tried again: the provider is too busy or
// the connection failed, and the wait it asks for ends before our deadline.
func repeatable(resp *resty.Response, err error) bool {
	switch {
	case resp == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, resty.ErrResponseBodyTooLarge):
		return false
	case err == nil && !busy(resp.StatusCode()):
		return false
	}
	limit := time.Now().Add(patience)
	if deadline, ok := resp.Request.Context().Deadline(); ok {
		limit = deadline
	}
	return time.Now().Add(retryAfter(resp.Header())).Before(limit)
}

func busy(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// pause is how long the provider asks us to wait, 0 if it does not.
func pause(_ *resty.Client, resp *resty.Response) (time.Duration, error) {
	return retryAfter(resp.Header()), nil
}

// retryAfter reads the header of that name, seconds or an HTTP date, as the
// time from now; 0 if there is none.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(0, time.Until(at))
}
