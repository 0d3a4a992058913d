package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// mostWaiting is how many outcomes may wait to be written. Who comes after them
	// waits, and with them what would be sent next.
	mostWaiting = 1024
	// mostAtOnce is how many outcomes one transaction writes.
	mostAtOnce = 256
	// recordPause lies between two tries while the database is away.
	recordPause = 250 * time.Millisecond
)

// recorder writes what became of tries: whatever waits, in one transaction, and
// never waits for more.
type recorder struct {
	store   Store
	log     *slog.Logger
	waiting chan idv.Settlement
	done    chan struct{}
}

func newRecorder(store Store, log *slog.Logger) *recorder {
	return &recorder{store: store, log: log, waiting: make(chan idv.Settlement, mostWaiting), done: make(chan struct{})}
}

// start writes until finish is called. Once ctx has ended nothing is written.
func (r *recorder) start(ctx context.Context) {
	go func() {
		defer close(r.done)
		for first := range r.waiting {
			r.write(ctx, r.withRest(first))
		}
	}()
}

// finish waits until everything is written. Nothing may be added any more.
func (r *recorder) finish() {
	close(r.waiting)
	<-r.done
}

func (r *recorder) add(ctx context.Context, s idv.Settlement) {
	select {
	case r.waiting <- s:
	case <-ctx.Done():
	}
}

func (r *recorder) withRest(first idv.Settlement) []idv.Settlement {
	batch := []idv.Settlement{first}
	for len(batch) < mostAtOnce {
		select {
		case s, open := <-r.waiting:
			if !open {
				return batch
			}
			batch = append(batch, s)
		default:
			return batch
		}
	}
	return batch
}

// write writes a batch, for as long as it takes while the database is away. One
// outcome that cannot be written fails alone; its message is sent again.
func (r *recorder) write(ctx context.Context, batch []idv.Settlement) {
	for {
		disabled, err := r.store.Settle(ctx, batch, patience)
		switch {
		case err == nil:
			for _, d := range disabled {
				r.log.WarnContext(ctx, "endpoint disabled", "endpoint", d.ID, "reason", string(d.Reason))
			}
			return
		case ctx.Err() != nil:
			return
		case errors.Is(err, idv.ErrBusy):
		case len(batch) == 1:
			r.log.ErrorContext(ctx, "outcome of a try cannot be written", "endpoint", batch[0].EndpointID, "event", batch[0].EventID, "error", err)
			return
		default:
			for i := range batch {
				r.write(ctx, batch[i:i+1])
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(recordPause):
		}
	}
}
