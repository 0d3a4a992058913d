package idv_test

import (
	"slices"
	"testing"

	. "github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestExplain(t *testing.T) {
	type step struct {
		o      Observation
		effect Effect
		why    string
	}
	a, b := attempt("a"), attempt("b")
	tests := map[string][]step{
		"from create to a revised decision": {
			{created(Pending), EffectMoved, "moved the session from created to pending"},
			{told(InProgress, at(1)), EffectMoved, "moved the session from pending to in_progress"},
			{told(InReview, at(3)), EffectMoved, "moved the session from in_progress to in_review"},
			{told(Processing, at(2), heard(5)), EffectSuperseded, "the session is further along"},
			{told(Approved, at(6)), EffectMoved, "moved the session from in_review to approved"},
			{told(Approved, from(SourceFetch), at(8)), EffectNone, "confirms what is known"},
			{told(InReview, at(3), heard(10)), EffectNone, "repeats what was heard before"},
			{told(InReview, at(4), heard(10)), EffectSuperseded, "the session is decided"},
			{notice(NoticeAMLChanged, at(11)), EffectNone, "moves no status"},
			{told(Declined, at(12)), EffectRevised, "revised the decision from approved to declined"},
			{told(Approved, at(7), heard(14)), EffectSuperseded, "the provider's newer word stands, or the safer one of the same time"},
			{canceledHere(15), EffectSuperseded, "the session is decided"},
		},
		"what never counts": {
			{told(Approved, at(1), unknown), EffectParked, "a word of the provider that is not known here"},
			{told(Approved, at(2), test), EffectParked, "the provider's test flag contradicts the account's mode"},
			{told(Approved, at(3), partial), EffectNone, "does not count by itself: the truth is fetched"},
			{told("no_such_status", at(4)), EffectNone, "moves no status"},
		},
		"what is odd is told as well": {
			{told(Approved, at(1), odd("the review came before")), EffectMoved, "moved the session from created to approved; the review came before"},
			{told("", at(2), unknown, odd("unknown status \"levitated\"")), EffectParked, "a word of the provider that is not known here; unknown status \"levitated\""},
		},
		"tries": {
			{told(Processing, a, heard(1)), EffectMoved, "moved the session from created to processing"},
			{told(ResubmissionRequested, a, at(2)), EffectMoved, "moved the session from processing to resubmission_requested"},
			{told(InProgress, b, heard(4)), EffectMoved, "moved the session from resubmission_requested to in_progress"},
			{told(InProgress, a, heard(5)), EffectSuperseded, "belongs to an earlier try of the user"},
		},
		"a decision on an earlier try": {
			{told(ResubmissionRequested, a, at(2)), EffectMoved, "moved the session from created to resubmission_requested"},
			{told(InProgress, b, heard(4)), EffectMoved, "moved the session from resubmission_requested to in_progress"},
			{told(Approved, a, at(6)), EffectMoved, "moved the session from in_progress to approved"},
			{told(Approved, a, at(8), from(SourceFetch)), EffectNone, "confirms what is known"},
		},
		"a request that is heard late moves as well": {
			{told(Processing, a, heard(1)), EffectMoved, "moved the session from created to processing"},
			{told(InProgress, b, heard(4)), EffectSuperseded, "the session is further along"},
			{told(ResubmissionRequested, a, at(2), heard(9)), EffectMoved, "moved the session from processing to in_progress"},
		},
		"our own conclusions": {
			{told(Processing, at(1)), EffectMoved, "moved the session from created to processing"},
			{linkRanOut(60), EffectSuperseded, "the provider is at work on the session"},
			{canceledHere(70), EffectMoved, "moved the session from processing to canceled"},
			{told(InReview, at(80)), EffectSuperseded, "the session has ended"},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			var observations []Observation
			var want []Explanation
			for _, s := range steps {
				observations = append(observations, s.o)
				want = append(want, Explanation{Observation: s.o, Effect: s.effect, Why: s.why})
			}
			if diff := cmp.Diff(want, Explain(observations)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestExplainTellsEveryChange: folding what was heard one by one, the status
// changes where something moved or revised and nowhere else, and all of it
// together is the state.
func TestExplainTellsEveryChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		explanations := Explain(set)
		if len(explanations) != len(set) {
			t.Fatalf("%d explanations of %d observations", len(explanations), len(set))
		}
		var heard []Observation
		state := Fold(nil)
		for i, e := range explanations {
			if e.Observation.Fingerprint != set[i].Fingerprint {
				t.Fatal("not in the order of the input")
			}
			if !slices.Contains(Effects(), e.Effect) || e.Why == "" {
				t.Fatalf("effect is %q, because %q", e.Effect, e.Why)
			}
			heard = append(heard, e.Observation)
			after := Fold(heard)
			revised := state.Decision != nil && state.Decision.Outcome != after.Decision.Outcome
			changed := state.Status != after.Status
			if revised != (e.Effect == EffectRevised) || (changed && !revised) != (e.Effect == EffectMoved) {
				t.Fatalf("%s from %s to %s", e.Effect, state.Status, after.Status)
			}
			state = after
		}
		if diff := cmp.Diff(Fold(set), state); diff != "" {
			t.Fatalf("the last state is not that of the set:\n%s", diff)
		}
	})
}

// TestExplainKeepsTheOrderOfTheInput, in which the observations were taken into
// account: one that was heard first and worked last moved nothing.
func TestExplainKeepsTheOrderOfTheInput(t *testing.T) {
	processing, approved := told(Processing, at(1), heard(8)), told(Approved, at(2), heard(9))
	for _, c := range []struct {
		order   []Observation
		effects []Effect
	}{
		{[]Observation{processing, approved}, []Effect{EffectMoved, EffectMoved}},
		{[]Observation{approved, processing}, []Effect{EffectMoved, EffectSuperseded}},
	} {
		for i, e := range Explain(c.order) {
			if e.Observation.Status != c.order[i].Status || e.Effect != c.effects[i] {
				t.Errorf("place %d has %s, which %s", i, e.Observation.Status, e.Effect)
			}
		}
	}
}
