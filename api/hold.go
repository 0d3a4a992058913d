package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Privacy is what people have to see to: legal holds, and what persons asked for.
type Privacy interface {
	Hold(ctx context.Context, externalUserID, by string) (since time.Time, err error)
	Release(ctx context.Context, externalUserID, by string) error
	// HeldSince is zero for a user who is not held.
	HeldSince(ctx context.Context, externalUserID string) (time.Time, error)
	PrivacyTasks(ctx context.Context, f idv.PrivacyTaskFilter) ([]idv.PrivacyTask, error)
	FinishTask(ctx context.Context, taskID, by string) (idv.PrivacyTask, error)
}

type holdReply struct {
	ExternalUserID string  `json:"externalUserId" example:"user-42"`
	HeldSince      *string `json:"heldSince" format:"date-time" extensions:"x-nullable" example:"2026-12-01T10:00:00.000Z"`
} // @name LegalHold

// getLegalHold answers whether a user is on legal hold.
//
//	@Summary	Is a user on legal hold?
//	@ID			getLegalHold
//	@Tags		privacy
//	@Produce	json
//	@Param		externalUserId	path		string		true	"the client's own id of the user"	maxlength(255)	example(user-42)
//	@Success	200				{object}	holdReply	"since when; null if not"
//	@Failure	400				{object}	problem		"`invalid_request`: the id is not well formed"
//	@Failure	401				{object}	problem		"`unauthorized`"
//	@Failure	403				{object}	problem		"`forbidden`: the credential lacks `admin`"
//	@Failure	500				{object}	problem		"`internal`"
//	@Failure	503				{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example	{"400": {"detail": "The request has a mistake: /externalUserId must be 1 to 255 characters of valid UTF-8 without control characters.", "errors": [{"pointer": "/externalUserId", "code": "invalid_characters", "detail": "must be 1 to 255 characters of valid UTF-8 without control characters"}]}}
//	@Security	Bearer
//	@Router		/v1/users/{externalUserId}/legal-hold [get]
func (s *server) getLegalHold(c echo.Context) (reply, error) {
	user, err := pathUser(c)
	if err != nil {
		return reply{}, err
	}
	since, err := s.Privacy.HeldSince(c.Request().Context(), user)
	if err != nil {
		return reply{}, err
	}
	return ok(holdReply{ExternalUserID: user, HeldSince: stampOrNull(since)})
}

// setLegalHold puts a user on legal hold.
//
//	@Summary		Put a user on legal hold
//	@Description	Nothing of the user is erased until the hold is released: a `DELETE` of the user is refused, and what would be removed by age stays. A second time changes nothing.
//	@ID				setLegalHold
//	@Tags			privacy
//	@Produce		json
//	@Param			externalUserId	path		string		true	"the client's own id of the user"	maxlength(255)	example(user-42)
//	@Success		200				{object}	holdReply	"since when"
//	@Failure		400				{object}	problem		"`invalid_request`: the id is not well formed, or there is a body with fields"
//	@Failure		401				{object}	problem		"`unauthorized`"
//	@Failure		403				{object}	problem		"`forbidden`: the credential lacks `admin`"
//	@Failure		413				{object}	problem		"`too_large`"
//	@Failure		415				{object}	problem		"`unsupported_media_type`"
//	@Failure		500				{object}	problem		"`internal`"
//	@Failure		503				{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"400": {"detail": "The request has a mistake: /reason is not a field of this request.", "errors": [{"pointer": "/reason", "code": "unknown_field", "detail": "is not a field of this request"}]}}
//	@Security		Bearer
//	@Router			/v1/users/{externalUserId}/legal-hold [put]
func (s *server) setLegalHold(c echo.Context) (reply, error) {
	user, err := pathUser(c)
	if err != nil {
		return reply{}, err
	}
	if err := noFields(c); err != nil {
		return reply{}, err
	}
	since, err := s.Privacy.Hold(c.Request().Context(), user, caller(c).ID)
	if err != nil {
		return reply{}, err
	}
	return ok(holdReply{ExternalUserID: user, HeldSince: stampOrNull(since)})
}

// releaseLegalHold ends a legal hold.
//
//	@Summary		Release a user from legal hold
//	@Description	What was kept only because of the hold is removed. A second time changes nothing.
//	@ID				releaseLegalHold
//	@Tags			privacy
//	@Produce		json
//	@Param			externalUserId	path	string	true	"the client's own id of the user"	maxlength(255)	example(user-42)
//	@Success		204				"released"
//	@Failure		400				{object}	problem	"`invalid_request`: the id is not well formed"
//	@Failure		401				{object}	problem	"`unauthorized`"
//	@Failure		403				{object}	problem	"`forbidden`: the credential lacks `admin`"
//	@Failure		500				{object}	problem	"`internal`"
//	@Failure		503				{object}	problem	"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"400": {"detail": "The request has a mistake: /externalUserId must be 1 to 255 characters of valid UTF-8 without control characters.", "errors": [{"pointer": "/externalUserId", "code": "invalid_characters", "detail": "must be 1 to 255 characters of valid UTF-8 without control characters"}]}}
//	@Security		Bearer
//	@Router			/v1/users/{externalUserId}/legal-hold [delete]
func (s *server) releaseLegalHold(c echo.Context) (reply, error) {
	user, err := pathUser(c)
	if err != nil {
		return reply{}, err
	}
	if err := s.Privacy.Release(c.Request().Context(), user, caller(c).ID); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, nil
}
