package emulator

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Move is a step that a scenario takes by itself.
type Move struct {
	After  time.Duration // since the move before; 0 is Pace.Scenario
	Step   Step
	Reason string // empty takes the first choice
}

// scenarios gives the moves of every word: those that follow from the steps
// that the provider has, and its own.
func (p Profile) scenarios(pace Pace) map[string][]Move {
	all := map[string][]Move{}
	for word, step := range map[string]Step{
		"approve": Approve, "reject": Decline, "review": Review, "resubmit": Resubmit,
		"expired": Expire, "fraud": Fraud, "fail": Fail, "abandon": Abandon,
	} {
		if slices.Contains(p.Steps, step) {
			all[word] = []Move{{Step: step}}
		}
	}
	if slices.Contains(p.Steps, Approve) {
		all["slow"] = []Move{{After: pace.Slow, Step: Approve}}
	}
	for word, moves := range p.Scenarios {
		all[word] = moves
	}
	return all
}

// magic splits an externalUserId "test-<word>-…+<fault>+<fault>" into its word
// and its faults; ok is false for any other id.
func magic(externalUserID string) (word string, faults []string, ok bool) {
	rest, ok := strings.CutPrefix(externalUserID, "test-")
	if !ok {
		return "", nil, false
	}
	parts := strings.Split(rest, "+")
	word, _, _ = strings.Cut(parts[0], "-")
	return word, parts[1:], true
}

// play takes the moves one after the other until ctx ends.
func (s *Stage) play(ctx context.Context, id string, moves []Move) {
	for _, m := range moves {
		after := m.After
		if after == 0 {
			after = s.o.Pace.Scenario
		}
		if !sleep(ctx, after) {
			return
		}
		if _, err := s.Take(id, m.Step, m.Reason); err != nil {
			return
		}
	}
}

// sleep waits, and reports whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
