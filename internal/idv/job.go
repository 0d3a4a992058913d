package idv

import "time"

// JobKind names a kind of work.
type JobKind string

// The kinds of work. A job's id is the id of what it is about.
const (
	JobDelivery JobKind = "delivery" // work a delivery
	JobSettle   JobKind = "settle"   // find out what became of an unanswered create
	JobExpire   JobKind = "expire"   // end a session whose link ran out
	JobFetch    JobKind = "fetch"    // ask the provider about a session
	JobErase    JobKind = "erase"    // ask the provider to erase what it keeps of a session
)

// JobKinds lists every kind of work.
func JobKinds() []JobKind { return []JobKind{JobDelivery, JobSettle, JobExpire, JobFetch, JobErase} }

// Job is work that is kept in the transaction of the data it is about and done
// at least once after it. It holds an id and nothing personal.
type Job struct {
	Kind  JobKind
	ID    string
	RunAt time.Time // zero: at once
}

// JobBacklog is how much work of one kind waits.
type JobBacklog struct {
	Kind   JobKind
	Due    int           // could be worked now
	Failed int           // failed, and waits for its next try
	Oldest time.Duration // how long the first that is due has waited
}
