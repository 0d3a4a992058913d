package idv

import (
	"cmp"
	"slices"
	"time"
)

// ownEnd finds the end that we concluded ourselves, if one holds against what
// the provider is known to be doing.
func ownEnd(set []Observation, known Status) (Observation, bool) {
	var end Observation
	for _, o := range set {
		if !o.counts() || o.told() || !o.Status.Ended() || !holds(o, known) {
			continue
		}
		if end.Status == "" || ownEndOrder(o, end) > 0 {
			end = o
		}
	}
	return end, end.Status != ""
}

// holds: a wish does whatever is known; a failed create does unless there is
// any sign of the session; a link that ran out does until the user's part is
// done.
func holds(end Observation, known Status) bool {
	switch {
	case end.Source == SourceOperator:
		return true
	case end.Status == Failed:
		return known == Created
	default:
		return !known.HandedIn() && !known.Ended()
	}
}

// ownEndOrder puts a wish above a conclusion, and the rest by rank.
func ownEndOrder(a, b Observation) int {
	wish := func(o Observation) int {
		if o.Source == SourceOperator {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(wish(a), wish(b)), byRank(a, b))
}

// withoutOver drops the ends, a wish aside, that the provider left behind when
// it asked the user to try again.
func withoutOver(set []Observation) []Observation {
	var asked time.Time
	for _, o := range set {
		if o.said() && o.Status == ResubmissionRequested && o.at().After(asked) {
			asked = o.at()
		}
	}
	return slices.DeleteFunc(set, func(o Observation) bool {
		return o.Status.Ended() && o.Source != SourceOperator && o.when().Before(asked)
	})
}
