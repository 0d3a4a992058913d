package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/migrations"
)

var (
	errStopping   = errors.New("this process is stopping")
	errNotWorking = errors.New("the workers of this process have not begun")
)

// Why a process is not ready, in one word for its log.
const (
	becauseStopping = "stopping"
	becauseWorkers  = "workers"
	becauseSchema   = "schema"
	becauseNewer    = "newer" // which is no reason not to be ready
	becauseDatabase = "database"
)

// ready tells whether this process can do what it is there for. Why it cannot is
// logged whenever that changes, and is nobody else's business.
func (a *App) ready(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	why, err := a.duty.done()
	if err == nil {
		why, err = becauseDatabase, migrated(within, a.store)
		if errors.Is(err, errOldSchema) {
			why = becauseSchema
		}
	}
	switch {
	case errors.Is(err, migrations.ErrNewer):
		// An upgrade replaces one replica after the other: were all of the old ones to
		// step back at once, nobody would be left.
		if a.duty.turned(becauseNewer) {
			a.log.WarnContext(ctx, "the database is of a newer version: this process goes on until it is replaced, and would not start again", "error", err.Error())
		}
		return nil
	case err == nil:
		if a.duty.turned("") {
			a.log.InfoContext(ctx, "ready again")
		}
	case ctx.Err() == nil && a.duty.turned(why):
		a.log.WarnContext(ctx, "not ready", "reason", why, "error", err.Error())
	}
	return err
}

// duty is what a process has taken upon itself, and how that stands.
type duty struct {
	mu       sync.Mutex
	works    bool
	running  func() error // of the workers that have begun
	stopping bool
	why      string // the process was last found not to be ready; empty if it was
}

// undertake says what the process is to do.
func (d *duty) undertake(p parts) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.works = p.workers
}

// begun says that the workers have begun, and how to know that they still work.
func (d *duty) begun(running func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.works, d.running = true, running
}

// stop says that nothing new is to come here.
func (d *duty) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopping = true
}

// done says why the process does not do its duty, in a word and as an error; nil if
// it does.
func (d *duty) done() (why string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.stopping:
		return becauseStopping, errStopping
	case d.works && d.running == nil:
		return becauseWorkers, errNotWorking
	case d.works:
		return becauseWorkers, d.running()
	default:
		return "", nil
	}
}

// turned keeps why the process is not ready, and reports whether that is new.
func (d *duty) turned(why string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	is := d.why != why
	d.why = why
	return is
}

// drain goes on serving for as long as whoever sends requests here needs to notice
// that this process stops.
func (a *App) drain(failed <-chan error) error {
	if a.config.Drain <= 0 {
		return nil
	}
	over := time.NewTimer(a.config.Drain)
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	}
}
