package watch

import (
	"context"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// topic is a user who is waited for.
type topic struct {
	user, key string
	watches   map[*Watch]struct{}
	// latest is the newest status that the hub has seen; nil until it looked.
	latest *idv.UserVerification
	// changesAt is when the status changes by time alone; zero if that is not
	// known.
	changesAt time.Time
}

// Watch is one who waits for one user.
type Watch struct {
	hub   *Hub
	topic *topic
	news  chan struct{}
}

// Watch begins to wait for a user: what changes from now on is not missed. It is
// ErrFull if there is no room. Whoever waits calls Close in the end.
func (h *Hub) Watch(externalUserID string) (*Watch, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting >= h.most {
		return nil, ErrFull
	}
	h.waiting++
	w := &Watch{hub: h, topic: h.topicOf(externalUserID), news: make(chan struct{}, 1)}
	w.topic.watches[w] = struct{}{}
	return w, nil
}

// Waiting tells how many wait.
func (h *Hub) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting
}

// Close ends waiting.
func (w *Watch) Close() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := w.topic.watches[w]; !open {
		return
	}
	h.waiting--
	if delete(w.topic.watches, w); len(w.topic.watches) == 0 {
		h.drop(w.topic)
	}
}

// Next waits for a status that is newer than the one that was seen. It must have
// been read after Watch. Of changes that come together it may give the last one
// only. It is ErrQuiet if none comes within the time, ErrClosed when the hub is
// closed, or the error of ctx.
func (w *Watch) Next(ctx context.Context, seen idv.UserVerification, within time.Duration) (idv.UserVerification, error) {
	quiet := time.NewTimer(within) // it takes less than a context
	defer quiet.Stop()
	for {
		if v := w.newer(seen); v != nil {
			return *v, nil
		}
		select {
		case <-w.news:
		case <-quiet.C:
			return seen, ErrQuiet
		case <-ctx.Done():
			return seen, ctx.Err()
		case <-w.hub.closed:
			return seen, ErrClosed
		}
	}
}

func (w *Watch) newer(seen idv.UserVerification) *idv.UserVerification {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if v := w.topic.latest; v != nil && v.Version > seen.Version {
		return v
	}
	h.expect(w.topic, seen)
	return nil
}

// expect notes when a status changes by time alone. The lock is held.
func (h *Hub) expect(t *topic, v idv.UserVerification) {
	if t.latest != nil && t.latest.Version > v.Version {
		return // it is an old one
	}
	if t.changesAt = v.ChangesAt; !t.changesAt.IsZero() {
		h.lapsesAt(t.changesAt)
	}
}

// tell gives a topic's status to all who wait for it. The lock is held.
func (h *Hub) tell(t *topic, v idv.UserVerification) {
	h.expect(t, v)
	if t.latest != nil && t.latest.Version >= v.Version {
		return
	}
	t.latest = &v
	for w := range t.watches {
		select {
		case w.news <- struct{}{}:
		default: // they have not come to look yet
		}
	}
}
