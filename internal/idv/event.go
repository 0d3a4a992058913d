package idv

import (
	"slices"
	"time"
)

// EventType names what an event announces: what it is about, and the status it
// came to or the kind of notice.
type EventType string // @name EventType

// SessionEvent is the type of "the session came to this status".
func SessionEvent(s Status) EventType { return EventType("session." + s) }

// UserEvent is the type of "the user came to this status".
func UserEvent(s UserStatus) EventType { return EventType("user." + s) }

// NoticeEvent is the type of "the provider told this of a session".
func NoticeEvent(k NoticeKind) EventType { return EventType("notice." + k) }

// EndpointDisabled is the type of "we disabled an endpoint".
const EndpointDisabled = "endpoint.disabled"

// UserErased is the type of "the person's data was erased".
const UserErased = "user.erased"

// EventTypes lists every type of event.
func EventTypes() []EventType {
	var types []EventType
	for _, s := range Statuses() {
		types = append(types, SessionEvent(s))
	}
	for _, s := range UserStatuses() {
		types = append(types, UserEvent(s))
	}
	for _, k := range NoticeKinds() {
		types = append(types, NoticeEvent(k))
	}
	return append(types, UserErased, EndpointDisabled)
}

// Valid reports whether t is one of EventTypes.
func (t EventType) Valid() bool { return slices.Contains(EventTypes(), t) }

// Event is a fact that we announce. It is thin on purpose: it holds nothing
// personal, and whoever wants to know more asks for it.
type Event struct {
	ID             string
	Type           EventType
	ExternalUserID string // empty for what is about an endpoint
	SessionID      string // empty for a user whom no session gives a status
	EndpointID     string // only of what is about an endpoint
	Status         string // of the session, the user or the endpoint, once it had happened
	// Version is that of the user's verification, of the endpoint, or how often
	// the session's status has changed: of two events about the same, the higher
	// one is newer.
	Version   int64
	CreatedAt time.Time
}

// EventFilter selects events in the order of the feed; a limit of 0 is none.
type EventFilter struct {
	After string // the id of the event after which to begin, empty: from the first
	Limit int
}
