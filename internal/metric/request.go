package metric

import (
	"net/http"
	"strconv"
	"time"
)

func (s *Set) addRequests() {
	s.requests = s.counter("bonafide_http_requests_total",
		"Requests that were answered. route is the route's template, \"other\" for what matches none. Watch the share of the codes from 500.",
		"route", "method", "code")
	s.requestDuration = s.histogram("bonafide_http_request_duration_seconds",
		"How long requests took to be answered. Creating a session waits for its provider.", fast, "route", "method")
	s.webhooks = s.counter("bonafide_webhooks_total",
		"Webhooks at the door: new and repeated ones were acknowledged; forged ones had a missing or wrong signature; refused ones were too large, cut off, or for no account of ours; limited ones were either of these, and too many of them from one address; busy ones are to be sent again because the database is slow or away, failed ones because of another error. "+
			"A rise of forged means an attack, or a secret that does not match the provider's.",
		"provider", "outcome")
	s.acknowledged = s.histogram("bonafide_webhook_acknowledge_duration_seconds",
		"How long it took to keep a webhook and to acknowledge it. Providers give up after 5 to 10 seconds and send it again.", fast, "provider")
	for _, provider := range s.Providers {
		for _, outcome := range s.Webhooks {
			s.webhooks.WithLabelValues(provider, outcome)
		}
		s.acknowledged.WithLabelValues(provider)
	}
}

// Request counts a request that was answered. route must be one of a bounded
// set.
func (s *Set) Request(route, method string, status int, took time.Duration) {
	method = methodOf(method)
	s.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	s.requestDuration.WithLabelValues(route, method).Observe(took.Seconds())
}

// Webhook counts a webhook at the door. Both durations and counts are kept for
// what was acknowledged, and counts alone for what was not.
func (s *Set) Webhook(provider, outcome string, acknowledged bool, took time.Duration) {
	provider = s.provider(provider)
	s.webhooks.WithLabelValues(provider, among(s.Webhooks, outcome)).Inc()
	if acknowledged {
		s.acknowledged.WithLabelValues(provider).Observe(took.Seconds())
	}
}

// methodOf bounds the methods, which may be any word in a request.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}
