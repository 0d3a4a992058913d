package idv

import "time"

// EraseOutcome is what came of asking a provider to erase what it keeps of a
// session.
type EraseOutcome string // @name EraseOutcome

// The outcomes.
const (
	EraseErased      EraseOutcome = "erased"      // the provider says that it is done, or knows nothing of it
	EraseRequested   EraseOutcome = "requested"   // it was asked or will be, and is not done yet
	EraseUnsupported EraseOutcome = "unsupported" // it cannot be asked here: somebody must do it there
	EraseFailed      EraseOutcome = "failed"      // it refused or did not answer
)

// EraseOutcomes lists every outcome.
func EraseOutcomes() []EraseOutcome {
	return []EraseOutcome{EraseErased, EraseRequested, EraseUnsupported, EraseFailed}
}

// ProviderErasure is what a provider was asked to erase of one session.
type ProviderErasure struct {
	SessionID string
	Provider  string
	Ref       Ref // empty if the provider never confirmed the session
	Outcome   EraseOutcome
	Detail    string // a sentence for people, nothing personal
	Tries     int    // how often it was asked
	Settled   bool   // it is not asked any more
	CreatedAt time.Time
}

// NeverThere is what a provider has of a session that it never made: nothing.
func NeverThere() ProviderErasure {
	return ProviderErasure{Outcome: EraseErased, Settled: true, Detail: "the provider never had this session"}
}

// NobodyKnows is what a provider has of a session whose create it never answered:
// somebody has to look there.
func NobodyKnows() ProviderErasure {
	return ProviderErasure{
		Outcome: EraseFailed, Settled: true, Detail: "nobody knows whether the provider has this session: its create was never answered",
	}
}

// Erasure is what was done to erase a person's data.
type Erasure struct {
	ExternalUserID string
	ErasedAt       time.Time
	Providers      []ProviderErasure // one for each session, oldest first
	// KeyID names the key that was destroyed; empty if there was none.
	KeyID string
}

// EraseRequest asks for the erasure of a person's data.
type EraseRequest struct {
	ExternalUserID string
	// By is the credential of whoever asks.
	By string
	// Again: it was done before, and a restored backup undid it. A legal hold that
	// came back with it had ended by then.
	Again bool
	// Plan says what a provider is to be asked for one of the user's sessions.
	Plan func(x Session) ProviderErasure
	// Jobs gives the work that follows for a provider that is to be asked.
	Jobs func(e ProviderErasure) []Job
}
