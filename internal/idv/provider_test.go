package idv_test

import (
	"slices"
	"testing"
	"time"

	. "github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/google/go-cmp/cmp"
)

func TestSettingsList(t *testing.T) {
	tests := map[string][]string{
		"":                  nil,
		" ":                 nil,
		",, ,":              nil,
		"one":               {"one"},
		"first,second":      {"first", "second"},
		" first ,\tsecond,": {"first", "second"},
		"a b,c=d==":         {"a b", "c=d=="},
	}
	for value, want := range tests {
		if got := (Settings{"SECRET": value}).List("SECRET"); !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", value, got, want)
		}
	}
	if got := Settings(nil).List("SECRET"); got != nil {
		t.Errorf("no settings give %q", got)
	}
}

func TestAfterDay(t *testing.T) {
	tests := map[string]time.Time{
		"2031-05-09": time.Date(2031, 5, 10, 0, 0, 0, 0, time.UTC),
		"2028-02-29": time.Date(2028, 3, 1, 0, 0, 0, 0, time.UTC),
		"2026-12-31": time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		"2027-02-29": {},
		"09.05.2031": {},
		"":           {},
	}
	for day, want := range tests {
		if got := AfterDay(day); !got.Equal(want) {
			t.Errorf("%q gives %v, want %v", day, got, want)
		}
	}
}

// TestUpdateObservation: nothing that the fold reads is lost on the way.
func TestUpdateObservation(t *testing.T) {
	n := &Notice{Kind: NoticeFraudAlert}
	u := Update{
		OccurredAt: minute(1), ProviderStatus: "rejected", Status: Declined, Attempt: "a",
		Unknown: true, Partial: true, Test: true,
		Reasons: []Reason{NewReason(ReasonScoreLow, "31")}, Notice: n, DocumentExpiresAt: minute(9),
	}
	want := Observation{
		Fingerprint: "f", Source: SourceFetch, HeardAt: minute(2),
		OccurredAt: minute(1), ProviderStatus: "rejected", Status: Declined, Attempt: "a",
		Unknown: true, Partial: true, Test: true,
		Reasons: []Reason{NewReason(ReasonScoreLow, "31")}, Notice: n, DocumentExpiresAt: minute(9),
	}
	if diff := cmp.Diff(want, u.Observation(SourceFetch, "f", minute(2))); diff != "" {
		t.Error(diff)
	}
}
