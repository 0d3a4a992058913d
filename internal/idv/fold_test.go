package idv_test

import (
	"slices"
	"testing"

	. "github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestOrderAndRepetitionDoNotMatter is the first property of the fold.
func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		again := rapid.Permutation(set).Draw(t, "permutation")
		if len(set) > 0 {
			for _, o := range rapid.SliceOfN(rapid.SampledFrom(set), 0, 5).Draw(t, "repeated") {
				o.HeardAt = o.HeardAt.Add(anyMinute(t).Sub(began))
				o.DeliveryID = "whd_again"
				again = slices.Insert(again, rapid.IntRange(0, len(again)).Draw(t, "place"), o)
			}
		}
		if diff := cmp.Diff(Fold(set), Fold(again)); diff != "" {
			t.Fatalf("another order or a repetition gives another state:\n%s", diff)
		}
	})
}

// TestFoldLeavesItsInputAlone: the caller's slice keeps its order.
func TestFoldLeavesItsInputAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		before := slices.Clone(set)
		Fold(set)
		Explain(set)
		if diff := cmp.Diff(before, set); diff != "" {
			t.Fatalf("the input was changed:\n%s", diff)
		}
	})
}

// TestArrivalDoesNotMatter: for every shape of provider, whatever the order in
// which its words arrive, the session ends where the provider has it.
func TestArrivalDoesNotMatter(t *testing.T) {
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := s.history(t)
				got := Fold(h.arrival(t))
				if got.Status != h.status {
					t.Fatalf("status is %s, want %s", got.Status, h.status)
				}
				checkDecision(t, got, h.outcomes)
			})
		})
	}
}

// checkDecision compares the decision with what the outcomes in their order
// amount to.
func checkDecision(t *rapid.T, got State, outcomes []Status) {
	if got.EverApproved != slices.Contains(outcomes, Approved) {
		t.Fatalf("ever approved is %v after %v", got.EverApproved, outcomes)
	}
	runs := slices.Compact(slices.Clone(outcomes))
	if len(runs) == 0 {
		if got.Decision != nil {
			t.Fatalf("decision is %+v, want none", got.Decision)
		}
		return
	}
	want := Decision{Outcome: runs[len(runs)-1], Version: len(runs)}
	if len(runs) > 1 {
		want.RevisedFrom = runs[len(runs)-2]
	}
	if got.Decision == nil {
		t.Fatalf("no decision, want %+v", want)
	}
	want.DecidedAt = got.Decision.DecidedAt
	if diff := cmp.Diff(want, *got.Decision); diff != "" {
		t.Fatalf("decision after %v:\n%s", outcomes, diff)
	}
}

// TestDecidedAtIsTheFirstOfItsRun and is not prolonged by confirmations.
func TestDecidedAtIsTheFirstOfItsRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		outcomes := rapid.SliceOfN(rapid.SampledFrom([]Status{Approved, Declined}), 1, 8).Draw(t, "outcomes")
		var set []Observation
		begins := 0
		for i, outcome := range outcomes {
			set = append(set, told(outcome, at(float64(i))))
			if i > 0 && outcomes[i-1] != outcome {
				begins = i
			}
		}
		got := Fold(rapid.Permutation(set).Draw(t, "arrival"))
		if !got.Decision.DecidedAt.Equal(minute(float64(begins))) {
			t.Fatalf("decided at %v, want minute %d of %v", got.Decision.DecidedAt, begins, outcomes)
		}
	})
}

// TestDecisionStands: neither progress nor an end, old or new, from whomever,
// leaves a decision.
func TestDecisionStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		outcome := rapid.SampledFrom([]Status{Approved, Declined}).Draw(t, "outcome")
		set = append(set, told(outcome, at(afterwards)))
		before := Fold(set)
		if before.Status != outcome {
			t.Fatalf("status is %s after the latest decision, want %s", before.Status, outcome)
		}
		o := rapid.Custom(anyObservation).Filter(func(o Observation) bool {
			return !o.Status.Decided() && o.Status != ResubmissionRequested
		}).Draw(t, "other")
		o.Fingerprint = "other"
		if oneIn(t, 2) {
			o.OccurredAt = minute(2 * afterwards)
		}
		after := Fold(append(set, o))
		if diff := cmp.Diff(before.Decision, after.Decision); diff != "" || after.Status != outcome {
			t.Fatalf("status is %s after %+v, and the decision changed:\n%s", after.Status, o, diff)
		}
	})
}

