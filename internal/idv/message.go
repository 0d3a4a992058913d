package idv

import "time"

// MessageState is how far an event has got on its way to an endpoint.
type MessageState string // @name MessageState

// The states of a message.
const (
	MessagePending   MessageState = "pending"   // waits for its next try
	MessageDelivered MessageState = "delivered" // the endpoint took it
	MessageFailed    MessageState = "failed"    // every try failed
)

// MessageStates lists every state of a message.
func MessageStates() []MessageState {
	return []MessageState{MessagePending, MessageDelivered, MessageFailed}
}

// Message is an event on its way to one endpoint.
type Message struct {
	EndpointID string
	Event      Event
	State      MessageState
	// Tries is how often it was tried since it was last queued.
	Tries    int
	NextAt   time.Time // of the next try, zero if there will be none
	Attempts []Attempt // oldest first
}

// Attempt is one try to send an event to an endpoint.
type Attempt struct {
	At         time.Time
	Took       time.Duration // to the millisecond
	StatusCode int           // 0 if there was no answer
	Fault      AttemptFault  // empty if the endpoint took it
}

// AttemptFault says in one word why an endpoint did not take an event.
type AttemptFault string // @name AttemptFault

// The faults of an attempt.
const (
	FaultStatus   AttemptFault = "status"   // it answered with a status other than 2xx
	FaultRedirect AttemptFault = "redirect" // it answered with a redirect, which is not followed
	FaultTimeout  AttemptFault = "timeout"  // it did not answer in time
	FaultName     AttemptFault = "name"     // its host name could not be resolved
	FaultAddress  AttemptFault = "address"  // its address is one that may not be called
	FaultConnect  AttemptFault = "connect"  // no connection, or it broke
	FaultTLS      AttemptFault = "tls"      // its certificate was refused, or TLS failed
)

// AttemptFaults lists every fault of an attempt.
func AttemptFaults() []AttemptFault {
	return []AttemptFault{FaultStatus, FaultRedirect, FaultTimeout, FaultName, FaultAddress, FaultConnect, FaultTLS}
}

// Settlement is what became of trying a message once.
type Settlement struct {
	EndpointID string
	EventID    string
	Tries      int // how often it had been tried before
	Attempt    Attempt
	State      MessageState
	NextAt     time.Time // for pending
	Gone       bool      // the endpoint asked not to be called again
}

// MessageFilter selects messages of one endpoint; an empty state selects all.
type MessageFilter struct {
	EndpointID string
	State      MessageState
	Page       Page
}

// EventRange selects events by the time they were announced: From inclusive, To
// exclusive.
type EventRange struct {
	From, To time.Time
}
