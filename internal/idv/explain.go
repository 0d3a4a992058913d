package idv

import (
	"fmt"
	"slices"
)

// Effect is what an observation did to its session when it was taken into account.
type Effect string // @name Effect

// The effects.
const (
	EffectMoved      Effect = "moved"      // it changed the status
	EffectNone       Effect = "none"       // it repeats or confirms what is known, or moves nothing
	EffectSuperseded Effect = "superseded" // it counts, but what is known is newer or further along
	EffectRevised    Effect = "revised"    // it changed the outcome of the decision there was
	EffectParked     Effect = "parked"     // kept and never counted
)

// Effects lists every effect.
func Effects() []Effect {
	return []Effect{EffectMoved, EffectNone, EffectSuperseded, EffectRevised, EffectParked}
}

// Explanation says what one observation did. Why is a short sentence for
// operators, without personal data: what came of it, then what is odd about it.
type Explanation struct {
	Observation Observation
	Effect      Effect
	Why         string
}

// Explain tells how a session got to where it is. The observations come in the
// order in which they were taken into account, which is how they are kept: where
// a delivery was worked late it is not that of HeardAt, and the statuses that the
// session really had follow from it alone. Each is told with what it did to what
// was known by then. Every change of the status is the doing of one observation
// that moved or revised.
func Explain(observations []Observation) []Explanation {
	var known []Observation
	var explanations []Explanation
	state := Fold(nil)
	for _, o := range observations {
		e := Explanation{Observation: o, Effect: EffectNone, Why: "repeats what was heard before"}
		if !slices.ContainsFunc(known, func(k Observation) bool { return k.Fingerprint == o.Fingerprint }) {
			known = append(known, o)
			after := Fold(known)
			e.Effect, e.Why = explain(known, o, state, after)
			state = after
		}
		if o.Why != "" {
			e.Why += "; " + o.Why
		}
		explanations = append(explanations, e)
	}
	return explanations
}

// explain says what o did, which is in known already.
func explain(known []Observation, o Observation, before, after State) (Effect, string) {
	switch {
	case o.Unknown:
		return EffectParked, "a word of the provider that is not known here"
	case o.Test:
		return EffectParked, "the provider's test flag contradicts the account's mode"
	case before.Decision != nil && after.Decision.Outcome != before.Decision.Outcome:
		return EffectRevised, fmt.Sprintf("revised the decision from %s to %s", before.Decision.Outcome, after.Decision.Outcome)
	case before.Status != after.Status:
		return EffectMoved, fmt.Sprintf("moved the session from %s to %s", before.Status, after.Status)
	case !o.Status.Valid():
		return EffectNone, "moves no status"
	case o.Partial:
		return EffectNone, "does not count by itself: the truth is fetched"
	case o.said() && !o.Status.Decided() && !inNewestRound(known, o):
		return EffectSuperseded, "belongs to an earlier try of the user"
	case o.Status == after.Status:
		return EffectNone, "confirms what is known"
	default:
		return EffectSuperseded, overtaken(o, after)
	}
}

func inNewestRound(known []Observation, o Observation) bool {
	rounds := roundsOf(known)
	return slices.ContainsFunc(rounds[len(rounds)-1], func(in Observation) bool { return in.Fingerprint == o.Fingerprint })
}

// overtaken says why an observation that counts did not change the state.
func overtaken(o Observation, state State) string {
	switch {
	case o.Status.Decided():
		return "the provider's newer word stands, or the safer one of the same time"
	case state.Status.Decided():
		return "the session is decided"
	case !o.told() && o.Status.Ended() && !state.Status.Ended():
		return "the provider is at work on the session"
	case state.Status.Ended():
		return "the session has ended"
	default:
		return "the session is further along"
	}
}
