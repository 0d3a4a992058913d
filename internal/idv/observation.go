package idv

import "time"

// Source says who told us.
type Source string // @name Source

// The sources of observations.
const (
	SourceCreate   Source = "create"   // our own call that created the session
	SourceWebhook  Source = "webhook"  // the provider called us
	SourceFetch    Source = "fetch"    // the provider answered a question of ours
	SourceOperator Source = "operator" // a client or an operator decided
	SourceClock    Source = "clock"    // a time limit was reached
)

// Sources lists every source.
func Sources() []Source {
	return []Source{SourceCreate, SourceWebhook, SourceFetch, SourceOperator, SourceClock}
}

// Observation is one thing that somebody told us about one session. It is kept
// for ever; what it means is read off the whole set by Fold.
type Observation struct {
	// Fingerprint identifies what was said. Two observations of one session
	// with the same fingerprint are one.
	Fingerprint string
	Source      Source
	// DeliveryID is the delivery that brought it, if it came by webhook.
	DeliveryID string
	HeardAt    time.Time
	// OccurredAt is when it happened in the provider's own words (for a fetched
	// truth without a time: when we asked). Zero if nobody said.
	OccurredAt     time.Time
	ProviderStatus string
	// Status is our reading; empty if it moves nothing.
	Status Status
	// Attempt is the provider's id of the round, empty if it has none.
	Attempt string
	// Unknown: the provider used a word that our tables do not have.
	Unknown bool
	// Partial: the provider cannot order this by itself, so it does not count;
	// the truth is fetched and is an observation of its own.
	Partial bool
	// Test: the provider's own flag says that this is not about a real person,
	// which contradicts the account's mode. Kept, never counted.
	Test    bool
	Reasons []Reason
	Notice  *Notice
	// DocumentExpiresAt is the first moment at which the document no longer
	// counts, zero if unknown.
	DocumentExpiresAt time.Time
	// Why says for operators what is odd about it, without personal data; mostly
	// empty.
	Why string
}

// counts reports whether the observation takes part in the fold of the status.
func (o Observation) counts() bool {
	return o.Status.Valid() && !o.Unknown && !o.Partial && !o.Test
}

// told reports whether the provider itself said it about the running session.
func (o Observation) told() bool {
	return o.Source == SourceWebhook || o.Source == SourceFetch
}

// when is the best time there is for a decision that must show one.
func (o Observation) when() time.Time {
	if o.OccurredAt.IsZero() {
		return o.HeardAt
	}
	return o.OccurredAt
}
