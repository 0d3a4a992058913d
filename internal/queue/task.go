// Package queue keeps work in the database, in the transaction of the data it is
// about, and does it afterwards, at least once. It is the only package that
// knows River.
package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Task is one job as a handler sees it.
type Task struct {
	Kind idv.JobKind
	ID   string // the id of what the job is about
	// Attempt counts every time the job was worked, this one included: 1 at
	// first, one more after each failure and after each Later.
	Attempt int
}

// Handler works one task. It may be called again for a task that it has worked
// already, so it must be safe to repeat. An error, or a panic, has the task
// worked again later, after a growing pause; Later says when and is no failure.
type Handler func(ctx context.Context, task Task) error

// Later is returned by a handler, as it is or wrapped, to be given the task
// again after d without counting a failure.
func Later(d time.Duration) error { return postponed{after: max(d, 0)} }

type postponed struct{ after time.Duration }

func (p postponed) Error() string { return fmt.Sprintf("to be tried again in %s", p.after) }

// Later makes postponed one of the errors that handlers may bring themselves:
// any error with this method asks for the same.
func (p postponed) Later() time.Duration { return p.after }
