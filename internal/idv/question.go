package idv

import "time"

// Question is a session whose provider one process has taken upon itself to ask.
type Question struct {
	Session Session
	// Until is when somebody else takes it up, should it not be settled by then.
	Until time.Time
}

// Questions are those that were taken at once.
type Questions struct {
	List []Question
	// Failures is how often the account was in trouble since its last answer.
	Failures int
}

// Ration asks for questions about an account's sessions.
type Ration struct {
	Provider string
	Most     int           // at most so many at once
	Every    time.Duration // between two questions on average
	Burst    int           // how many may follow each other at once after a quiet time
	Lease    time.Duration // how long they are the asker's own
}

// QuestionBacklog is how far the questions about an account's sessions are behind.
type QuestionBacklog struct {
	Due     int           // sessions that should have been asked about by now
	Overdue time.Duration // of the one that has waited longest, 0 without any
}
