package api

import (
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

type taskReply struct {
	ID             string              `json:"id" example:"tsk_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Kind           idv.PrivacyTaskKind `json:"kind" example:"data_request"`
	State          string              `json:"state" enums:"open,done" example:"open"`
	ExternalUserID string              `json:"externalUserId" example:"user-42"`
	SessionID      string              `json:"sessionId" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Provider       string              `json:"provider" example:"realid"`
	CreatedAt      string              `json:"createdAt" format:"date-time" example:"2026-12-01T10:00:00.000Z"`
	DoneAt         *string             `json:"doneAt" format:"date-time" extensions:"x-nullable" example:"2026-12-02T09:00:00.000Z"`
	// The credential of whoever said so, or "erasure" if the user was erased.
	DoneBy *string `json:"doneBy" extensions:"x-nullable" example:"key_01kagt2f6pe4mrt1qq3g1c2s8f"`
} // @name PrivacyTask

type taskList struct {
	Data       []taskReply `json:"data"`
	NextCursor *string     `json:"nextCursor" extensions:"x-nullable" example:"dHNrXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm"`
	HasMore    bool        `json:"hasMore" example:"false"`
} // @name PrivacyTaskList

const (
	taskOpen = "open"
	taskDone = "done"
)

func taskOf(t idv.PrivacyTask) taskReply {
	r := taskReply{
		ID: t.ID, Kind: t.Kind, State: taskOpen, ExternalUserID: t.ExternalUserID, SessionID: t.SessionID, Provider: t.Provider,
		CreatedAt: stamp(t.CreatedAt), DoneAt: stampOrNull(t.DoneAt), DoneBy: orNull(t.DoneBy),
	}
	if r.DoneAt != nil {
		r.State = taskDone
	}
	return r
}

// listTasks answers what persons asked for that only people can answer.
//
//	@Summary		List privacy tasks
//	@Description	What a person asked a provider for that concerns you (a copy of their data, its erasure, a human's look at a decision), and what has to be erased at a provider by hand. Nothing of it is ever done by itself, but that an erasure is done when the user was erased.
//	@ID				listPrivacyTasks
//	@Tags			privacy
//	@Produce		json
//	@Param			state	query		string		false	"only those in this state"	Enums(open,done)	example(open)
//	@Param			kind	query		string		false	"only those of this kind"	Enums(data_request,data_erasure,review_requested,provider_erasure)	example(data_request)
//	@Param			limit	query		integer		false	"how many"	minimum(1)	maximum(200)	default(50)	example(50)
//	@Param			cursor	query		string		false	"`nextCursor` of the page before"	example(dHNrXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm)
//	@Success		200		{object}	taskList	"a page of tasks, newest first"
//	@Failure		400		{object}	problem		"`invalid_request`: a parameter is unknown or wrong"
//	@Failure		401		{object}	problem		"`unauthorized`"
//	@Failure		403		{object}	problem		"`forbidden`: the credential lacks `users:erase`"
//	@Failure		500		{object}	problem		"`internal`"
//	@Failure		503		{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"data": [{"doneAt": null, "doneBy": null}]}, "400": {"detail": "The request has a mistake: ?limit must be a number from 1 to 200.", "errors": [{"pointer": "?limit", "code": "invalid_value", "detail": "must be a number from 1 to 200"}]}}
//	@Security		Bearer
//	@Router			/v1/privacy-tasks [get]
func (s *server) listTasks(c echo.Context) (reply, error) {
	q := newQuery(c.Request().URL.RawQuery, "state", "kind", "limit", "cursor")
	state := q.text("state", func(v string) bool { return v == taskOpen || v == taskDone }, "must be open or done")
	known := func(v string) bool { return slices.Contains(idv.PrivacyTaskKinds(), idv.PrivacyTaskKind(v)) }
	f := idv.PrivacyTaskFilter{
		Kind: idv.PrivacyTaskKind(q.text("kind", known, "must be a kind of task")),
		Page: q.page(id.Task),
	}
	if err := q.err(); err != nil {
		return reply{}, err
	}
	if state != "" {
		open := state == taskOpen
		f.Open = &open
	}
	rows, err := s.Privacy.PrivacyTasks(c.Request().Context(), f)
	if err != nil {
		return reply{}, err
	}
	data, next, more := shown(rows, f.Page, func(t idv.PrivacyTask) string { return t.ID }, taskOf)
	return ok(taskList{Data: data, NextCursor: next, HasMore: more})
}

// finishTask notes that a privacy task was done.
//
//	@Summary		Say that a privacy task is done
//	@Description	Notes who said so, and when. A second time changes nothing.
//	@ID				finishPrivacyTask
//	@Tags			privacy
//	@Produce		json
//	@Param			Idempotency-Key	header		string		false	"the client's name for this request"	maxlength(255)	example(done-1)
//	@Param			id				path		string		true	"the task's id"	example(tsk_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		200				{object}	taskReply	"the task, done"
//	@Failure		400				{object}	problem		"`invalid_request`: there is a body with fields"
//	@Failure		401				{object}	problem		"`unauthorized`"
//	@Failure		403				{object}	problem		"`forbidden`: the credential lacks `users:erase`"
//	@Failure		404				{object}	problem		"`not_found`"
//	@Failure		409				{object}	problem		"`idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem		"`too_large`"
//	@Failure		415				{object}	problem		"`unsupported_media_type`"
//	@Failure		422				{object}	problem		"`idempotency_mismatch`"
//	@Failure		500				{object}	problem		"`internal`"
//	@Failure		503				{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"state": "done"}, "400": {"detail": "The request has a mistake: /reason is not a field of this request.", "errors": [{"pointer": "/reason", "code": "unknown_field", "detail": "is not a field of this request"}]}, "404": {"detail": "There is no such privacy task."}}
//	@Security		Bearer
//	@Router			/v1/privacy-tasks/{id}/done [post]
func (s *server) finishTask(c echo.Context) (reply, error) {
	if err := noFields(c); err != nil {
		return reply{}, err
	}
	taskID, err := idOf(c, id.Task, "privacy task")
	if err != nil {
		return reply{}, err
	}
	t, err := s.Privacy.FinishTask(c.Request().Context(), taskID, caller(c).ID)
	if errors.Is(err, idv.ErrNotFound) {
		return reply{}, notFound("privacy task")
	}
	if err != nil {
		return reply{}, err
	}
	return ok(taskOf(t))
}
