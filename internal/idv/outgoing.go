package idv

import "time"

// OutgoingBacklog is how far the sending of events to endpoints is behind.
type OutgoingBacklog struct {
	// Pending counts the messages that wait for enabled endpoints.
	Pending int
	// Due is how long the first of those that are due has been so, 0 if none is.
	Due time.Duration
	// Unseen is the age of the first event that nobody has taken from the feed yet,
	// 0 if there is none.
	Unseen time.Duration
	// Disabled counts the endpoints that nothing is sent to.
	Disabled map[DisabledReason]int
}

// UnsettledCreates counts the sessions at a provider whose create may have bought
// something that nobody has found.
type UnsettledCreates struct {
	Provider string
	Count    int
}
