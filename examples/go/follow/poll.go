package main

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// verification is what a backend acts on.
type verification struct {
	Status  string `json:"status"`
	Version int64  `json:"version"`
}

// decided reports whether there is nothing to wait for any more.
func (v verification) decided() bool {
	return v.Status != "pending" && v.Status != "in_review" && v.Status != "action_required"
}

// #region follow

// follow gives a user's status, then each change of it, for as long as the loop
// over it goes on. What passes is waited out; an error ends it.
func (c client) follow(ctx context.Context, user string) iter.Seq2[verification, error] {
	return func(yield func(verification, error) bool) {
		for etag, failures := "", 0; ; {
			v, tag, err := c.poll(ctx, user, etag)
			var busy *busyError
			switch {
			case errors.As(err, &busy):
				failures++
				if err := busy.wait(ctx, failures); err != nil {
					yield(v, err)
					return
				}
				continue
			case err != nil:
				yield(v, err)
				return
			case tag != etag && !yield(v, nil):
				return
			}
			etag, failures = tag, 0
		}
	}
}

// patient waits longer than the server does.
var patient = &http.Client{Timeout: 45 * time.Second}

// poll asks once. The answer comes as soon as the status is another than the one
// that etag names; after 30 seconds it is that nothing changed.
func (c client) poll(ctx context.Context, user, etag string) (v verification, tag string, err error) {
	address := c.api + "/v1/users/" + url.PathEscape(user) + "/verification?wait=30"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return v, "", err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	res, err := patient.Do(req)
	if err != nil {
		return v, "", &busyError{why: err}
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified:
		return v, etag, nil
	case res.StatusCode == http.StatusOK:
		if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
			return v, "", &busyError{why: err} // it was cut off
		}
		return v, res.Header.Get("ETag"), nil
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return v, "", &busyError{why: refused(res), after: time.Duration(seconds) * time.Second}
	default:
		return v, "", refused(res) // a key that does not count, a mistake of ours
	}
}

// busyError: it may work after a while.
type busyError struct {
	why   error
	after time.Duration // as the server asked, or 0
}

func (e *busyError) Error() string { return e.why.Error() }

// wait waits as long as it was asked to, or else longer each time, up to half a
// minute; and a little more, so that not all come back together.
func (e *busyError) wait(ctx context.Context, failures int) error {
	pause := max(e.after, min(time.Second<<min(failures-1, 5), 30*time.Second))
	select {
	case <-time.After(pause + rand.N(pause/2)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// #endregion
