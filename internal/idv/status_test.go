package idv_test

import (
	"slices"
	"testing"

	. "github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/google/go-cmp/cmp"
)

// TestStatusTable has each row of the contract's table of session statuses.
func TestStatusTable(t *testing.T) {
	const open, decided, ended = "open", "decided", "ended"
	rows := []struct {
		status   Status
		kind     string
		handedIn bool
	}{
		{"created", open, false},
		{"pending", open, false},
		{"in_progress", open, false},
		{"processing", open, true},
		{"in_review", open, true},
		{"resubmission_requested", open, false},
		{"approved", decided, false},
		{"declined", decided, false},
		{"expired", ended, false},
		{"canceled", ended, false},
		{"failed", ended, false},
	}
	var listed []Status
	for _, r := range rows {
		listed = append(listed, r.status)
		if !r.status.Valid() {
			t.Errorf("%s is not valid", r.status)
		}
		if r.status.Open() != (r.kind == open) || r.status.Decided() != (r.kind == decided) || r.status.Ended() != (r.kind == ended) {
			t.Errorf("%s: open %v, decided %v, ended %v", r.status, r.status.Open(), r.status.Decided(), r.status.Ended())
		}
		if r.status.HandedIn() != r.handedIn {
			t.Errorf("%s: handed in %v", r.status, r.status.HandedIn())
		}
		// A session of which nothing but this was told is in that status.
		if got := Fold([]Observation{told(r.status, at(1))}); got.Status != r.status {
			t.Errorf("told %s, the status is %s", r.status, got.Status)
		}
	}
	if diff := cmp.Diff(listed, Statuses()); diff != "" {
		t.Errorf("statuses (-contract +code):\n%s", diff)
	}
	for _, s := range []Status{"", "no_such_status", "Approved"} {
		if s.Valid() || s.Open() || s.Decided() || s.Ended() || s.HandedIn() {
			t.Errorf("%q is something", s)
		}
	}
}

func TestUserStatusTable(t *testing.T) {
	want := []UserStatus{"unverified", "pending", "in_review", "action_required", "verified", "rejected", "expired", "revoked"}
	if diff := cmp.Diff(want, UserStatuses()); diff != "" {
		t.Errorf("(-contract +code):\n%s", diff)
	}
}

// TestRankWithinARound: whichever of two is told first, the further one wins.
func TestRankWithinARound(t *testing.T) {
	ladder := []Status{Created, Pending, InProgress, Processing, InReview, ResubmissionRequested}
	for i, lower := range ladder {
		for _, higher := range slices.Concat(ladder[i+1:], []Status{Approved, Declined, Expired, Canceled, Failed}) {
			for _, times := range [][2]float64{{1, 1}, {1, 2}, {2, 1}} {
				if lower != ResubmissionRequested && higher == ResubmissionRequested && times[0] > times[1] ||
					lower == ResubmissionRequested && higher.Ended() && times[0] > times[1] {
					continue // another round
				}
				if got := Fold([]Observation{told(lower, at(times[0])), told(higher, at(times[1]))}); got.Status != higher {
					t.Errorf("%s at %v and %s at %v is %s", lower, times[0], higher, times[1], got.Status)
				}
			}
		}
	}
}

func TestListsHaveNoDoubles(t *testing.T) {
	lists := map[string][]string{
		"sources":      text(Sources()),
		"effects":      text(Effects()),
		"notice kinds": text(NoticeKinds()),
		"job kinds":    text(JobKinds()),
		"scopes":       text(Scopes()),
		"deliveries":   text(DeliveryStates()),
	}
	for name, list := range lists {
		slices.Sort(list)
		if len(list) == 0 || len(slices.Compact(slices.Clone(list))) != len(list) || slices.Contains(list, "") {
			t.Errorf("%s: %v", name, list)
		}
	}
}

func text[S ~string](list []S) []string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}