// TestLocalEndsHideNoDecision, nor do they change one.
func TestLocalEndsHideNoDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		before := Fold(set)
		m := float64(rapid.IntRange(0, 2*afterwards).Draw(t, "minute"))
		end := rapid.SampledFrom([]Observation{canceledHere(m), linkRanOut(m), createFailed(m)}).Draw(t, "end")
		after := Fold(append(set, end))
		if diff := cmp.Diff(before.Decision, after.Decision); diff != "" {
			t.Fatalf("%s changed the decision:\n%s", end.Status, diff)
		}
		if before.Status.Decided() && after.Status != before.Status {
			t.Fatalf("%s hides %s", end.Status, before.Status)
		}
	})
}

// TestNothingOldMovesBack: within a round more is never less.
func TestNothingOldMovesBack(t *testing.T) {
	place := func(s Status) int { return slices.Index(Statuses(), s) }
	rapid.Check(t, func(t *rapid.T) {
		set := slices.DeleteFunc(observations().Draw(t, "set"), func(o Observation) bool {
			return !fromProvider(o) || o.Status == ResubmissionRequested
		})
		before := Fold(set)
		o := rapid.Custom(anyObservation).Filter(func(o Observation) bool {
			return fromProvider(o) && o.Status.Open() && o.Status != ResubmissionRequested
		}).Draw(t, "progress")
		o.Fingerprint = "progress"
		after := Fold(append(set, o))
		if place(after.Status) < place(before.Status) {
			t.Fatalf("%s moved the session back from %s to %s", o.Status, before.Status, after.Status)
		}
	})
}

// TestOldRoundsMoveNothing: once a newer round is heard of, progress of an
// attempt that was closed, or from before its closing, changes no status.
func TestOldRoundsMoveNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempts := oneIn(t, 2)
		name := func(id string) option {
			if attempts {
				return attempt(id)
			}
			return attempt("")
		}
		now := rapid.SampledFrom([]Status{Pending, InProgress, Processing, InReview}).Draw(t, "now")
		set := []Observation{told(ResubmissionRequested, name("old"), at(50)), told(now, name("new"), at(60))}
		for i, s := range rapid.SliceOf(rapid.SampledFrom(Statuses())).Draw(t, "old") {
			if s.Decided() {
				continue
			}
			set = append(set, told(s, name("old"), at(float64(i%50)), heard(200)))
		}
		if got := Fold(rapid.Permutation(set).Draw(t, "arrival")); got.Status != now || got.Decision != nil {
			t.Fatalf("status is %s, want %s", got.Status, now)
		}
	})
}

// TestResubmissionOpensANewRound: whatever was, what a newer attempt does
// counts again.
func TestResubmissionOpensANewRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Only a wish of ours holds against the provider.
		set := slices.DeleteFunc(observations().Draw(t, "set"), func(o Observation) bool { return o.Source == SourceOperator })
		before := Fold(set)
		// The request for the attempt that runs, or of a provider without attempts.
		id := rapid.SampledFrom([]string{"", "running"}).Draw(t, "attempt")
		set = append(set, told(ResubmissionRequested, attempt(id), at(afterwards)))
		asked := Fold(set)
		want := ResubmissionRequested
		if before.Status.Decided() {
			want = before.Status
		}
		// Asked once more, the user is in a newer round than the decision already.
		again := slices.ContainsFunc(set[:len(set)-1], func(o Observation) bool { return o.Status == ResubmissionRequested })
		if asked.Status != want && !(again && asked.Status == ResubmissionRequested) {
			t.Fatalf("status is %s, want %s", asked.Status, want)
		}
		if diff := cmp.Diff(before.Decision, asked.Decision); diff != "" {
			t.Fatalf("the request changed the decision:\n%s", diff)
		}

		progress := rapid.SampledFrom([]Status{Pending, InProgress, Processing, InReview}).Draw(t, "progress")
		next := told(progress, attempt("next"), heard(afterwards+1))
		if id == "" {
			next = told(progress, at(afterwards+1))
		}
		set = append(set, next)
		if got := Fold(set); got.Status != progress {
			t.Fatalf("status is %s in the new round, want %s", got.Status, progress)
		}
		late := told(rapid.SampledFrom([]Status{Pending, InProgress, Processing, InReview, ResubmissionRequested}).Draw(t, "late"),
			attempt(id), at(afterwards), heard(afterwards+5), word("late"))
		if got := Fold(append(set, late)); got.Status != progress {
			t.Fatalf("status is %s after a late word of the old round, want %s", got.Status, progress)
		}
	})
}

