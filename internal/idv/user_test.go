package idv_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const year = 365 * 24 * time.Hour

// standing is a session that was made at the given minute and of which this
// was told.
func standing(id string, createdAt float64, observations ...Observation) Standing {
	return Standing{SessionID: id, Provider: "kora", CreatedAt: minute(createdAt), State: Fold(observations)}
}

// TestUserStatus has each row of the contract's table, and where rows meet.
func TestUserStatus(t *testing.T) {
	approvedAt5 := standing("ses_1", 0, told(Approved, at(5)))
	declinedAt5 := standing("ses_1", 0, told(Declined, at(5), because(ReasonFaceMismatch)))
	withdrawn := standing("ses_1", 0, told(Approved, at(5)), told(Declined, at(50), because(ReasonFraudSuspected)))
	openAt := func(m float64, s Status) Standing { return standing("ses_2", m, told(s, at(m+1))) }

	verified := func(id string, decidedAt float64, validFor time.Duration) Verification {
		expires := minute(decidedAt).Add(validFor)
		return Verification{Status: UserVerified, SessionID: id, Provider: "kora", VerifiedAt: minute(decidedAt), ExpiresAt: expires, ChangesAt: expires}
	}
	with := func(v Verification, openID string) Verification {
		v.OpenSessionID = openID
		return v
	}
	open := func(s UserStatus) Verification {
		return Verification{Status: s, SessionID: "ses_2", Provider: "kora", OpenSessionID: "ses_2"}
	}

	tests := map[string]struct {
		sessions []Standing
		now      time.Time
		want     Verification
	}{
		"unverified: no session": {nil, minute(100), Verification{Status: UserUnverified}},
		"unverified: none that still matters": {
			[]Standing{
				standing("ses_1", 0, linkRanOut(60)), standing("ses_2", 1, canceledHere(5)), standing("ses_3", 2, createFailed(3)),
			},
			minute(100),
			Verification{Status: UserUnverified},
		},
		"pending: recorded here":       {[]Standing{standing("ses_2", 0)}, minute(1), open(UserPending)},
		"pending: waits for the user":  {[]Standing{openAt(0, Pending)}, minute(9), open(UserPending)},
		"pending: capturing":           {[]Standing{openAt(0, InProgress)}, minute(9), open(UserPending)},
		"pending: handed in":           {[]Standing{openAt(0, Processing)}, minute(9), open(UserPending)},
		"in_review":                    {[]Standing{openAt(0, InReview)}, minute(9), open(UserInReview)},
		"action_required":              {[]Standing{openAt(0, ResubmissionRequested)}, minute(9), open(UserActionRequired)},
		"verified":                     {[]Standing{approvedAt5}, minute(9), verified("ses_1", 5, year)},
		"verified: verifies again":     {[]Standing{approvedAt5, openAt(20, InReview)}, minute(30), with(verified("ses_1", 5, year), "ses_2")},
		"verified: the newer approval": {[]Standing{approvedAt5, standing("ses_2", 20, told(Approved, at(25)))}, minute(30), verified("ses_2", 25, year)},
		"verified: asked to try again in the same session": {
			[]Standing{standing("ses_1", 0, told(Approved, at(5)), told(ResubmissionRequested, at(9)), told(Processing, at(12)), told(ResubmissionRequested, at(15), because(ReasonDocumentExpired)))},
			minute(30), with(verified("ses_1", 5, year), "ses_1"),
		},
		"verified: a decline was revised": {
			[]Standing{standing("ses_1", 0, told(Declined, at(5)), told(Approved, at(9)))}, minute(30), verified("ses_1", 9, year),
		},
		"rejected": {
			[]Standing{declinedAt5},
			minute(9),
			Verification{Status: UserRejected, SessionID: "ses_1", Provider: "kora", Reasons: []Reason{NewReason(ReasonFaceMismatch, "")}},
		},
		"rejected: in another session than the approval": {
			[]Standing{approvedAt5, standing("ses_2", 20, told(Declined, at(25)))},
			minute(30),
			Verification{Status: UserRejected, SessionID: "ses_2", Provider: "kora"},
		},
		"rejected, and tries again": {[]Standing{declinedAt5, openAt(20, InProgress)}, minute(30), open(UserPending)},
		"rejected, and must try again": {
			[]Standing{standing("ses_2", 0, told(Declined, at(5)), told(ResubmissionRequested, at(9)), told(ResubmissionRequested, at(12)))},
			minute(30), open(UserActionRequired),
		},
		"revoked": {
			[]Standing{withdrawn},
			minute(60),
			Verification{Status: UserRevoked, SessionID: "ses_1", Provider: "kora", Reasons: []Reason{NewReason(ReasonFraudSuspected, "")}},
		},
		"revoked: with another try in between": {
			[]Standing{standing("ses_1", 0, told(Approved, at(5)), told(ResubmissionRequested, at(9)), told(Declined, at(20)))},
			minute(60),
			Verification{Status: UserRevoked, SessionID: "ses_1", Provider: "kora"},
		},
		"revoked, and verifies again": {[]Standing{withdrawn, openAt(55, Processing)}, minute(60), open(UserPending)},
		"revoked, and approved elsewhere": {
			[]Standing{withdrawn, standing("ses_2", 55, told(Approved, at(58)))}, minute(60), verified("ses_2", 58, year),
		},
		"revoked: the older session's withdrawal is the newest decision": {
			[]Standing{withdrawn, standing("ses_2", 10, told(Approved, at(15)))},
			minute(60),
			Verification{Status: UserRevoked, SessionID: "ses_1", Provider: "kora", Reasons: []Reason{NewReason(ReasonFraudSuspected, "")}},
		},
		"expired: age": {
			[]Standing{approvedAt5},
			minute(5).Add(year),
			Verification{Status: UserExpired, SessionID: "ses_1", Provider: "kora", VerifiedAt: minute(5), ExpiresAt: minute(5).Add(year)},
		},
		"expired: the document lapsed": {
			[]Standing{standing("ses_1", 0, told(Approved, at(5)), notice(NoticeDocumentExpired, at(5000), documentUntil(minute(4999))))},
			minute(5000),
			Verification{Status: UserExpired, SessionID: "ses_1", Provider: "kora", VerifiedAt: minute(5), ExpiresAt: minute(4999)},
		},
		"expired, and verifies again": {
			[]Standing{approvedAt5, standing("ses_2", 20, told(Pending, at(21)))}, minute(6).Add(year), open(UserPending),
		},
		"the newest of the open sessions": {
			[]Standing{standing("ses_1", 0, told(InReview, at(5))), openAt(20, Pending)}, minute(30), open(UserPending),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, FoldUser(tt.sessions, year, tt.now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestApprovalCountsUntil(t *testing.T) {
	decided := minute(5)
	tests := map[string]struct {
		validFor time.Duration
		document time.Time
		want     time.Time
	}{
		"for ever":                    {0, time.Time{}, time.Time{}},
		"the policy":                  {year, time.Time{}, decided.Add(year)},
		"the document, however long":  {0, decided.Add(5 * year), decided.Add(5 * year)},
		"the document before policy":  {year, decided.Add(year / 2), decided.Add(year / 2)},
		"the policy before document":  {year, decided.Add(2 * year), decided.Add(year)},
		"a document that had run out": {year, decided.Add(-year), decided.Add(-year)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := []Standing{standing("ses_1", 0, told(Approved, at(5), documentUntil(tt.document)))}
			got := FoldUser(s, tt.validFor, decided.Add(time.Minute))
			if !got.ExpiresAt.Equal(tt.want) {
				t.Errorf("expires at %v, want %v", got.ExpiresAt, tt.want)
			}
			counts := tt.want.IsZero() || tt.want.After(decided.Add(time.Minute))
			if counts != (got.Status == UserVerified) {
				t.Errorf("status is %s", got.Status)
			}
		})
	}
}

// users draws the sessions of a user with a policy.
func users(t *rapid.T) ([]Standing, time.Duration) {
	var sessions []Standing
	for i := range rapid.IntRange(0, 4).Draw(t, "sessions") {
		s := standing(fmt.Sprint("ses_", i), 0, observations().Draw(t, "observations")...)
		s.CreatedAt = anyMinute(t)
		sessions = append(sessions, s)
	}
	return sessions, time.Duration(rapid.IntRange(0, 20).Draw(t, "validFor")) * time.Minute
}

func TestOrderOfSessionsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sessions, validFor := users(t)
		now := anyMinute(t)
		again := rapid.Permutation(sessions).Draw(t, "permutation")
		if diff := cmp.Diff(FoldUser(sessions, validFor, now), FoldUser(again, validFor, now)); diff != "" {
			t.Fatalf("another order gives another status:\n%s", diff)
		}
	})
}

