package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Messages shows what was sent to endpoints and has it sent again.
type Messages interface {
	Messages(ctx context.Context, f idv.MessageFilter) ([]idv.Message, error)
	Resend(ctx context.Context, endpointID, eventID string) (idv.Message, error)
	ResendRange(ctx context.Context, endpointID string, r idv.EventRange, all bool, most int) (queued int, next time.Time, err error)
}

// messageReply is an event on its way to an endpoint.
type messageReply struct {
	EventID       string           `json:"eventId" example:"evt_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Type          idv.EventType    `json:"type" example:"user.verified"`
	State         idv.MessageState `json:"state" example:"delivered"`
	EventAt       string           `json:"eventAt" format:"date-time" example:"2026-11-20T09:04:32.118Z"`
	NextAttemptAt *string          `json:"nextAttemptAt" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:09:37.401Z"`
	Attempts      []attemptReply   `json:"attempts"`
} // @name Message

// attemptReply is one try; statusCode is null if there was no answer, fault if the
// endpoint took it.
type attemptReply struct {
	At         string            `json:"at" format:"date-time" example:"2026-11-20T09:04:32.401Z"`
	DurationMs int64             `json:"durationMs" minimum:"0" example:"87"`
	StatusCode *int              `json:"statusCode" extensions:"x-nullable" example:"503"`
	Fault      *idv.AttemptFault `json:"fault" extensions:"x-nullable" example:"status"`
} // @name Attempt

type messageList struct {
	Data       []messageReply `json:"data"`
	NextCursor *string        `json:"nextCursor" extensions:"x-nullable" example:"ZXZ0XzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm"`
	HasMore    bool           `json:"hasMore" example:"true"`
} // @name MessageList

func messageOf(m idv.Message) messageReply {
	r := messageReply{
		EventID: m.Event.ID, Type: m.Event.Type, State: m.State, EventAt: stamp(m.Event.CreatedAt),
		NextAttemptAt: stampOrNull(m.NextAt), Attempts: []attemptReply{},
	}
	for _, a := range m.Attempts {
		r.Attempts = append(r.Attempts, attemptOf(a))
	}
	return r
}

func attemptOf(a idv.Attempt) attemptReply {
	return attemptReply{At: stamp(a.At), DurationMs: a.Took.Milliseconds(), StatusCode: orNull(a.StatusCode), Fault: orNull(a.Fault)}
}

// listMessages answers what was and will be sent to an endpoint.
//
//	@Summary		List what is sent to an endpoint
//	@Description	Every event that was or will be sent to the endpoint, the newest first, with every attempt. `fault` says in one word why the endpoint did not take it.
//	@ID				listMessages
//	@Tags			endpoints
//	@Produce		json
//	@Param			id		path		string		true	"the endpoint's id"	example(end_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Param			state	query		string		false	"only those in this state"	Enums(pending,delivered,failed)	example(failed)
//	@Param			limit	query		integer		false	"how many"	minimum(1)	maximum(200)	default(50)	example(50)
//	@Param			cursor	query		string		false	"`nextCursor` of the page before"	example(ZXZ0XzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm)
//	@Success		200		{object}	messageList	"a page of messages"
//	@Failure		400		{object}	problem		"`invalid_request`: a parameter is unknown or wrong"
//	@Failure		401		{object}	problem		"`unauthorized`"
//	@Failure		403		{object}	problem		"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure		404		{object}	problem		"`not_found`"
//	@Failure		500		{object}	problem		"`internal`"
//	@Failure		503		{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"data": [{"state": "pending"}]}, "400": {"detail": "The request has a mistake: ?limit must be a number from 1 to 200.", "errors": [{"pointer": "?limit", "code": "invalid_value", "detail": "must be a number from 1 to 200"}]}, "404": {"detail": "There is no such endpoint."}}
//	@Security		Bearer
//	@Router			/v1/endpoints/{id}/messages [get]
func (s *server) listMessages(c echo.Context) (reply, error) {
	eid, err := idOf(c, id.Endpoint, "endpoint")
	if err != nil {
		return reply{}, err
	}
	q := newQuery(c.Request().URL.RawQuery, "state", "limit", "cursor")
	known := func(v string) bool { return slices.Contains(idv.MessageStates(), idv.MessageState(v)) }
	f := idv.MessageFilter{
		EndpointID: eid,
		State:      idv.MessageState(q.text("state", known, "must be a message's state")),
		Page:       q.page(id.Event),
	}
	if err := q.err(); err != nil {
		return reply{}, err
	}
	rows, err := s.Messages.Messages(c.Request().Context(), f)
	if err != nil {
		return reply{}, endpointFault(err)
	}
	data, next, more := shown(rows, f.Page, func(m idv.Message) string { return m.Event.ID }, messageOf)
	return ok(messageList{Data: data, NextCursor: next, HasMore: more})
}

