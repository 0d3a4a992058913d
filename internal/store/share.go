package store

import (
	"context"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// readersAtOnce is how many shared queries may run side by side: while one
	// waits for its answer, the next one gathers.
	readersAtOnce = 2
	// maxTogether bounds what one shared query reads.
	maxTogether = 256
	// readPatience is how long a read waits for its answer.
	readPatience = 5 * time.Second
)

// shared answers reads of single users, those that wait together with one query:
// a reader takes whatever waits and never waits for more, so that a lone read is
// made at once, and the round trip is shared when there are many.
type shared struct {
	find    func(ctx context.Context, names []string) (map[string]userRow, error)
	waiting chan *question
	ended   <-chan struct{}
	close   func()
}

// question is a read on its way. Whoever waits for it may read the rest once
// done is closed.
type question struct {
	ctx   context.Context // of whoever waits
	name  string
	row   userRow
	found bool
	err   error
	done  chan struct{}
}

func newShared(find func(ctx context.Context, names []string) (map[string]userRow, error)) *shared {
	ctx, cancel := context.WithCancel(context.Background())
	s := &shared{find: find, waiting: make(chan *question, maxTogether), ended: ctx.Done()}
	var readers sync.WaitGroup
	for range readersAtOnce {
		readers.Go(func() { s.run(ctx) })
	}
	s.close = sync.OnceFunc(func() {
		cancel()
		readers.Wait()
	})
	return s
}

// get reads one user's row, for a bounded time; it is idv.ErrBusy if that is
// over first.
func (s *shared) get(ctx context.Context, name string) (row userRow, found bool, err error) {
	q := &question{ctx: ctx, name: name, done: make(chan struct{})}
	select {
	case s.waiting <- q:
	default:
		// They wait for a place in line, which is short: the database is slow.
		waiting, cancel := context.WithTimeoutCause(ctx, readPatience, idv.ErrBusy)
		defer cancel()
		select {
		case s.waiting <- q:
		case <-waiting.Done():
			return userRow{}, false, context.Cause(waiting)
		}
	}
	select {
	case <-q.done:
		return q.row, q.found, q.err
	case <-ctx.Done():
		return userRow{}, false, ctx.Err()
	case <-s.ended:
		return userRow{}, false, idv.ErrBusy
	}
}

// run is one reader.
func (s *shared) run(ctx context.Context) {
	for {
		select {
		case first := <-s.waiting:
			s.answer(ctx, s.gather(first))
		case <-ctx.Done():
			return
		}
	}
}

// gather takes all that wait with the first one.
func (s *shared) gather(first *question) []*question {
	batch := []*question{first}
	for len(batch) < maxTogether {
		select {
		case q := <-s.waiting:
			batch = append(batch, q)
		default:
			return batch
		}
	}
	return batch
}

// answer reads what the batch asks for. If that fails for a reason that may lie
// in one of them, each is asked for alone.
func (s *shared) answer(ctx context.Context, batch []*question) {
	names := make([]string, 0, len(batch))
	asked := make(map[string]bool, len(batch))
	for _, q := range batch {
		if q.ctx.Err() == nil && !asked[q.name] {
			asked[q.name] = true
			names = append(names, q.name)
		}
	}
	reading, cancel := context.WithTimeoutCause(ctx, readPatience, idv.ErrBusy)
	defer cancel()
	var rows map[string]userRow
	var err error
	if len(names) > 0 {
		rows, err = s.find(reading, names)
	}
	if err != nil && !away(err) && len(names) > 1 {
		for i := range batch {
			s.answer(ctx, batch[i:i+1])
		}
		return
	}
	for _, q := range batch {
		q.row, q.found = rows[q.name]
		if q.err = err; err == nil && !asked[q.name] {
			q.err = q.ctx.Err()
		}
		close(q.done)
	}
}
