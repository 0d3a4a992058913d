package veriff

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// eraser is an integration for which Veriff has enabled DELETE.
type eraser struct{ *provider }

// canceler is one that spends DELETE on cancelling too: Veriff has no other way.
type canceler struct{ eraser }

// Erase deletes the session: access ends at once, the data within 12 hours.
// Veriff refuses it while it works on what was handed in.
func (e eraser) Erase(ctx context.Context, ref idv.Ref) error { return e.remove(ctx, ref) }

// ErasesWithin is how long Veriff takes to erase what it no longer shows.
func (e eraser) ErasesWithin() time.Duration { return 12 * time.Hour }

// Cancel deletes the session, and with it everything that was captured.
func (c canceler) Cancel(ctx context.Context, ref idv.Ref) error { return c.remove(ctx, ref) }

// remove is DELETE /v1/sessions/{id} (page /docs/v1sessionsid). It is sent once
// and never beyond Veriff's limits.
func (p *provider) remove(ctx context.Context, ref idv.Ref) error {
	if !payload.IsRef(string(ref)) {
		return errNotARef()
	}
	if wait := p.deletes.take(time.Now()); wait > 0 {
		return &idv.ProviderError{
			Kind: idv.KindRateLimited, RetryAfter: wait, Err: errors.New("no more than 5 sessions an hour and 10 in 24 hours may be deleted"),
		}
	}
	err := p.http.Write(ctx, http.MethodDelete, "/v1/sessions/"+url.PathEscape(string(ref)), nil, nil, p.signID(ref))
	var failure *idv.ProviderError
	if errors.As(err, &failure) && failure.Kind == idv.KindRateLimited && failure.RetryAfter == 0 {
		failure.RetryAfter = time.Hour // the shorter of the two limits
	}
	return explained(err)
}

// ration keeps count of what one process deletes. Others that share the
// integration are told of the limit by Veriff.
type ration struct {
	mu   sync.Mutex
	sent []time.Time // in the last 24 hours, oldest first
}

// take counts one, or gives how long to wait if there is none left.
func (r *ration) take(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := time.Duration(0)
	for _, limit := range []struct {
		count int
		in    time.Duration
	}{{5, time.Hour}, {10, 24 * time.Hour}} {
		if n := len(r.sent); n >= limit.count {
			wait = max(wait, limit.in-now.Sub(r.sent[n-limit.count]))
		}
	}
	if wait > 0 {
		return wait
	}
	r.sent = append(r.sent, now)
	r.sent = r.sent[max(0, len(r.sent)-10):] // no limit looks further back
	return 0
}

func errNotARef() error {
	return &idv.ProviderError{Kind: idv.KindRejected, Err: errors.New("the reference is not one of Veriff's")}
}
