package idv

import (
	"maps"
	"slices"
)

// Repeats reports whether an answer to a question says what the newest thing
// that was heard said, which was an answer too, and changes nothing. Undecided
// sessions are asked about again and again, and such an answer need not be kept.
func Repeats(heard []Observation, o Observation) bool {
	if len(heard) == 0 || o.Source != SourceFetch || o.Status.Decided() {
		return false
	}
	last := heard[len(heard)-1]
	same := last.Source == SourceFetch && last.Notice.equal(o.Notice) &&
		last.ProviderStatus == o.ProviderStatus && last.Status == o.Status && last.Attempt == o.Attempt &&
		last.Unknown == o.Unknown && last.Partial == o.Partial && last.Test == o.Test && last.Why == o.Why &&
		last.DocumentExpiresAt.Equal(o.DocumentExpiresAt) && slices.Equal(last.Reasons, o.Reasons)
	return same && Fold(heard).equal(Fold(append(slices.Clip(heard), o)))
}

func (n *Notice) equal(o *Notice) bool {
	if n == nil || o == nil {
		return n == o
	}
	return n.Kind == o.Kind && maps.Equal(n.Facts, o.Facts)
}

func (s State) equal(o State) bool {
	sameDecision := s.Decision == o.Decision
	if s.Decision != nil && o.Decision != nil {
		a, b := *s.Decision, *o.Decision
		sameDecision = a.DecidedAt.Equal(b.DecidedAt)
		a.DecidedAt = b.DecidedAt
		sameDecision = sameDecision && a == b
	}
	return sameDecision && s.Status == o.Status && s.EverApproved == o.EverApproved &&
		s.DocumentExpiresAt.Equal(o.DocumentExpiresAt) && slices.Equal(s.Reasons, o.Reasons)
}
