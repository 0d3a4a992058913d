package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/watch"
)

// maxWait is the longest that a request is held, in seconds.
const maxWait = 60

// poll answers a user's status, or that it is the one that the caller knows; at
// once, or when it changes, or when the caller has waited long enough.
func (s *server) poll(c echo.Context, user string) (reply, error) {
	q := newQuery(c.Request().URL.RawQuery, "wait")
	wait := q.seconds("wait", maxWait)
	if err := q.err(); err != nil {
		return reply{}, err
	}
	k := knownOf(c.Request().Header)
	if wait > 0 && !k.nothing() {
		return s.pollLong(c, user, k, wait)
	}
	v, err := s.Users.Verification(c.Request().Context(), user)
	if err != nil {
		return reply{}, err
	}
	return unlessKnown(v, k)
}

func (s *server) pollLong(c echo.Context, user string, k known, wait time.Duration) (reply, error) {
	// From here on no change is missed: it comes before the read, or is heard of.
	w, err := s.Watch.Watch(user)
	if err != nil {
		return reply{}, crowded(err)
	}
	defer w.Close()
	until := time.Now().Add(wait)
	v, rep, err := s.look(c, user, k)
	for waited := false; err == nil; waited = true {
		if rep.status == http.StatusOK && waited {
			return rep, s.stillMay(c)
		}
		if rep.status == http.StatusOK {
			return rep, nil
		}
		etag := rep.header[headerETag]
		if v, err = w.Next(c.Request().Context(), v, time.Until(until)); err != nil {
			// Time is up, for this request or for the server.
			return reply{status: http.StatusNotModified, header: map[string]string{headerETag: etag}}, nil
		}
		rep, err = unlessKnown(v, k)
	}
	return reply{}, err
}

// look reads a status and makes the reply of it.
func (s *server) look(c echo.Context, user string, k known) (v idv.UserVerification, rep reply, err error) {
	err = aside(func() error {
		if v, err = s.Users.Verification(c.Request().Context(), user); err == nil {
			rep, err = unlessKnown(v, k)
		}
		return err
	})
	return v, rep, err
}

// unlessKnown is the reply that tells a status, or 304 if the caller knows it.
func unlessKnown(v idv.UserVerification, k known) (reply, error) {
	body, err := render(verificationOf(v))
	if err != nil {
		return reply{}, err
	}
	rep := reply{status: http.StatusOK, body: answered(body), header: map[string]string{headerETag: etagOf(v.Version, body)}}
	if k.has(rep.header[headerETag]) {
		rep.status = http.StatusNotModified
	}
	return rep, nil
}

const headerETag = "ETag"

// crowded is the answer when there is no room to wait.
func crowded(err error) error {
	if !errors.Is(err, watch.ErrFull) {
		return err
	}
	return &problem{
		Status: http.StatusServiceUnavailable, Code: codeInternal,
		Detail: "As many clients wait here as there is room for. Ask again in a while, or without waiting.",
		header: retryAfter(busyFor), cause: err,
	}
}
