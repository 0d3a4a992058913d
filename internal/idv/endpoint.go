package idv

import (
	"slices"
	"strings"
	"time"
)

// Endpoint is a client's address to which events are sent.
type Endpoint struct {
	ID          string
	URL         string
	Description string
	// Types are what it wants to hear of: types of events, or groups such as
	// "user.*". Empty: everything.
	Types          []string
	Enabled        bool
	DisabledAt     time.Time // zero while it is enabled
	DisabledReason DisabledReason
	// FailingSince is when the first try failed of those since which none has
	// succeeded; zero if the last one succeeded.
	FailingSince time.Time
	Secrets      []EndpointSecret // newest first
	// Version rises with every change that a client or we make to it.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// EndpointSecret signs what is sent to an endpoint.
type EndpointSecret struct {
	Secret string    `json:"secret"`         // "whsec_" and base64
	Until  time.Time `json:"until,omitzero"` // zero: until it is replaced
}

// DisabledReason says why nothing is sent to an endpoint.
type DisabledReason string // @name DisabledReason

// The reasons to disable an endpoint.
const (
	DisabledByClient DisabledReason = "client"  // a client asked for it
	DisabledGone     DisabledReason = "gone"    // it answered 410 Gone
	DisabledFailing  DisabledReason = "failing" // every try failed for days
)

// DisabledReasons lists every reason.
func DisabledReasons() []DisabledReason {
	return []DisabledReason{DisabledByClient, DisabledGone, DisabledFailing}
}

// Wants reports whether the endpoint wants to hear of events of the type.
func (e Endpoint) Wants(t EventType) bool {
	return len(e.Types) == 0 || slices.ContainsFunc(e.Types, func(pattern string) bool {
		group, isGroup := strings.CutSuffix(pattern, "*")
		return pattern == string(t) || isGroup && strings.HasPrefix(string(t), group)
	})
}

// Signing lists the secrets that sign at the given time, newest first.
func (e Endpoint) Signing(now time.Time) []string {
	var signing []string
	for _, s := range e.Secrets {
		if s.Until.IsZero() || now.Before(s.Until) {
			signing = append(signing, s.Secret)
		}
	}
	return signing
}

// EventPattern reports whether s selects events: one of EventTypes, or the group
// of one with a star, "user.*".
func EventPattern(s string) bool {
	return slices.ContainsFunc(EventTypes(), func(t EventType) bool { return s == string(t) || s == t.group()+".*" })
}

func (t EventType) group() string {
	group, _, _ := strings.Cut(string(t), ".")
	return group
}

// EndpointChange is what a client wants to be different about an endpoint; nil
// fields stay as they are.
type EndpointChange struct {
	URL         *string
	Description *string
	Types       *[]string
	Enabled     *bool
}

// DisabledEndpoint is an endpoint that we have just disabled.
type DisabledEndpoint struct {
	ID     string
	Reason DisabledReason
}
