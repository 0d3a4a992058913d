package idv

import "time"

// Session is one attempt to verify one user at one provider.
type Session struct {
	ID             string
	ExternalUserID string
	Provider       string
	Ref            Ref // empty until the provider confirmed it
	State          State
	// StartUnanswered: the create was sent and its answer was lost, so whether
	// the provider has the session is being settled.
	StartUnanswered bool
	Launch          Launch
	CallbackURL     string
	Metadata        map[string]string
	CreatedAt       time.Time
	UpdatedAt       time.Time
	ExpiresAt       time.Time
	AskedAt         time.Time // when the schedule last had its provider asked, zero if never
	// RedactedAt is when all that is personal of it was removed, zero if it is
	// there. Nothing is learned about such a session any more.
	RedactedAt time.Time
}

// Standing is what the user's status needs to know of the session.
func (s Session) Standing() Standing {
	return Standing{SessionID: s.ID, Provider: s.Provider, CreatedAt: s.CreatedAt, State: s.State}
}

// NewSession asks to record a session under the rule of one open session a user.
type NewSession struct {
	Session Session
	// Another: record it although the user has an open session, which then
	// yields its place. An open session that is not settled yet never yields.
	Another bool
	// Reverify: record it although the user is verified.
	Reverify bool
	Key      *IdempotencyKey // nil if the client sent none
	Jobs     []Job           // kept in the same transaction
}

// Claim is the answer to a NewSession.
type Claim struct {
	Kind ClaimKind
	// Session is the new one, or the one that stands in its way. Zero for
	// ClaimReplay and ClaimMismatch.
	Session Session
	Answer  Answer // for ClaimReplay
}

// ClaimKind says how a NewSession went.
type ClaimKind string

// How a NewSession can go. Only ClaimNew changed anything.
const (
	ClaimNew      ClaimKind = "new"      // recorded
	ClaimOpen     ClaimKind = "open"     // the user has this open session
	ClaimVerified ClaimKind = "verified" // the user is verified, by this session
	ClaimReplay   ClaimKind = "replay"   // the key was answered before
	ClaimSameKey  ClaimKind = "same_key" // the key made this session and has no answer yet
	ClaimMismatch ClaimKind = "mismatch" // the key was used for another request
)

// Change is everything that one thing we learned does to a session, in one
// transaction: either all of it is kept, or nothing.
type Change struct {
	SessionID    string
	Observations []Observation
	Started      *Started // the provider confirmed the session
	// StartUnanswered marks a create whose answer was lost.
	StartUnanswered bool
	Result          *Result
	Delivery        *DeliveryOutcome
	Key             *IdempotencyKey
	// Answer renders what to keep under Key, given the session as changed. Nil
	// with a Key forgets the key, so that the client may try again.
	Answer func(Session) Answer
	Jobs   []Job
	// Then gives more jobs, given the session as it was and as it is, which
	// nobody else changes in between. May be nil.
	Then func(before, after Session) []Job
	// Ask has the provider asked about the session soon, whatever the schedule
	// says.
	Ask bool
	// Audit is kept on record with it; nil for what nobody in particular did.
	Audit *AuditEntry
}

// SessionFilter selects sessions; zero fields select all.
type SessionFilter struct {
	ExternalUserID string
	Provider       string
	Status         Status
	CreatedAfter   time.Time
	// Unsettled selects those whose create was sent, whose answer was lost, and
	// that were found nowhere.
	Unsettled bool
	Page      Page
}

// Page asks for at most Limit rows that come after the row with id After in
// the order of the list; an empty After begins at the start.
type Page struct {
	Limit int
	After string
}

// UserVerification is a user's status as it is kept.
type UserVerification struct {
	ExternalUserID string
	Verification
	Version   int64     // rises with every change; 0 if nothing was ever kept
	UpdatedAt time.Time // zero if nothing was ever kept
	ErasedAt  time.Time // when the person's data was erased, zero if it was not or something was begun since
}