// TestLaterDecisionRevises: the outcome is the later one, and the version
// counts the change and never falls.
func TestLaterDecisionRevises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		before := Fold(set)
		outcome := rapid.SampledFrom([]Status{Approved, Declined}).Draw(t, "outcome")
		id := rapid.SampledFrom([]string{"", "newer"}).Draw(t, "attempt")
		after := Fold(append(set, told(outcome, attempt(id), at(afterwards))))

		want := Decision{Outcome: outcome, Version: 1, DecidedAt: minute(afterwards)}
		if d := before.Decision; d != nil {
			want.Version, want.RevisedFrom = d.Version+1, d.Outcome
			if d.Outcome == outcome {
				want = *d
			}
		}
		if after.Status != outcome {
			t.Fatalf("status is %s, want %s", after.Status, outcome)
		}
		if diff := cmp.Diff(&want, after.Decision); diff != "" {
			t.Fatalf("decision:\n%s", diff)
		}
	})
}

// TestOlderDecisionIsHistory: it may count in the version, which never falls,
// and does not change the outcome.
func TestOlderDecisionIsHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := append(observations().Draw(t, "set"), told(Approved, at(afterwards)), told(Declined, at(afterwards+1)))
		before := Fold(set)
		older := told(rapid.SampledFrom([]Status{Approved, Declined}).Draw(t, "outcome"), word("older"),
			at(float64(rapid.IntRange(0, afterwards-1).Draw(t, "minute"))))
		after := Fold(append(set, older))
		if after.Status != Declined || after.Decision.Outcome != Declined || after.Decision.Version < before.Decision.Version {
			t.Fatalf("%s at %v: decision was %+v and is %+v", older.Status, older.OccurredAt, before.Decision, after.Decision)
		}
	})
}

// TestContradictionOfTheSameTimeIsDeclined.
func TestContradictionOfTheSameTimeIsDeclined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		id := rapid.SampledFrom([]string{"", "newer"}).Draw(t, "attempt")
		set = append(set, told(Approved, attempt(id), at(afterwards)), told(Declined, attempt(id), at(afterwards)))
		if got := Fold(rapid.Permutation(set).Draw(t, "order")); got.Status != Declined || got.Decision.Outcome != Declined {
			t.Fatalf("status is %s, decision %+v", got.Status, got.Decision)
		}
	})
}

// TestUnknownChangesNothing, and neither does a test or what is partial.
func TestUnknownChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		o := rapid.Custom(anyObservation).Draw(t, "odd")
		o.Fingerprint = "odd"
		if !o.Unknown && !o.Test && (!o.Partial || o.Status == "") {
			o.Unknown = true
		}
		if diff := cmp.Diff(Fold(set), Fold(append(set, o))); diff != "" {
			t.Fatalf("%+v changed the state:\n%s", o, diff)
		}
	})
}

// TestApprovedOnlyByTheProvider: nothing but a word of the provider that is
// known, whole and no test approves anybody.
func TestApprovedOnlyByTheProvider(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := observations().Draw(t, "set")
		genuine := slices.ContainsFunc(set, func(o Observation) bool {
			return fromProvider(o) && o.Status == Approved && !o.Unknown && !o.Partial && !o.Test
		})
		got := Fold(set)
		approved := got.Status == Approved || got.EverApproved || got.Decision != nil && got.Decision.Outcome == Approved
		if approved && !genuine {
			t.Fatalf("approved without a genuine approval: %+v", got)
		}
		if genuine != got.EverApproved {
			t.Fatalf("ever approved is %v, want %v", got.EverApproved, genuine)
		}
	})
}

// TestStateIsWhole: the parts of a state agree with each other.
func TestStateIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := Fold(observations().Draw(t, "set"))
		d := got.Decision
		switch {
		case !got.Status.Valid():
			t.Fatalf("status is %q", got.Status)
		case got.Status.Decided() && (d == nil || d.Outcome != got.Status):
			t.Fatalf("status is %s, decision %+v", got.Status, d)
		case got.Status.Ended() && d != nil:
			t.Fatalf("%s hides the decision %+v", got.Status, d)
		case d != nil && (!d.Outcome.Decided() || d.DecidedAt.IsZero() || (d.Version == 1) != (d.RevisedFrom == "") || d.RevisedFrom == d.Outcome):
			t.Fatalf("decision is %+v", d)
		}
	})
}