// TestVerifiedOnlyByTheNewestDecision, as an independent reading has it.
func TestVerifiedOnlyByTheNewestDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sessions, validFor := users(t)
		now := anyMinute(t)
		got := FoldUser(sessions, validFor, now)

		var newest time.Time
		open := false
		for _, s := range sessions {
			open = open || s.State.Status.Open()
			if d := s.State.Decision; d != nil && d.DecidedAt.After(newest) {
				newest = d.DecidedAt
			}
		}
		counts := false
		for _, s := range sessions {
			d := s.State.Decision
			if d == nil || !d.DecidedAt.Equal(newest) || d.Outcome != Approved {
				continue
			}
			aged := validFor > 0 && !now.Before(newest.Add(validFor))
			lapsed := !s.State.DocumentExpiresAt.IsZero() && !now.Before(s.State.DocumentExpiresAt)
			counts = counts || !aged && !lapsed
		}
		if got.Status == UserVerified && !counts {
			t.Fatalf("verified without a newest decision that counts: %+v", got)
		}
		if open != (got.OpenSessionID != "") {
			t.Fatalf("open session is %q", got.OpenSessionID)
		}
		shows := got.Status == UserPending || got.Status == UserInReview || got.Status == UserActionRequired
		if shows != (open && got.Status != UserVerified) {
			t.Fatalf("status is %s, open %v", got.Status, open)
		}
	})
}

// TestChangesAtIsExact: nothing changes before, and the status changes then.
func TestChangesAtIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sessions, validFor := users(t)
		now := anyMinute(t)
		got := FoldUser(sessions, validFor, now)
		if got.ChangesAt.IsZero() {
			if later := FoldUser(sessions, validFor, now.Add(100*year)); !cmp.Equal(got, later) {
				t.Fatalf("changes from %+v to %+v and did not say when", got, later)
			}
			return
		}
		if !got.ChangesAt.After(now) {
			t.Fatalf("changes at %v, which is not after %v", got.ChangesAt, now)
		}
		if before := FoldUser(sessions, validFor, got.ChangesAt.Add(-time.Millisecond)); !cmp.Equal(got, before) {
			t.Fatalf("changed early: %s", cmp.Diff(got, before))
		}
		if at := FoldUser(sessions, validFor, got.ChangesAt); at.Status == got.Status {
			t.Fatalf("still %s at %v", at.Status, got.ChangesAt)
		}
	})
}
