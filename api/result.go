package api

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type resultReply struct {
	SessionID string        `json:"sessionId" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Provider  string        `json:"provider" example:"kora"`
	DecidedAt *string       `json:"decidedAt" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:04:31.000Z"`
	Person    *idv.Person   `json:"person" extensions:"x-nullable"`
	Document  *idv.Document `json:"document" extensions:"x-nullable"`
	Checks    []idv.Check   `json:"checks"`
} // @name Result

// getResult answers the personal data of a session.
//
//	@Summary		Get a session's result
//	@Description	Person, document and checks as the provider told them, normalized. What the provider did not give is null or absent. 404 until the provider gave any. Each read is recorded.
//	@ID				getResult
//	@Tags			sessions
//	@Produce		json
//	@Param			id	path		string		true	"the session's id"	example(ses_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		200	{object}	resultReply	"the result"
//	@Failure		401	{object}	problem		"`unauthorized`"
//	@Failure		403	{object}	problem		"`forbidden`: the credential lacks `results:read`"
//	@Failure		404	{object}	problem		"`not_found`: no such session, or no result, yet or any more"
//	@Failure		500	{object}	problem		"`internal`"
//	@Failure		503	{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"404": {"detail": "There is no result of this session: none came yet, or it was removed."}}
//	@Security		Bearer
//	@Router			/v1/sessions/{id}/result [get]
func (s *server) getResult(c echo.Context) (reply, error) {
	x, err := s.session(c)
	if err != nil {
		return reply{}, err
	}
	result, err := s.SessionReader.Result(c.Request().Context(), x.ID, caller(c).ID)
	if errors.Is(err, idv.ErrNotFound) {
		return reply{}, &problem{
			Status: http.StatusNotFound, Code: codeNotFound, Detail: "There is no result of this session: none came yet, or it was removed.",
		}
	}
	if err != nil {
		return reply{}, err
	}
	r := resultReply{SessionID: x.ID, Provider: x.Provider, Person: result.Person, Document: result.Document, Checks: result.Checks}
	if d := x.State.Decision; d != nil {
		r.DecidedAt = stampOrNull(d.DecidedAt)
	}
	return ok(r)
}
