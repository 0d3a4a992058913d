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
	// answers is told whether the provider answered the last call.
	answers func(yes bool)
	// trace begins to follow a call; nil if nobody does.
	trace func(ctx context.Context, method string) (end func(outcome string))

	mu                       sync.Mutex
	lastSuccess, lastFailure time.Time
}

// RoundTrip counts an answer that is not the provider's fault as a success.
func (m *monitor) RoundTrip(r *http.Request) (*http.Response, error) {
	end := func(string) {}
	if m.trace != nil {
		end = m.trace(r.Context(), r.Method)
	}
	began := time.Now()
	res, err := m.next.RoundTrip(r)
	outcome := callOutcome(res, err)
	end(outcome)
	m.tell(r.Method, outcome, time.Since(began))
	if outcome != callCanceled { // which says nothing of the provider
		m.note(err == nil && res.StatusCode < http.StatusInternalServerError)
	}
	return res, err
}

// note keeps whether the last call was answered.
func (m *monitor) note(answered bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if answered {
		m.lastSuccess = time.Now()
	} else {
		m.lastFailure = time.Now()
	}
	m.answers(answered) // in the order of the calls' ends
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

// callFailed reports whether an outcome is the end of a call without a good answer.
func callFailed(outcome string) bool { return outcome != callOK }

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
