package api

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Events is the feed of what was announced.
type Events interface {
	Events(ctx context.Context, f idv.EventFilter) ([]idv.Event, error)
}

// eventReply is what an event looks like everywhere: in the feed, and in what
// endpoints are sent.
type eventReply struct {
	ID             string        `json:"id" example:"evt_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Type           idv.EventType `json:"type" example:"user.verified"`
	ExternalUserID string        `json:"externalUserId" example:"user-42"`
	SessionID      *string       `json:"sessionId" extensions:"x-nullable" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	// Only of events about an endpoint, whose externalUserId is empty.
	EndpointID string `json:"endpointId,omitempty" example:"end_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Status     string `json:"status" example:"verified"`
	Version    int64  `json:"version" minimum:"0" example:"7"`
	CreatedAt  string `json:"createdAt" format:"date-time" example:"2026-11-20T09:04:32.118Z"`
} // @name Event

// RenderEvent gives an event as the feed shows it, for whoever else tells of it.
func RenderEvent(e idv.Event) ([]byte, error) { return render(eventOf(e)) }

type eventList struct {
	Data       []eventReply `json:"data"`
	NextCursor *string      `json:"nextCursor" extensions:"x-nullable" example:"evt_01kagt2f6pe4mrt1qq3g1c2s8f"`
	HasMore    bool         `json:"hasMore" example:"false"`
} // @name EventList

func eventOf(e idv.Event) eventReply {
	return eventReply{
		ID:             e.ID,
		Type:           e.Type,
		ExternalUserID: e.ExternalUserID,
		SessionID:      orNull(e.SessionID),
		EndpointID:     e.EndpointID,
		Status:         e.Status,
		Version:        e.Version,
		CreatedAt:      stamp(e.CreatedAt),
	}
}

// listEvents gives the feed of what changed.
//
//	@Summary		Read the feed of events
//	@Description	Every change of the status of a session or a user, and every notice of a provider, oldest first. Ask again with `after` set to `nextCursor`, which is the last event you were given: you never miss one, whatever is written at the same time. Events are thin; read the verification or the session for more. Of two events about the same user, or the same session, the one with the higher `version` is newer.
//	@ID				listEvents
//	@Tags			events
//	@Produce		json
//	@Param			after	query		string		false	"the id of the last event that you know"	example(evt_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Param			limit	query		int			false	"how many at most"	minimum(1)	maximum(200)	default(50)
//	@Success		200		{object}	eventList	"the events after it"
//	@Failure		400		{object}	problem		"`invalid_request`"
//	@Failure		401		{object}	problem		"`unauthorized`"
//	@Failure		403		{object}	problem		"`forbidden`: the credential lacks `sessions:read`"
//	@Failure		500		{object}	problem		"`internal`"
//	@Failure		503		{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"data": [{}]}, "400": {"detail": "The request has a mistake: ?after must be the id of an event.", "errors": [{"pointer": "?after", "code": "invalid_value", "detail": "must be the id of an event"}]}}
//	@Security		Bearer
//	@Router			/v1/events [get]
func (s *server) listEvents(c echo.Context) (reply, error) {
	q := newQuery(c.Request().URL.RawQuery, "after", "limit")
	f := idv.EventFilter{
		After: q.text("after", func(v string) bool { return id.Valid(id.Event, v) }, unknownEvent),
		Limit: q.limit() + 1, // one more tells whether there are more
	}
	if err := q.err(); err != nil {
		return reply{}, err
	}
	rows, err := s.Events.Events(c.Request().Context(), f)
	if errors.Is(err, idv.ErrNotFound) {
		return reply{}, invalid(fieldError{Pointer: "?after", Code: "invalid_value", Detail: unknownEvent})
	}
	if err != nil {
		return reply{}, err
	}
	list := eventList{Data: []eventReply{}, NextCursor: orNull(f.After), HasMore: len(rows) == f.Limit}
	for _, e := range rows[:min(len(rows), f.Limit-1)] {
		list.Data = append(list.Data, eventOf(e))
		list.NextCursor = &e.ID
	}
	return ok(list)
}

const unknownEvent = "must be the id of an event"
