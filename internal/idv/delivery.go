package idv

import "time"

// DeliveryState is where a delivery is.
type DeliveryState string // @name DeliveryState

// The states of a delivery.
const (
	DeliveryReceived  DeliveryState = "received"  // kept, not worked yet
	DeliveryProcessed DeliveryState = "processed" // understood and applied
	DeliveryParked    DeliveryState = "parked"    // genuine but not understood
	DeliveryUnmatched DeliveryState = "unmatched" // about no session of ours
)

// DeliveryStates lists every state of a delivery.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{DeliveryReceived, DeliveryProcessed, DeliveryParked, DeliveryUnmatched}
}

// Delivery is a webhook as we keep it.
type Delivery struct {
	ID       string
	Provider string
	// Digest identifies what was delivered: hex SHA-256 of the raw body. A
	// provider's second delivery of the same bytes is the same delivery.
	Digest     string
	State      DeliveryState
	Reason     string // why it is parked or unmatched
	EventType  string
	Ref        Ref // the session it is about, once it was read
	SessionID  string
	ReceivedAt time.Time
	Attempts   int // how often it was worked
	Webhook    Webhook
	// Key and Owner are how the webhook is sealed, for the store alone.
	Key   []byte
	Owner string
	// GoneAt is when the webhook itself was removed, zero if it is there.
	GoneAt time.Time
}

// DeliveryOutcome is what became of working a delivery once.
type DeliveryOutcome struct {
	ID        string
	State     DeliveryState
	Reason    string
	EventType string
	Ref       Ref
	SessionID string
	// Key and Owner are those of the delivery.
	Key   []byte
	Owner string
}

// Said is what a delivery was read to say about one session.
type Said struct {
	SessionID   string
	Observation Observation
}

// DeliveryBacklog is how much of what a provider sent is in one state, and since
// when.
type DeliveryBacklog struct {
	Provider string
	State    DeliveryState
	Count    int
	Oldest   time.Time // when the oldest of them was received
}

// DeliveryFilter selects deliveries; zero fields select all.
type DeliveryFilter struct {
	State    DeliveryState
	Provider string
	ID       string
	// SessionID selects those that were read to say something about a session.
	SessionID string
	Since     time.Time // received then or later
	Page      Page
}
