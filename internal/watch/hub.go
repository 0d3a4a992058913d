// Package watch lets requests wait until a user's status changes. Waiting costs
// memory and no query: whoever hears of a change says so, and the hub then looks
// at that user once, however many wait.
package watch

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

var (
	// ErrFull: as many wait as there is room for.
	ErrFull = errors.New("too many clients wait")
	// ErrQuiet: nothing has changed for as long as was asked.
	ErrQuiet = errors.New("nothing has changed")
	// ErrClosed: the hub is closed, and nobody waits any more.
	ErrClosed = errors.New("waiting is over: the server stops")
)

// Reader reads users' statuses.
type Reader interface {
	// Verifications gives those of the users that are known, in any order. Beside
	// an error there may be some.
	Verifications(ctx context.Context, externalUserIDs []string) ([]idv.UserVerification, error)
}

// Options are what a hub works with.
type Options struct {
	Reader Reader
	// Most is how many may wait at once; default 20,000.
	Most int
	// Again is how often everybody who is waited for is looked at though nothing
	// was heard of; default 15 seconds.
	Again  time.Duration
	Logger *slog.Logger // default: slog.Default()
}

const (
	defaultMost  = 20_000
	defaultAgain = 15 * time.Second
)

// Hub knows who waits for whom. It is safe for concurrent use.
type Hub struct {
	reader Reader
	most   int
	again  time.Duration
	log    *slog.Logger
	work   chan struct{} // there is something to look at, or a time has changed
	closed chan struct{}
	close  func()

	mu      sync.Mutex
	topics  map[string][]*topic // by the user's wake key
	dirty   map[*topic]bool     // to look at
	lapseAt time.Time           // when the first of them changes by time alone; zero: none does
	waiting int
}

// New makes a hub. Run makes it work.
func New(o Options) *Hub {
	h := &Hub{
		reader: o.Reader,
		most:   cmp.Or(o.Most, defaultMost),
		again:  cmp.Or(o.Again, defaultAgain),
		log:    cmp.Or(o.Logger, slog.Default()),
		work:   make(chan struct{}, 1),
		closed: make(chan struct{}),
		topics: map[string][]*topic{},
		dirty:  map[*topic]bool{},
	}
	h.close = sync.OnceFunc(func() { close(h.closed) })
	return h
}

// Close ends all waiting, so that a server can stop.
func (h *Hub) Close() { h.close() }

// Changed says that users' statuses changed, by idv.WakeKey.
func (h *Hub) Changed(keys []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range keys {
		for _, t := range h.topics[key] {
			h.dirty[t] = true
		}
	}
	h.nudge()
}

// Missed says that changes may have gone unheard.
func (h *Hub) Missed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, topics := range h.topics {
		for _, t := range topics {
			h.dirty[t] = true
		}
	}
	h.nudge()
}

// nudge has Run see to what there is to do, if there is. The lock is held.
func (h *Hub) nudge() {
	select {
	case h.work <- struct{}{}:
	default: // it will see
	}
}

// lapse marks those whose time has come. The lock is held.
func (h *Hub) lapse(now time.Time) {
	if h.lapseAt.IsZero() || now.Before(h.lapseAt) {
		return
	}
	h.lapseAt = time.Time{}
	for _, topics := range h.topics {
		for _, t := range topics {
			switch {
			case t.changesAt.IsZero():
			case now.Before(t.changesAt):
				h.lapsesAt(t.changesAt)
			default:
				t.changesAt = time.Time{}
				h.dirty[t] = true
			}
		}
	}
}

// lapsesAt notes that somebody's status changes by time alone. The lock is held.
func (h *Hub) lapsesAt(at time.Time) {
	if h.lapseAt.IsZero() || at.Before(h.lapseAt) {
		h.lapseAt = at
		h.nudge()
	}
}

// topicOf finds the topic of a user, or makes it. The lock is held.
func (h *Hub) topicOf(user string) *topic {
	key := idv.WakeKey(user)
	for _, t := range h.topics[key] {
		if t.user == user {
			return t
		}
	}
	t := &topic{user: user, key: key, watches: map[*Watch]struct{}{}}
	h.topics[key] = append(h.topics[key], t)
	return t
}

// drop forgets a topic that nobody waits for. The lock is held.
func (h *Hub) drop(t *topic) {
	delete(h.dirty, t)
	left := slices.DeleteFunc(h.topics[t.key], func(other *topic) bool { return other == t })
	if h.topics[t.key] = left; len(left) == 0 {
		delete(h.topics, t.key)
	}
}
