package api

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// roomBytes is how much of webhooks' bodies is held at once. Whoever comes
	// when it is full waits outside, unread.
	roomBytes = 64 << 20
	// roomPatience is how long they wait before they are sent away.
	roomPatience = 5 * time.Second
)

// room bounds the memory that webhooks take while they wait for the database,
// however many come.
type room struct{ bytes *semaphore.Weighted }

func newRoom() room { return room{bytes: semaphore.NewWeighted(roomBytes)} }

// enter waits until the request's body may be read. The caller leaves when it is
// no longer needed.
func (m room) enter(r *http.Request) (leave func(), err error) {
	size := r.ContentLength
	if size < 0 || size > maxBody {
		size = maxBody
	}
	ctx, cancel := context.WithTimeout(r.Context(), roomPatience)
	defer cancel()
	if err := m.bytes.Acquire(ctx, size); err != nil {
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		return nil, busy(err)
	}
	return func() { m.bytes.Release(size) }, nil
}
