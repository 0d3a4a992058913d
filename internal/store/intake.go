package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// maxWaiting is how many deliveries may wait to be written. Whoever comes
	// after them waits for a place among them.
	maxWaiting = 1024
	// maxBatch and maxBatchBytes bound what one transaction writes.
	maxBatch      = 256
	maxBatchBytes = 4 << 20
	// patience is how long a delivery waits for its commit.
	patience = 5 * time.Second
	// firstPause and longestPause lie between two tries while the database is away.
	firstPause   = 10 * time.Millisecond
	longestPause = 500 * time.Millisecond
)

// intake writes deliveries, those that wait together in one transaction: one
// writer takes whatever waits and never waits for more, so that a lone delivery
// is written at once, and the commit is shared when there are many.
type intake struct {
	keep    func(ctx context.Context, batch []*arrival) error // one transaction
	log     *slog.Logger
	waiting chan *arrival
	held    *arrival // taken from waiting, and too large for the last batch
	close   func()
}

// arrival is a delivery on its way into the database. Whoever waits for it may
// read isNew and err once done is closed.
type arrival struct {
	ctx   context.Context // of whoever waits
	row   deliveryRow
	isNew bool
	err   error
	done  chan struct{}
}

func newIntake(keep func(ctx context.Context, batch []*arrival) error, log *slog.Logger) *intake {
	i := &intake{keep: keep, log: log, waiting: make(chan *arrival, maxWaiting)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		i.run(ctx)
	}()
	i.close = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	return i
}

// add has a delivery written and waits for its commit, for a bounded time. It is
// idv.ErrBusy if that is over first; the delivery may be kept all the same then.
func (i *intake) add(ctx context.Context, row deliveryRow) (isNew bool, err error) {
	waiting, cancel := context.WithTimeoutCause(ctx, patience, idv.ErrBusy)
	defer cancel()
	a := &arrival{ctx: waiting, row: row, done: make(chan struct{})}
	select {
	case i.waiting <- a:
	case <-waiting.Done():
		return false, context.Cause(waiting)
	}
	select {
	case <-a.done:
		return a.isNew, a.err
	case <-waiting.Done():
		return false, context.Cause(waiting)
	}
}

// run is the one writer.
func (i *intake) run(ctx context.Context) {
	for {
		batch := i.next(ctx)
		if len(batch) == 0 {
			return
		}
		i.write(ctx, batch)
	}
}

// next waits for a delivery and takes all that wait with it. It gives none once
// ctx has ended.
func (i *intake) next(ctx context.Context) []*arrival {
	first := i.held
	i.held = nil
	if first == nil {
		select {
		case first = <-i.waiting:
		case <-ctx.Done():
			return nil
		}
	}
	batch, size := []*arrival{first}, len(first.row.Webhook)
	for len(batch) < maxBatch {
		select {
		case a := <-i.waiting:
			if size += len(a.row.Webhook); size > maxBatchBytes {
				i.held = a
				return batch
			}
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

// write writes a batch and tells whoever waits. While the database is away it
// tries again for as long as anybody waits. A delivery that cannot be written
// fails alone.
func (i *intake) write(ctx context.Context, batch []*arrival) {
	failing := false
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if batch = stillWaiting(batch); len(batch) == 0 {
			return
		}
		err := i.try(ctx, batch)
		switch {
		case err == nil:
			if failing {
				i.log.InfoContext(ctx, "deliveries are kept again")
			}
			finish(batch, nil)
			return
		case !away(err) && len(batch) == 1:
			finish(batch, err)
			return
		case !away(err):
			for n := range batch {
				i.write(ctx, batch[n:n+1])
			}
			return
		}
		if !failing {
			i.log.ErrorContext(ctx, "deliveries cannot be kept at present", "waiting", len(batch)+len(i.waiting), "error", err)
			failing = true
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			finish(batch, idv.ErrBusy)
			return
		}
	}
}

// try bounds one transaction, so that a connection that hangs is given up.
func (i *intake) try(ctx context.Context, batch []*arrival) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return i.keep(ctx, batch)
}

func stillWaiting(batch []*arrival) []*arrival {
	var waiting []*arrival
	for _, a := range batch {
		if a.ctx.Err() == nil {
			waiting = append(waiting, a)
		}
	}
	return waiting
}

func finish(batch []*arrival, err error) {
	for _, a := range batch {
		if a.err = err; err != nil {
			a.isNew = false
		}
		close(a.done)
	}
}
