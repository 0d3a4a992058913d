package metric

func (s *Set) addLimits() {
	s.refused = s.counter("bonafide_requests_refused_total",
		"Requests that were answered 429: credential ones were too many with one credential, address ones too many without a valid one from one address, webhook ones too many webhooks from one address that had to be refused anyway. "+
			"A rise of credential means a client in a loop, or a limit that is too small for it; of the others, an attack, or a secret that does not match.",
		"limit")
	for _, limit := range s.Limits {
		s.refused.WithLabelValues(limit)
	}
}

// Refused counts a request beyond a limit.
func (s *Set) Refused(limit string) {
	s.refused.WithLabelValues(among(s.Limits, limit)).Inc()
}
