package idv

import "slices"

// Status is the state of one session. The zero value means "moves nothing".
type Status string // @name SessionStatus

// The statuses of a session.
const (
	Created               Status = "created"                // recorded here, not yet confirmed by the provider
	Pending               Status = "pending"                // waits for the user to begin
	InProgress            Status = "in_progress"            // the user is capturing
	Processing            Status = "processing"             // handed in, the provider is working
	InReview              Status = "in_review"              // a human decides
	ResubmissionRequested Status = "resubmission_requested" // the user must try again
	Approved              Status = "approved"               // decided in the user's favour
	Declined              Status = "declined"               // decided against the user
	Expired               Status = "expired"                // ended because the time ran out
	Canceled              Status = "canceled"               // ended by somebody's wish
	Failed                Status = "failed"                 // ended by machinery, never the user's fault
)

// Statuses lists every status of a session, in the order of a session's life.
func Statuses() []Status {
	return []Status{
		Created, Pending, InProgress, Processing, InReview, ResubmissionRequested,
		Approved, Declined, Expired, Canceled, Failed,
	}
}

// Valid reports whether s is one of Statuses.
func (s Status) Valid() bool { return slices.Contains(Statuses(), s) }

// Open reports whether a session in this status can still move by itself.
func (s Status) Open() bool {
	switch s {
	case Created, Pending, InProgress, Processing, InReview, ResubmissionRequested:
		return true
	default:
		return false
	}
}

// Decided reports whether the status is a decision about the user.
func (s Status) Decided() bool { return s == Approved || s == Declined }

// Ended reports whether the session stopped without a decision.
func (s Status) Ended() bool { return s == Expired || s == Canceled || s == Failed }

// HandedIn reports whether the user's part is done and the provider's is not,
// so that the time limit of the link no longer applies.
func (s Status) HandedIn() bool { return s == Processing || s == InReview }

// rank orders the statuses within one round. A higher rank is never left for a
// lower one; among decisions, which time orders first, the safer one is higher.
func (s Status) rank() int {
	switch s {
	case Created:
		return 1
	case Pending:
		return 2
	case InProgress:
		return 3
	case Processing:
		return 4
	case InReview:
		return 5
	case ResubmissionRequested:
		return 6
	case Expired:
		return 7
	case Canceled:
		return 8
	case Failed:
		return 9
	case Approved:
		return 10
	case Declined:
		return 11
	default:
		return 0
	}
}

// UserStatus is the normalized verification status of a user.
type UserStatus string // @name UserStatus

// The statuses of a user.
const (
	UserUnverified     UserStatus = "unverified"      // no session, or none that still matters
	UserPending        UserStatus = "pending"         // an open session, nothing decided
	UserInReview       UserStatus = "in_review"       // an open session is with a human
	UserActionRequired UserStatus = "action_required" // the user must resubmit
	UserVerified       UserStatus = "verified"        // the newest decision is an approval that still counts
	UserRejected       UserStatus = "rejected"        // the newest decision is a decline, of a session that never made the user verified
	UserExpired        UserStatus = "expired"         // the approval no longer counts: age, or the document lapsed
	UserRevoked        UserStatus = "revoked"         // the approval that made the user verified was withdrawn by its provider
)

// UserStatuses lists every status of a user.
func UserStatuses() []UserStatus {
	return []UserStatus{
		UserUnverified, UserPending, UserInReview, UserActionRequired,
		UserVerified, UserRejected, UserExpired, UserRevoked,
	}
}
