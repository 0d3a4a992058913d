package idv

import (
	"cmp"
	"slices"
	"time"
)

// said reports whether the provider said it about the running session, be it
// in answer to our create. That the session was created is no news.
func (o Observation) said() bool {
	return o.counts() && o.Status != Created && (o.told() || o.Source == SourceCreate && o.Status.Open())
}

// at is the moment by which an observation is ordered: the provider's own time.
// What nobody dated happened at some moment before we heard of it. The doubt
// goes against the user: an approval and mere progress are then as old as can
// be, and whatever holds the user back is as new as can be.
func (o Observation) at() time.Time {
	if o.OccurredAt.IsZero() && o.Status != Approved && o.Status.rank() >= ResubmissionRequested.rank() {
		return o.HeardAt
	}
	return o.OccurredAt
}

// roundsOf groups what the provider said into rounds, oldest first. A round is
// one try of the user, and a request to resubmit closes it. Where the provider
// names its attempts, a closed attempt is a round; of all else the times tell
// between which closings it lies.
func roundsOf(set []Observation) [][]Observation {
	closings, first := closingsOf(set), firstSigns(set)
	rounds := make([][]Observation, len(closings)+1)
	for _, o := range set {
		if !o.said() {
			continue
		}
		at := o.at()
		if at.IsZero() {
			at = first[o.Attempt]
		}
		i := roundAt(closings, o.Attempt, at)
		rounds[i] = append(rounds[i], o)
	}
	return slices.DeleteFunc(rounds, func(round []Observation) bool { return len(round) == 0 })
}

// closing is the moment at which a round ended with a request to resubmit.
type closing struct {
	attempt string
	at      time.Time
}

// closingsOf lists the closings, oldest first. An attempt is closed by the
// first request: a repetition does not reach into the next round.
func closingsOf(set []Observation) []closing {
	var closings []closing
	for _, o := range set {
		if o.said() && o.Status == ResubmissionRequested {
			closings = append(closings, closing{o.Attempt, o.at()})
		}
	}
	slices.SortFunc(closings, func(a, b closing) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.attempt, b.attempt))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(closings, func(c closing) bool {
		again := c.attempt != "" && seen[c.attempt]
		seen[c.attempt] = true
		return again
	})
}

// firstSigns gives for each attempt the first moment at which it is known to
// have been under way.
func firstSigns(set []Observation) map[string]time.Time {
	first := map[string]time.Time{}
	for _, o := range set {
		if !o.said() || o.Attempt == "" {
			continue
		}
		if t, ok := first[o.Attempt]; !ok || o.when().Before(t) {
			first[o.Attempt] = o.when()
		}
	}
	return first
}

// roundAt gives the index of the round of something that happened at the given
// time: the attempt's own if it is closed, else after the closings before it.
func roundAt(closings []closing, attempt string, at time.Time) int {
	if attempt != "" {
		own := slices.IndexFunc(closings, func(c closing) bool { return c.attempt == attempt })
		if own >= 0 {
			return own
		}
	}
	n := 0
	for n < len(closings) && closings[n].at.Before(at) {
		n++
	}
	return n
}
