package watch

import (
	"context"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// maxTogether bounds what one query reads.
	maxTogether = 1000
	// readWithin bounds one query.
	readWithin = 5 * time.Second
	// firstPause and longestPause lie between two tries while the database is away.
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
)

// Run looks at whoever is worth it until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	again := time.NewTicker(h.again)
	defer again.Stop()
	for pause := firstPause; ; {
		select {
		case <-h.work:
		case <-h.lapses():
		case <-again.C:
			h.Missed()
		case <-ctx.Done():
			return
		}
		if h.look(ctx) {
			pause = firstPause
			continue
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, longestPause)
	}
}

// lapses ticks when the first status changes by time alone.
func (h *Hub) lapses() <-chan time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lapseAt.IsZero() {
		return nil
	}
	return time.After(time.Until(h.lapseAt))
}

// look reads whoever is worth it and tells those who wait, until there is nobody
// left or it fails. What could not be read is left for the next time.
func (h *Hub) look(ctx context.Context) bool {
	for {
		topics := h.take()
		if len(topics) == 0 {
			return true
		}
		if err := h.read(ctx, topics); err != nil {
			h.log.WarnContext(ctx, "those who wait could not be told", "users", len(topics), "error", err.Error())
			return false
		}
	}
}

// take gives topics to look at, by user.
func (h *Hub) take() map[string]*topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lapse(time.Now())
	topics := make(map[string]*topic, min(len(h.dirty), maxTogether))
	for t := range h.dirty {
		if len(topics) == maxTogether {
			break
		}
		delete(h.dirty, t)
		topics[t.user] = t
	}
	return topics
}

func (h *Hub) read(ctx context.Context, topics map[string]*topic) error {
	users := make([]string, 0, len(topics))
	for user := range topics {
		users = append(users, user)
	}
	reading, cancel := context.WithTimeoutCause(ctx, readWithin, idv.ErrBusy)
	defer cancel()
	found, err := h.reader.Verifications(reading, users)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range found {
		if t := topics[v.ExternalUserID]; t != nil {
			h.tell(t, v)
			delete(topics, v.ExternalUserID)
		}
	}
	if err == nil {
		return nil // the others are not known: nothing ever happened to them
	}
	for _, t := range topics {
		if len(t.watches) > 0 {
			h.dirty[t] = true
		}
	}
	h.nudge()
	return err
}
