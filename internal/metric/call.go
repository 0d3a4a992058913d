package metric

import (
	"net/http"
	"time"
)

func (s *Set) addCalls() {
	s.calls = s.counter("bonafide_provider_calls_total",
		"Calls to providers, each try of a read counted: ok, 4xx, 429, 5xx, timeout (no answer in time), connection (it could not be made, or broke), canceled (given up by us). "+
			"5xx, timeout and connection are the provider's trouble or the network's; 4xx is a setting or a defect of ours.",
		"provider", "method", "outcome")
	s.callDuration = s.histogram("bonafide_provider_call_duration_seconds",
		"How long calls to providers took until the head of the answer, or until they failed.", fast, "provider", "method")
	s.answers = s.gauge("bonafide_provider_up",
		"Whether the last call to the provider by this process was answered: 1, or 0 for no answer in time, no connection, or a 5xx. Missing until there was a call. Processes may differ.", "provider")
	for _, provider := range s.Providers {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for _, outcome := range s.Calls {
				s.calls.WithLabelValues(provider, method, outcome)
			}
			s.callDuration.WithLabelValues(provider, method)
		}
	}
}

// Call counts one call to a provider.
func (s *Set) Call(provider, method, outcome string, took time.Duration) {
	provider, method = s.provider(provider), methodOf(method)
	s.calls.WithLabelValues(provider, method, among(s.Calls, outcome)).Inc()
	s.callDuration.WithLabelValues(provider, method).Observe(took.Seconds())
}

// Answers tells whether a provider answered the last call.
func (s *Set) Answers(provider string, yes bool) {
	up := 0.0
	if yes {
		up = 1
	}
	s.answers.WithLabelValues(s.provider(provider)).Set(up)
}
