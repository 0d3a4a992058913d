package idv

import (
	"cmp"
	"slices"
	"time"
)

// Decision is what a provider decided about the user.
type Decision struct {
	Outcome Status
	// Version is 1 for the first decision and one more for each later one, in
	// the order of the decisions themselves, that changes the outcome.
	Version int
	// DecidedAt is when this outcome was first decided: its confirmations do
	// not prolong it.
	DecidedAt time.Time
	// RevisedFrom is the outcome before, empty for the first decision.
	RevisedFrom Status
}

// State is what a session's observations amount to.
type State struct {
	Status Status
	// Decision is the newest one, nil if there is none. It may be revised but
	// is never unmade: a session that is open again, because the provider asked
	// the user to try again, still shows it.
	Decision *Decision
	Reasons  []Reason
	// EverApproved: an approval is among the decisions, so that a decline now
	// is a withdrawal.
	EverApproved bool
	// DocumentExpiresAt is the first moment at which the document that was
	// decided on no longer counts, zero if unknown.
	DocumentExpiresAt time.Time
}

// Fold reads a session's state off the set of its observations. It has no
// clock and no I/O, and the order and repetition of observations do not matter.
//
//   - What is unknown, partial, a test or a mere notice moves no status.
//   - A round is one try of the user; the provider's request to try again
//     closes it. What lies in a round that is not the newest is history: its
//     decisions keep their versions, but it moves the status no more.
//   - Decisions and requests to try again are ordered by round, then by the
//     provider's time, then the safer one last.
//   - A decision is the status. It is left by a later decision, and by a newer
//     round, once one is heard of, if a request to try again came after it.
//     Should that round end undecided, the decision stands again.
//   - Without a decision, and in a newer round than its own, the highest rank
//     of the newest round is the status, so that nothing old moves a session
//     back.
//   - What we concluded ourselves yields to what the provider says: a failed
//     create to any sign of the session, a link that ran out to a provider that
//     is at work. Both, and the provider's own ends, are over once it asks for
//     another try. A cancel yields to a decision alone.
func Fold(observations []Observation) State {
	set := withoutOver(distinct(observations))
	rounds := roundsOf(set)
	state := State{DocumentExpiresAt: documentExpiry(set, lastDecided(rounds))}

	verdicts := verdictsOf(rounds)
	decisions := decided(verdicts)
	state.Decision, state.EverApproved = decide(decisions)

	best := furthest(rounds)
	if end, ok := ownEnd(set, best.Status); ok {
		best = end
	}
	if len(decisions) > 0 && !(best.Status.Open() && reopened(rounds, verdicts)) {
		state.Status, state.Reasons = state.Decision.Outcome, lastReasons(decisions)
		return state
	}
	state.Status, state.Reasons = best.Status, best.Reasons
	return state
}

// reopened reports whether the user was asked to try again after the last
// decision, and a newer round than that of the decision is known.
func reopened(rounds [][]Observation, verdicts []Observation) bool {
	return verdicts[len(verdicts)-1].Status == ResubmissionRequested && len(decided(rounds[len(rounds)-1])) == 0
}

// distinct drops repetitions, keeping of each the one heard first.
func distinct(observations []Observation) []Observation {
	set := slices.Clone(observations)
	slices.SortFunc(set, func(a, b Observation) int {
		return cmp.Or(
			cmp.Compare(a.Fingerprint, b.Fingerprint),
			a.HeardAt.Compare(b.HeardAt),
			a.OccurredAt.Compare(b.OccurredAt),
			cmp.Compare(a.Status, b.Status),
			cmp.Compare(a.Attempt, b.Attempt),
		)
	})
	return slices.CompactFunc(set, func(a, b Observation) bool { return a.Fingerprint == b.Fingerprint })
}

// byVerdict orders what ended a round: by time, then the safer one last.
func byVerdict(a, b Observation) int {
	return cmp.Or(a.at().Compare(b.at()), byRank(a, b))
}

// byRank orders within one round, whatever the times.
func byRank(a, b Observation) int {
	return cmp.Or(
		cmp.Compare(a.Status.rank(), b.Status.rank()),
		a.at().Compare(b.at()),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

// verdictsOf lists the decisions and the requests to try again, oldest first.
func verdictsOf(rounds [][]Observation) []Observation {
	var verdicts []Observation
	for _, round := range rounds {
		from := len(verdicts)
		for _, o := range round {
			if o.Status.Decided() || o.Status == ResubmissionRequested {
				verdicts = append(verdicts, o)
			}
		}
		slices.SortFunc(verdicts[from:], byVerdict)
	}
	return verdicts
}

func decided(observations []Observation) []Observation {
	var decisions []Observation
	for _, o := range observations {
		if o.Status.Decided() {
			decisions = append(decisions, o)
		}
	}
	return decisions
}

// lastDecided gives the newest round that has a decision.
func lastDecided(rounds [][]Observation) []Observation {
	for _, round := range slices.Backward(rounds) {
		if len(decided(round)) > 0 {
			return round
		}
	}
	return nil
}

// furthest gives what has the highest rank in the newest round.
func furthest(rounds [][]Observation) Observation {
	best := Observation{Status: Created}
	if len(rounds) == 0 {
		return best
	}
	for _, o := range rounds[len(rounds)-1] {
		if byRank(o, best) > 0 {
			best = o
		}
	}
	return best
}

func decide(decisions []Observation) (d *Decision, everApproved bool) {
	for _, o := range decisions {
		everApproved = everApproved || o.Status == Approved
		switch {
		case d == nil:
			d = &Decision{Outcome: o.Status, Version: 1, DecidedAt: o.when()}
		case d.Outcome != o.Status:
			d = &Decision{Outcome: o.Status, Version: d.Version + 1, DecidedAt: o.when(), RevisedFrom: d.Outcome}
		case o.when().Before(d.DecidedAt):
			d.DecidedAt = o.when()
		}
	}
	return d, everApproved
}

// lastReasons gives the newest reasons there are for the outcome that stands.
func lastReasons(decisions []Observation) []Reason {
	outcome := decisions[len(decisions)-1].Status
	for _, o := range slices.Backward(decisions) {
		if o.Status != outcome {
			break
		}
		if len(o.Reasons) > 0 {
			return o.Reasons
		}
	}
	return nil
}

// documentExpiry takes the newest word on when the document runs out: of the
// round in which it was decided on, or of a notice since.
func documentExpiry(set, round []Observation) time.Time {
	if len(round) == 0 {
		return time.Time{}
	}
	words := slices.Clone(round)
	since := slices.MinFunc(decided(round), byTime).when()
	for _, o := range set {
		if o.Status == "" && !o.Test && !o.Unknown && !o.when().Before(since) {
			words = append(words, o)
		}
	}
	words = slices.DeleteFunc(words, func(o Observation) bool { return o.DocumentExpiresAt.IsZero() })
	if len(words) == 0 {
		return time.Time{}
	}
	return slices.MaxFunc(words, func(a, b Observation) int {
		// Of equally old words the shorter life is the safer reading.
		return cmp.Or(byTime(a, b), b.DocumentExpiresAt.Compare(a.DocumentExpiresAt))
	}).DocumentExpiresAt
}

func byTime(a, b Observation) int { return a.when().Compare(b.when()) }
