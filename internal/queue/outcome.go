package queue

import (
	"errors"
	"time"
)

// How the work on a job ends.
const (
	outcomeOK    = "ok"
	outcomeLater = "later"
	outcomeError = "error"
	outcomePanic = "panic"
)

// Outcomes lists the words for how the work on a job ends: it is done, it is put
// off, or it is to be tried again after an error or a panic.
func Outcomes() []string { return []string{outcomeOK, outcomeLater, outcomeError, outcomePanic} }

// Failed reports whether an outcome is one that has the job tried again because
// something went wrong.
func Failed(outcome string) bool { return outcome == outcomeError || outcome == outcomePanic }

var errPanicked = errors.New("handler panicked")

func outcomeOf(err error) string {
	var later interface{ Later() time.Duration }
	switch {
	case err == nil:
		return outcomeOK
	case errors.As(err, &later):
		return outcomeLater
	case errors.Is(err, errPanicked):
		return outcomePanic
	default:
		return outcomeError
	}
}
