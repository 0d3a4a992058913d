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
	Version   int
	DecidedAt time.Time
	// RevisedFrom is the outcome before, empty for the first decision.
	RevisedFrom Status
}

// State is what a session's observations amount to.
type State struct {
	Status   Status
	Decision *Decision
	Reasons  []Reason
	// EverApproved: an approval is among the decisions that count, so that a
	// decline now is a withdrawal.
	EverApproved bool
	// DocumentExpiresAt is the first moment at which the document no longer
	// counts, zero if unknown.
	DocumentExpiresAt time.Time
}

// Fold reads a session's state off the set of its observations. It has no
// clock and no I/O, and the order and repetition of observations do not matter.
//
// Within a round the highest rank wins, so that nothing old moves a session
// back. A decision is left only by a later decision. A request to resubmit
// closes its round once a newer round is heard of; what was said in a closed
// round no longer counts. What we concluded ourselves (the link ran out, the
// create was never answered) yields to a provider that is at work, and a cancel
// yields to a decision alone.
func Fold(observations []Observation) State {
	set := distinct(observations)
	state := State{Status: Created, DocumentExpiresAt: documentExpiry(set)}

	rounds := roundsOf(set)
	if decisions := countedDecisions(rounds); len(decisions) > 0 {
		state.Status, state.Reasons = decisions[len(decisions)-1].Status, lastReasons(decisions)
		state.Decision, state.EverApproved = decide(decisions)
		return state
	}

	best := Observation{Status: Created}
	for _, o := range set {
		if o.counts() && o.Source == SourceCreate && o.Status.Open() && o.Status.rank() > best.Status.rank() {
			best = o
		}
	}
	if len(rounds) > 0 {
		best = slices.MaxFunc(rounds[len(rounds)-1], byRank)
	}
	if end, ok := ownEnd(set, best.Status); ok {
		best = end
	}
	state.Status, state.Reasons = best.Status, best.Reasons
	return state
}

// distinct drops repetitions, keeping of each the one heard first.
func distinct(observations []Observation) []Observation {
	set := slices.Clone(observations)
	slices.SortFunc(set, func(a, b Observation) int {
		return cmp.Or(cmp.Compare(a.Fingerprint, b.Fingerprint), a.HeardAt.Compare(b.HeardAt), cmp.Compare(a.Status, b.Status))
	})
	return slices.CompactFunc(set, func(a, b Observation) bool { return a.Fingerprint == b.Fingerprint })
}

// byVerdict orders what ended a round: by the provider's time where it gives
// one, then by rank (the safer one last), then by fingerprint.
func byVerdict(a, b Observation) int {
	return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), byRank(a, b))
}

// byRank orders within one round, whatever the times.
func byRank(a, b Observation) int {
	return cmp.Or(
		cmp.Compare(a.Status.rank(), b.Status.rank()),
		a.OccurredAt.Compare(b.OccurredAt),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

// countedDecisions lists the decisions that count, oldest first: all of the
// newest round, and of each older one those that no request to resubmit
// followed.
func countedDecisions(rounds [][]Observation) []Observation {
	var decisions []Observation
	for i, round := range rounds {
		var verdicts []Observation
		for _, o := range round {
			if o.Status.Decided() || o.Status == ResubmissionRequested {
				verdicts = append(verdicts, o)
			}
		}
		slices.SortFunc(verdicts, byVerdict)
		newest := i == len(rounds)-1
		if len(verdicts) == 0 || !newest && !verdicts[len(verdicts)-1].Status.Decided() {
			continue
		}
		for _, o := range verdicts {
			if o.Status.Decided() {
				decisions = append(decisions, o)
			}
		}
	}
	return decisions
}

func decide(decisions []Observation) (d *Decision, everApproved bool) {
	for _, o := range decisions {
		everApproved = everApproved || o.Status == Approved
		switch {
		case d == nil:
			d = &Decision{Outcome: o.Status, Version: 1, DecidedAt: o.when()}
		case d.Outcome != o.Status:
			d = &Decision{Outcome: o.Status, Version: d.Version + 1, DecidedAt: o.when(), RevisedFrom: d.Outcome}
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

// ownEnd finds the end that we concluded ourselves, if it holds against what
// the provider is known to be doing.
func ownEnd(set []Observation, known Status) (Observation, bool) {
	var end Observation
	for _, o := range set {
		if !o.counts() || o.told() || !o.Status.Ended() {
			continue
		}
		if o.Source != SourceOperator && (known.HandedIn() || known.Ended()) {
			continue
		}
		if end.Status == "" || ownEndOrder(o, end) > 0 {
			end = o
		}
	}
	return end, end.Status != ""
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

// documentExpiry takes the newest word on when the document runs out.
func documentExpiry(set []Observation) time.Time {
	var newest Observation
	for _, o := range set {
		if o.DocumentExpiresAt.IsZero() || o.Test || o.Unknown {
			continue
		}
		later := cmp.Or(
			o.OccurredAt.Compare(newest.OccurredAt),
			// Equally old words: the shorter life is the safer reading.
			newest.DocumentExpiresAt.Compare(o.DocumentExpiresAt),
			cmp.Compare(o.Fingerprint, newest.Fingerprint),
		)
		if newest.DocumentExpiresAt.IsZero() || later > 0 {
			newest = o
		}
	}
	return newest.DocumentExpiresAt
}
