package idv_test

import (
	"fmt"
	"testing"

	. "github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A session that is asked about a hundred times while a human decides has heard
// one thing.
func TestAnswersThatRepeatThemselvesNeedNotBeKept(t *testing.T) {
	said := []Observation{told(Pending, from(SourceCreate), word("create"))}
	kept := 0
	hear := func(status Status, n int) {
		o := told(status, from(SourceFetch), at(float64(n)), word(fmt.Sprint("read", n)))
		o.ProviderStatus = string(status)
		if !Repeats(said, o) {
			said = append(said, o)
			kept++
		}
	}
	for n := range 100 {
		hear(InReview, n)
	}
	if kept != 1 {
		t.Errorf("%d of a hundred equal answers were kept, want the first", kept)
	}
	hear(Approved, 100)
	hear(Approved, 101) // confirms a decision as of now, which may matter for the order of decisions
	if kept != 3 || Fold(said).Status != Approved {
		t.Errorf("%d were kept, the session is %s", kept, Fold(said).Status)
	}
}

// Where leaving an answer away would change anything, it is kept.
func TestLeavingARepetitionAwayChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		heard := observations().Draw(t, "heard")
		o := anyObservation(t)
		if len(heard) > 0 && oneIn(t, 2) {
			last := &heard[len(heard)-1]
			last.Source = SourceFetch
			o.Source, o.ProviderStatus, o.Status, o.Attempt, o.Reasons, o.Notice = SourceFetch, last.ProviderStatus, last.Status, last.Attempt, last.Reasons, last.Notice
			o.Unknown, o.Partial, o.Test, o.DocumentExpiresAt = last.Unknown, last.Partial, last.Test, last.DocumentExpiresAt
			o.Why = last.Why
		}
		o.Fingerprint = "new"
		if !Repeats(heard, o) {
			return
		}
		if o.Status.Decided() || o.Source != SourceFetch {
			t.Fatalf("left away: %+v", o)
		}
		if diff := cmp.Diff(Fold(heard), Fold(append(heard, o))); diff != "" {
			t.Error(diff)
		}
	})
}
