package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/watch"
)

const (
	eventStream      = "text/event-stream"
	defaultHeartbeat = 15 * time.Second
	// writeWithin is how long a stream's reader may take to take what it is sent.
	writeWithin = 10 * time.Second
	// comeBackAfter is how soon the reader of a stream that broke asks again, in
	// milliseconds.
	comeBackAfter = "2000"
)

// streamVerification tells a user's status and each change of it.
//
//	@Summary		Follow a user's verification status
//	@Description	Server-sent events: the present status at once, unless `Last-Event-ID` is its version already, then each change as an event `verification` whose `id` is the version and whose `data` is the object that `GET …/verification` answers. Of changes that come together the last one may stand for all. A comment line comes every 15 seconds. The stream goes on until the client or the server ends it, or the credential is no longer valid; ask again then with `Last-Event-ID`, as `EventSource` does. No provider is ever asked.
//	@ID				streamVerification
//	@Tags			users
//	@Produce		text/event-stream,json
//	@Param			externalUserId	path		string	true	"the client's own id of the user"	maxlength(255)	example(user-42)
//	@Param			Last-Event-ID	header		string	false	"the version that you know"	example(7)
//	@Success		200				{string}	string	"the stream"
//	@Failure		400				{object}	problem	"`invalid_request`: the id is not well formed"
//	@Failure		401				{object}	problem	"`unauthorized`"
//	@Failure		403				{object}	problem	"`forbidden`: the credential lacks `users:read`"
//	@Failure		500				{object}	problem	"`internal`"
//	@Failure		503				{object}	problem	"`internal`: the database is slow or away, or too many clients wait; `Retry-After` says when to come back"
//	@x-example		{"200": "retry: 2000\n\nid: 7\nevent: verification\ndata: {\"externalUserId\":\"user-42\",\"status\":\"verified\",\"version\":7,\"sessionId\":\"ses_01kagt2f6pe4mrt1qq3g1c2s8f\",\"provider\":\"kora\",\"openSessionId\":null,\"reasons\":[],\"verifiedAt\":\"2026-11-20T09:04:31.000Z\",\"expiresAt\":\"2027-11-20T09:04:31.000Z\",\"updatedAt\":\"2026-11-20T09:04:32.118Z\"}\n\n: nothing new\n\n", "400": {"detail": "The request has a mistake: /externalUserId must be 1 to 255 characters of valid UTF-8 without control characters.", "errors": [{"pointer": "/externalUserId", "code": "invalid_characters", "detail": "must be 1 to 255 characters of valid UTF-8 without control characters"}]}}
//	@Security		Bearer
//	@Router			/v1/users/{externalUserId}/verification/stream [get]
func (s *server) streamVerification(c echo.Context) (reply, error) {
	user, err := pathUser(c)
	if err != nil {
		return reply{}, err
	}
	return s.stream(c, user)
}

// streamOwnVerification tells the status of the user whose client token it is.
//
//	@Summary		Follow one's own verification status
//	@Description	For phones and browsers, which hold a client token: the same stream as the verification of the token's user. It ends with the token. A browser's own `EventSource` sends no credential; use one that is made with `fetch`.
//	@ID				streamOwnVerification
//	@Tags			users
//	@Produce		text/event-stream,json
//	@Param			Last-Event-ID	header		string	false	"the version that you know"	example(7)
//	@Success		200				{string}	string	"the stream"
//	@Failure		400				{object}	problem	"`invalid_request`: there are no parameters"
//	@Failure		401				{object}	problem	"`unauthorized`: the token is missing, wrong or expired"
//	@Failure		403				{object}	problem	"`forbidden`: the credential is not a client token"
//	@Failure		500				{object}	problem	"`internal`"
//	@Failure		503				{object}	problem	"`internal`: the database is slow or away, or too many clients wait; `Retry-After` says when to come back"
//	@x-example		{"200": "retry: 2000\n\nid: 7\nevent: verification\ndata: {\"externalUserId\":\"user-42\",\"status\":\"verified\",\"version\":7,\"sessionId\":\"ses_01kagt2f6pe4mrt1qq3g1c2s8f\",\"provider\":\"kora\",\"openSessionId\":null,\"reasons\":[],\"verifiedAt\":\"2026-11-20T09:04:31.000Z\",\"expiresAt\":\"2027-11-20T09:04:31.000Z\",\"updatedAt\":\"2026-11-20T09:04:32.118Z\"}\n\n: nothing new\n\n", "400": {"detail": "The request has a mistake: ?wait is not a parameter of this request.", "errors": [{"pointer": "?wait", "code": "unknown_parameter", "detail": "is not a parameter of this request"}]}, "403": {"detail": "This route is for client tokens."}}
//	@Security		Bearer
//	@Router			/v1/me/verification/stream [get]
func (s *server) streamOwnVerification(c echo.Context) (reply, error) {
	return s.stream(c, caller(c).User)
}