// resendMessage sends one event again.
//
//	@Summary		Send one event again
//	@Description	Sends any event of the feed to the endpoint again, at once and with all its tries, whatever became of it before. It carries the same `webhook-id`.
//	@ID				resendMessage
//	@Tags			endpoints
//	@Produce		json
//	@Param			Idempotency-Key	header		string			false	"the client's name for this request"	maxlength(255)	example(resend-1)
//	@Param			id				path		string			true	"the endpoint's id"	example(end_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Param			eventId			path		string			true	"the event's id"	example(evt_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		202				{object}	messageReply	"the message waits to be sent"
//	@Failure		400				{object}	problem			"`invalid_request`: there is a body with fields"
//	@Failure		401				{object}	problem			"`unauthorized`"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure		404				{object}	problem			"`not_found`: no such endpoint or event"
//	@Failure		409				{object}	problem			"`conflict`: the endpoint is disabled; `idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem			"`too_large`"
//	@Failure		415				{object}	problem			"`unsupported_media_type`"
//	@Failure		422				{object}	problem			"`idempotency_mismatch`"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		503				{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"202": {"state": "pending"}, "400": {"detail": "The request has a mistake: /reason is not a field of this request.", "errors": [{"pointer": "/reason", "code": "unknown_field", "detail": "is not a field of this request"}]}, "404": {"detail": "There is no such endpoint or event."}}
//	@Security		Bearer
//	@Router			/v1/endpoints/{id}/messages/{eventId}/resend [post]
func (s *server) resendMessage(c echo.Context) (reply, error) {
	eid, event := c.Param("id"), c.Param("eventId")
	if !id.Valid(id.Endpoint, eid) || !id.Valid(id.Event, event) {
		return reply{}, notFound("endpoint or event")
	}
	if err := noFields(c); err != nil {
		return reply{}, err
	}
	m, err := s.Messages.Resend(c.Request().Context(), eid, event)
	if errors.Is(err, idv.ErrNotFound) {
		return reply{}, notFound("endpoint or event")
	}
	if err != nil {
		return reply{}, endpointFault(err)
	}
	return reply{status: http.StatusAccepted, body: messageOf(m)}, nil
}

type resendRequest struct {
	// The time of the first event.
	From string `json:"from" validate:"required" format:"date-time" example:"2026-11-20T09:00:00.000Z"`
	// The time before which the last event was; absent: now.
	To string `json:"to,omitempty" format:"date-time" example:"2026-11-20T10:00:00.000Z"`
	// Also those that the endpoint took.
	IncludeDelivered bool `json:"includeDelivered,omitempty" default:"false" example:"false"`
} // @name ResendRequest

type resendReply struct {
	Queued   int     `json:"queued" minimum:"0" example:"1204"`
	NextFrom *string `json:"nextFrom" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:41:07.330Z"`
} // @name Resend

// mostResent is how many events one request looks at.
const mostResent = 10_000

// resendRange sends the events of a range again.
//
//	@Summary		Send a range of events again
//	@Description	Sends the events of a time that the endpoint wants and did not take: those that failed, and those that it never was to get, because it was disabled or not there yet. With `includeDelivered` also those that it took. One request looks at 10,000 events; ask again from `nextFrom` until it is null.
//	@ID				resendRange
//	@Tags			endpoints
//	@Accept			json
//	@Produce		json
//	@Param			Idempotency-Key	header		string			false	"the client's name for this request"	maxlength(255)	example(resend-2)
//	@Param			id				path		string			true	"the endpoint's id"	example(end_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Param			request			body		resendRequest	true	"the range"
//	@Success		202				{object}	resendReply		"how many wait to be sent"
//	@Failure		400				{object}	problem			"`invalid_request`: the request has mistakes, each in `errors`"
//	@Failure		401				{object}	problem			"`unauthorized`"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure		404				{object}	problem			"`not_found`"
//	@Failure		409				{object}	problem			"`conflict`: the endpoint is disabled; `idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem			"`too_large`"
//	@Failure		415				{object}	problem			"`unsupported_media_type`"
//	@Failure		422				{object}	problem			"`idempotency_mismatch`"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		503				{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"202": {"nextFrom": null}, "400": {"detail": "The request has a mistake: /to must be after from.", "errors": [{"pointer": "/to", "code": "invalid_value", "detail": "must be after from"}]}, "404": {"detail": "There is no such endpoint."}}
//	@Security		Bearer
//	@Router			/v1/endpoints/{id}/resend [post]
func (s *server) resendRange(c echo.Context) (reply, error) {
	eid, err := idOf(c, id.Endpoint, "endpoint")
	if err != nil {
		return reply{}, err
	}
	var in resendRequest
	if err := s.accept(c, &in); err != nil {
		return reply{}, err
	}
	span := idv.EventRange{To: time.Now()}
	if span.From, err = instant(in.From); err != nil {
		return reply{}, invalid(fieldError{Pointer: "/from", Code: "invalid_value", Detail: "must be an RFC 3339 time"})
	}
	if in.To != "" {
		if span.To, err = instant(in.To); err != nil {
			return reply{}, invalid(fieldError{Pointer: "/to", Code: "invalid_value", Detail: "must be an RFC 3339 time"})
		}
		if !span.To.After(span.From) {
			return reply{}, invalid(fieldError{Pointer: "/to", Code: "invalid_value", Detail: "must be after from"})
		}
	}
	queued, next, err := s.Messages.ResendRange(c.Request().Context(), eid, span, in.IncludeDelivered, mostResent)
	if err != nil {
		return reply{}, endpointFault(err)
	}
	return reply{status: http.StatusAccepted, body: resendReply{Queued: queued, NextFrom: stampOrNull(next)}}, nil
}
