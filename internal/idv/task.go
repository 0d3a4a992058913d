package idv

import "time"

// PrivacyTaskKind is what a person asked for that only people can answer.
type PrivacyTaskKind string // @name PrivacyTaskKind

// The kinds of tasks.
const (
	TaskDataRequest     PrivacyTaskKind = "data_request"     // the person wants a copy of their data
	TaskDataErasure     PrivacyTaskKind = "data_erasure"     // the person wants their data erased
	TaskReviewRequested PrivacyTaskKind = "review_requested" // the person wants a human to look at the decision
	TaskProviderErasure PrivacyTaskKind = "provider_erasure" // the data is erased here, and has to be at the provider by hand
)

// PrivacyTaskKinds lists every kind.
func PrivacyTaskKinds() []PrivacyTaskKind {
	return []PrivacyTaskKind{TaskDataRequest, TaskDataErasure, TaskReviewRequested, TaskProviderErasure}
}

// TaskOf gives the kind of task that a notice makes, if it makes one.
func TaskOf(k NoticeKind) (PrivacyTaskKind, bool) {
	switch k {
	case NoticeDataRequest:
		return TaskDataRequest, true
	case NoticeDataErasure:
		return TaskDataErasure, true
	case NoticeReviewRequested:
		return TaskReviewRequested, true
	default:
		return "", false
	}
}

// PrivacyTask is such a thing that somebody has to do.
type PrivacyTask struct {
	ID             string
	Kind           PrivacyTaskKind
	ExternalUserID string
	SessionID      string
	Provider       string
	CreatedAt      time.Time
	DoneAt         time.Time // zero while it is open
	DoneBy         string    // the credential of whoever said so
}

// PrivacyTaskFilter selects tasks, newest first; zero fields select all.
type PrivacyTaskFilter struct {
	Kind PrivacyTaskKind
	// Open selects those that are open, or those that are done; nil selects both.
	Open *bool
	Page Page
}

// PrivacyBacklog is how many tasks of one kind are open.
type PrivacyBacklog struct {
	Kind   PrivacyTaskKind
	Open   int
	Oldest time.Duration // how long the first of them has been
}
