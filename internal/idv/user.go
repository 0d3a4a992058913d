package idv

import (
	"cmp"
	"slices"
	"time"
)

// Standing is what a user's status needs to know of one session.
type Standing struct {
	SessionID string
	Provider  string
	CreatedAt time.Time
	State     State
}

// Verification is the normalized status of a user at one moment.
type Verification struct {
	Status        UserStatus
	SessionID     string // the session that says so, empty for unverified
	Provider      string
	OpenSessionID string // the newest open session, if there is one
	Reasons       []Reason
	VerifiedAt    time.Time // when the approval was decided, for verified and expired
	ExpiresAt     time.Time // until when it counts, zero for ever
	// ChangesAt is when the passing of time alone will change this object,
	// zero if it never will.
	ChangesAt time.Time
}

// FoldUser reads a user's status off the states of the user's sessions.
// validFor is how long an approval counts from its decision, 0 for ever. The
// order of the sessions does not matter.
func FoldUser(sessions []Standing, validFor time.Duration, now time.Time) Verification {
	v := Verification{Status: UserUnverified}
	open, hasOpen := newest(sessions, func(s Standing) (time.Time, bool) {
		return s.CreatedAt, s.State.Status.Open()
	})
	decided, hasDecision := newest(sessions, func(s Standing) (time.Time, bool) {
		if s.State.Decision == nil {
			return time.Time{}, false
		}
		return s.State.Decision.DecidedAt, true
	})
	if hasDecision {
		v = verdict(decided, validFor, now)
	}
	if !hasOpen {
		return v
	}
	if v.Status != UserVerified {
		v = Verification{
			Status:    openStatus(open.State.Status),
			SessionID: open.SessionID,
			Provider:  open.Provider,
			Reasons:   open.State.Reasons,
		}
	}
	v.OpenSessionID = open.SessionID
	return v
}

func newest(sessions []Standing, at func(Standing) (time.Time, bool)) (best Standing, found bool) {
	var bestAt time.Time
	for _, s := range sessions {
		t, ok := at(s)
		if !ok {
			continue
		}
		if !found || cmp.Or(t.Compare(bestAt), cmp.Compare(s.SessionID, best.SessionID)) > 0 {
			best, bestAt, found = s, t, true
		}
	}
	return best, found
}

func verdict(s Standing, validFor time.Duration, now time.Time) Verification {
	v := Verification{SessionID: s.SessionID, Provider: s.Provider}
	if s.State.Status.Decided() {
		// Of a session that is open again, the reasons are for trying again.
		v.Reasons = s.State.Reasons
	}
	if s.State.Decision.Outcome == Declined {
		v.Status = UserRejected
		if s.State.EverApproved {
			v.Status = UserRevoked
		}
		return v
	}
	v.VerifiedAt = s.State.Decision.DecidedAt
	v.ExpiresAt = s.State.countsUntil(validFor)
	if !v.ExpiresAt.IsZero() && !now.Before(v.ExpiresAt) {
		v.Status = UserExpired
		return v
	}
	v.Status, v.ChangesAt = UserVerified, v.ExpiresAt
	return v
}

// Counts reports whether an approval stands and still counts at the given time.
// validFor is how long one counts from its decision, 0 for ever.
func (s State) Counts(validFor time.Duration, at time.Time) bool {
	if s.Decision == nil || s.Decision.Outcome != Approved {
		return false
	}
	until := s.countsUntil(validFor)
	return until.IsZero() || at.Before(until)
}

// countsUntil gives the earlier of an approval's two limits, zero if it has none.
func (s State) countsUntil(validFor time.Duration) time.Time {
	var limits []time.Time
	if validFor > 0 {
		limits = append(limits, s.Decision.DecidedAt.Add(validFor))
	}
	if !s.DocumentExpiresAt.IsZero() {
		limits = append(limits, s.DocumentExpiresAt)
	}
	if len(limits) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(limits, time.Time.Compare)
}

func openStatus(s Status) UserStatus {
	switch s {
	case InReview:
		return UserInReview
	case ResubmissionRequested:
		return UserActionRequired
	default:
		return UserPending
	}
}
