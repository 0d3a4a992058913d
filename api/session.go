package api

import (
	"errors"
	"net/http"
	"regexp"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

var providerName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// getSession answers one session.
//
//	@Summary	Get a session
//	@ID			getSession
//	@Tags		sessions
//	@Produce	json
//	@Param		id	path		string			true	"the session's id"	example(ses_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success	200	{object}	sessionReply	"the session"
//	@Failure	401	{object}	problem			"`unauthorized`"
//	@Failure	403	{object}	problem			"`forbidden`: the credential lacks `sessions:read`"
//	@Failure	404	{object}	problem			"`not_found`"
//	@Failure	500	{object}	problem			"`internal`"
//	@Failure	503	{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example	{"200": {"status": "approved", "reasons": [], "updatedAt": "2026-11-20T09:04:32.118Z", "decision": {"revisedFrom": null}}, "404": {"detail": "There is no such session."}}
//	@Security	Bearer
//	@Router		/v1/sessions/{id} [get]
func (s *server) getSession(c echo.Context) (reply, error) {
	x, err := s.session(c)
	if err != nil {
		return reply{}, err
	}
	return ok(sessionOf(x, false))
}

// session reads the session that the path names.
func (s *server) session(c echo.Context) (idv.Session, error) {
	sid, err := idOf(c, id.Session, "session")
	if err != nil {
		return idv.Session{}, err
	}
	x, err := s.SessionReader.Session(c.Request().Context(), sid)
	if errors.Is(err, idv.ErrNotFound) {
		return x, notFound("session")
	}
	return x, err
}

// listSessions answers sessions, newest first.
//
//	@Summary	List sessions
//	@ID			listSessions
//	@Tags		sessions
//	@Produce	json
//	@Param		externalUserId	query		string		false	"only those of this user"	example(user-42)
//	@Param		provider		query		string		false	"only those at this provider"	example(kora)
//	@Param		status			query		string		false	"only those with this status"	Enums(created,pending,in_progress,processing,in_review,resubmission_requested,approved,declined,expired,canceled,failed)	example(approved)
//	@Param		createdAfter	query		string		false	"only those created after this time"	format(date-time)	example(2026-11-01T00:00:00Z)
//	@Param		limit			query		integer		false	"how many"	minimum(1)	maximum(200)	default(50)	example(50)
//	@Param		cursor			query		string		false	"`nextCursor` of the page before"	example(c2VzXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm)
//	@Success	200				{object}	sessionList	"a page of sessions"
//	@Failure	400				{object}	problem		"`invalid_request`: a parameter is unknown or wrong"
//	@Failure	401				{object}	problem		"`unauthorized`"
//	@Failure	403				{object}	problem		"`forbidden`: the credential lacks `sessions:read`"
//	@Failure	500				{object}	problem		"`internal`"
//	@Failure	503				{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example	{"200": {"data": [{"status": "approved", "reasons": [], "updatedAt": "2026-11-20T09:04:32.118Z", "decision": {"revisedFrom": null}}]}, "400": {"detail": "The request has a mistake: ?limit must be a number from 1 to 200.", "errors": [{"pointer": "?limit", "code": "invalid_value", "detail": "must be a number from 1 to 200"}]}}
//	@Security	Bearer
//	@Router		/v1/sessions [get]
func (s *server) listSessions(c echo.Context) (reply, error) {
	q := newQuery(c.Request().URL.RawQuery, "externalUserId", "provider", "status", "createdAfter", "limit", "cursor")
	f := idv.SessionFilter{
		ExternalUserID: q.text("externalUserId", validUserID, "must be a user id"),
		Provider:       q.text("provider", providerName.MatchString, "must be a provider's name"),
		Status:         idv.Status(q.text("status", func(v string) bool { return idv.Status(v).Valid() }, "must be a session status")),
		Page:           q.page("ses"),
	}
	after := q.text("createdAfter", func(v string) bool { _, err := instant(v); return err == nil }, "must be an RFC 3339 time")
	if err := q.err(); err != nil {
		return reply{}, err
	}
	if after != "" {
		f.CreatedAfter, _ = instant(after)
	}
	rows, err := s.SessionReader.Sessions(c.Request().Context(), f)
	if errors.Is(err, idv.ErrNotFound) {
		return reply{}, invalid(wrongCursor())
	}
	if err != nil {
		return reply{}, err
	}
	data, next, more := shown(rows, f.Page, func(x idv.Session) string { return x.ID }, func(x idv.Session) sessionReply { return sessionOf(x, false) })
	return ok(sessionList{Data: data, NextCursor: next, HasMore: more})
}

// cancelSession ends an open session.
//
//	@Summary		Cancel a session
//	@Description	Ends an open session here, and at the provider where it can. A genuine decision that arrives later still counts.
//	@ID				cancelSession
//	@Tags			sessions
//	@Produce		json
//	@Param			Idempotency-Key	header		string			false	"the client's name for this request"	maxlength(255)	example(cancel-1042)
//	@Param			id				path		string			true	"the session's id"	example(ses_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		200				{object}	sessionReply	"the session, canceled"
//	@Failure		400				{object}	problem			"`invalid_request`: there is a body with fields"
//	@Failure		401				{object}	problem			"`unauthorized`"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `sessions:write`"
//	@Failure		404				{object}	problem			"`not_found`"
//	@Failure		409				{object}	problem			"`already_decided`: it is decided; `conflict`: it ended otherwise; `idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem			"`too_large`"
//	@Failure		415				{object}	problem			"`unsupported_media_type`"
//	@Failure		422				{object}	problem			"`idempotency_mismatch`"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		503				{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"status": "canceled", "decision": null, "reasons": [{"code": "client_canceled", "message": "The verification was canceled by the service that asked for it.", "providerCode": null}], "updatedAt": "2026-11-20T09:03:10.250Z"}, "400": {"detail": "The request has a mistake: /reason is not a field of this request.", "errors": [{"pointer": "/reason", "code": "unknown_field", "detail": "is not a field of this request"}]}, "404": {"detail": "There is no such session."}}
//	@Security		Bearer
//	@Router			/v1/sessions/{id}/cancel [post]
func (s *server) cancelSession(c echo.Context) (reply, error) {
	if err := noFields(c); err != nil {
		return reply{}, err
	}
	sid, err := idOf(c, id.Session, "session")
	if err != nil {
		return reply{}, err
	}
	x, err := s.Sessions.Cancel(c.Request().Context(), sid, caller(c).ID)
	if errors.Is(err, idv.ErrNotFound) {
		return reply{}, notFound("session")
	}
	if err != nil {
		return reply{}, err
	}
	return okAbout(x)
}

// refreshSession asks the provider now.
//
//	@Summary		Refresh a session
//	@Description	Asks the provider about the session now. The answer goes through the same rules as a webhook.
//	@ID				refreshSession
//	@Tags			sessions
//	@Produce		json
//	@Param			Idempotency-Key	header		string			false	"the client's name for this request"	maxlength(255)	example(refresh-1042)
//	@Param			id				path		string			true	"the session's id"	example(ses_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		200				{object}	sessionReply	"the session as it is now"
//	@Failure		400				{object}	problem			"`invalid_request`: there is a body with fields"
//	@Failure		401				{object}	problem			"`unauthorized`"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `sessions:write`"
//	@Failure		404				{object}	problem			"`not_found`"
//	@Failure		409				{object}	problem			"`conflict`: the provider never confirmed the session; `idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem			"`too_large`"
//	@Failure		415				{object}	problem			"`unsupported_media_type`"
//	@Failure		422				{object}	problem			"`idempotency_mismatch`"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		502				{object}	problem			"`provider_rejected`"
//	@Failure		503				{object}	problem			"`provider_unavailable`; `internal`: the database is slow or away; `Retry-After` says when to come back"
//	@Failure		504				{object}	problem			"`provider_timeout`"
//	@x-example		{"200": {"status": "approved", "reasons": [], "updatedAt": "2026-11-20T09:04:32.118Z", "decision": {"revisedFrom": null}}, "400": {"detail": "The request has a mistake: /reason is not a field of this request.", "errors": [{"pointer": "/reason", "code": "unknown_field", "detail": "is not a field of this request"}]}, "404": {"detail": "There is no such session."}}
//	@Security		Bearer
//	@Router			/v1/sessions/{id}/refresh [post]
func (s *server) refreshSession(c echo.Context) (reply, error) {
	if err := noFields(c); err != nil {
		return reply{}, err
	}
	sid, err := idOf(c, id.Session, "session")
	if err != nil {
		return reply{}, err
	}
	x, err := s.Sessions.Refresh(c.Request().Context(), sid)
	switch {
	case errors.Is(err, idv.ErrNotFound):
		return reply{}, notFound("session")
	case errors.Is(err, session.ErrNotConfigured):
		return reply{}, &problem{Status: http.StatusConflict, Code: codeConflict, SessionID: sid, Detail: "The session's provider is not configured any more."}
	case err != nil:
		return reply{}, err
	}
	return okAbout(x)
}

// okAbout is a reply that is kept under an Idempotency-Key with its session.
func okAbout(x idv.Session) (reply, error) {
	return reply{status: http.StatusOK, body: sessionOf(x, false), about: x.ID}, nil
}