// stream tells a user's status and each change of it until somebody has enough:
// the reader is gone or too slow, the credential has ended, or the server stops.
func (s *server) stream(c echo.Context, user string) (reply, error) {
	if err := newQuery(c.Request().URL.RawQuery).err(); err != nil {
		return reply{}, err
	}
	w, err := s.Watch.Watch(user)
	if err != nil {
		return reply{}, crowded(err)
	}
	defer w.Close()
	v, first, err := s.begin(c, user)
	if err != nil {
		return reply{}, err
	}
	out := newEventWriter(c)
	if c.Request().Method == http.MethodHead {
		return written()
	}
	for err = aside(func() error { return out.send(first) }); err == nil; {
		v, err = w.Next(c.Request().Context(), v, s.Heartbeat)
		quiet := errors.Is(err, watch.ErrQuiet)
		if err == nil || quiet {
			err = aside(func() error { return s.goOn(c, out, v, quiet) })
		}
	}
	return written()
}

// begin reads the present status, and writes what a stream begins with.
func (s *server) begin(c echo.Context, user string) (v idv.UserVerification, send []byte, err error) {
	err = aside(func() error {
		v, err = s.Users.Verification(c.Request().Context(), user)
		send = []byte("retry: " + comeBackAfter + "\n\n")
		if err == nil && c.Request().Header.Get("Last-Event-ID") != strconv.FormatInt(v.Version, 10) {
			send, err = appendEvent(send, v)
		}
		return err
	})
	return v, send, err
}

// aside calls a function on a stack of its own. That of one who waits stays as
// large as it ever was, so that whoever is to wait in great numbers makes deep
// calls elsewhere.
func aside(f func() error) error {
	type outcome struct {
		err      error
		panicked any
	}
	done := make(chan outcome)
	go func() {
		var o outcome
		defer func() {
			o.panicked = recover()
			done <- o
		}()
		o.err = f()
	}()
	o := <-done
	if o.panicked != nil {
		panic(o.panicked) // where whoever called would expect it
	}
	return o.err
}

// goOn sends a change, or a sign of life, to a reader who still may have it.
func (s *server) goOn(c echo.Context, out eventWriter, v idv.UserVerification, quiet bool) error {
	if err := s.stillMay(c); err != nil {
		return err
	}
	if quiet {
		return out.send([]byte(": nothing new\n\n"))
	}
	event, err := appendEvent(nil, v)
	if err != nil {
		return err
	}
	return out.send(event)
}

// appendEvent writes a status as an event.
func appendEvent(to []byte, v idv.UserVerification) ([]byte, error) {
	body, err := render(verificationOf(v))
	if err != nil {
		return nil, err
	}
	to = append(to, "id: "...)
	to = strconv.AppendInt(to, v.Version, 10)
	to = append(to, "\nevent: verification\ndata: "...) // JSON has no line breaks of its own
	to = append(to, body...)
	return append(to, "\n\n"...), nil
}

// eventWriter writes a stream, each piece within bounded time.
type eventWriter struct {
	response *echo.Response
	control  *http.ResponseController
}

func newEventWriter(c echo.Context) eventWriter {
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, eventStream)
	header.Set(echo.HeaderCacheControl, "no-store")
	header.Set("X-Accel-Buffering", "no") // for proxies, which would gather it
	c.Response().WriteHeader(http.StatusOK)
	return eventWriter{response: c.Response(), control: http.NewResponseController(c.Response())}
}

func (w eventWriter) send(piece []byte) error {
	// This takes the place of the server's own limit, which is for whole replies.
	if err := w.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	if _, err := w.response.Write(piece); err != nil {
		return err
	}
	return w.control.Flush()
}
