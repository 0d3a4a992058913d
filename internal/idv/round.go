package idv

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// roundsOf groups what the provider said into rounds, oldest first. A round is
// one try of the user; a request to resubmit closes it. Where the provider
// names its attempts, an attempt is a round; where it does not, its times tell
// on which side of a closing an observation lies.
func roundsOf(set []Observation) [][]Observation {
	var told []Observation
	attempts := map[string][]Observation{}
	for _, o := range set {
		if !o.counts() || !o.told() {
			continue
		}
		told = append(told, o)
		if o.Attempt != "" {
			attempts[o.Attempt] = append(attempts[o.Attempt], o)
		}
	}

	closings := closingsOf(told, attempts)
	index := map[string]int{}
	for i, c := range closings {
		if c.attempt != "" {
			index[c.attempt] = i
		}
	}
	for i, attempt := range openAttempts(attempts, index) {
		index[attempt] = len(closings) + i
	}

	byIndex := map[int][]Observation{}
	for _, o := range told {
		at, named := index[o.Attempt]
		if !named {
			at = closedBefore(closings, o.OccurredAt)
		}
		byIndex[at] = append(byIndex[at], o)
	}
	var rounds [][]Observation
	for _, at := range slices.Sorted(maps.Keys(byIndex)) {
		rounds = append(rounds, byIndex[at])
	}
	return rounds
}

// closing is the moment at which a round ended with a request to resubmit.
type closing struct {
	attempt string
	at      time.Time
}

func closingsOf(told []Observation, attempts map[string][]Observation) []closing {
	var closings []closing
	for _, o := range told {
		// Without a time and an attempt nothing can be told to lie after it.
		if o.Status == ResubmissionRequested && o.Attempt == "" && !o.OccurredAt.IsZero() {
			closings = append(closings, closing{at: o.OccurredAt})
		}
	}
	for attempt, said := range attempts {
		last, closed := time.Time{}, false
		for _, o := range said {
			if o.Status == ResubmissionRequested {
				closed = true
				if o.OccurredAt.After(last) {
					last = o.OccurredAt
				}
			}
		}
		if closed {
			closings = append(closings, closing{attempt: attempt, at: last})
		}
	}
	slices.SortFunc(closings, func(a, b closing) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.attempt, b.attempt))
	})
	// Two words for one closing are one closing.
	return slices.CompactFunc(closings, func(a, b closing) bool {
		return a.attempt == "" && b.attempt == "" && a.at.Equal(b.at)
	})
}

// openAttempts orders the attempts that nothing closed by the first time the
// provider gives for them.
func openAttempts(attempts map[string][]Observation, closed map[string]int) []string {
	first := map[string]time.Time{}
	var open []string
	for attempt, said := range attempts {
		if _, ok := closed[attempt]; ok {
			continue
		}
		open = append(open, attempt)
		for _, o := range said {
			if t := first[attempt]; !o.OccurredAt.IsZero() && (t.IsZero() || o.OccurredAt.Before(t)) {
				first[attempt] = o.OccurredAt
			}
		}
	}
	slices.SortFunc(open, func(a, b string) int {
		return cmp.Or(first[a].Compare(first[b]), cmp.Compare(a, b))
	})
	return open
}

func closedBefore(closings []closing, t time.Time) int {
	n := 0
	for _, c := range closings {
		if c.at.Before(t) {
			n++
		}
	}
	return n
}
