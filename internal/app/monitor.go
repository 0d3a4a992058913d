package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/api"
)

// monitor watches how the calls to one provider go.
type monitor struct {
	next http.RoundTripper
	tell func(method, outcome string, took time.Duration)

	mu                       sync.Mutex
	lastSuccess, lastFailure time.Time
}

// RoundTrip counts an answer that is not the provider's fault as a success.
func (m *monitor) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	res, err := m.next.RoundTrip(r)
	m.tell(r.Method, callOutcome(res, err), time.Since(began))
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil || res.StatusCode >= http.StatusInternalServerError {
		m.lastFailure = time.Now()
	} else {
		m.lastSuccess = time.Now()
	}
	return res, err
}

// How a call to a provider ends.
const (
	callOK          = "ok"
	callRefused     = "4xx"
	callRateLimited = "429"
	callBroken      = "5xx"
	callTimeout     = "timeout"
	callConnection  = "connection" // it could not be made, or broke
	callCanceled    = "canceled"   // given up by us
)

func callOutcomes() []string {
	return []string{callOK, callRefused, callRateLimited, callBroken, callTimeout, callConnection, callCanceled}
}

func callOutcome(res *http.Response, err error) string {
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return callCanceled
	case errors.As(err, &network) && network.Timeout():
		return callTimeout
	case err != nil:
		return callConnection
	case res.StatusCode == http.StatusTooManyRequests:
		return callRateLimited
	case res.StatusCode >= http.StatusInternalServerError:
		return callBroken
	case res.StatusCode >= http.StatusBadRequest:
		return callRefused
	default:
		return callOK
	}
}

func (m *monitor) health() api.ProviderHealth {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := api.ProviderHealth{Status: "unknown", LastSuccessAt: m.lastSuccess, LastFailureAt: m.lastFailure}
	switch {
	case m.lastFailure.After(m.lastSuccess):
		h.Status = "down"
	case !m.lastSuccess.IsZero():
		h.Status = "up"
	}
	return h
}
