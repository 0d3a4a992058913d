package api

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type clientTokenRequest struct {
	// How long the token counts, in seconds.
	ExpiresInSeconds *int `json:"expiresInSeconds,omitempty" validate:"omitnil,min=60,max=86400" minimum:"60" maximum:"86400" default:"3600" example:"3600"`
} // @name ClientTokenRequest

type clientTokenReply struct {
	ClientToken string `json:"clientToken" example:"eyJhbGciOiJIUzI1NiIsImtpZCI6IjNmMGMyYTU0LjIwNzc3In0.eyJzdWIiOiJ1c2VyLTQyIn0.c2lnbmF0dXJl"`
	ExpiresAt   string `json:"expiresAt" format:"date-time" example:"2026-11-20T10:04:31.000Z"`
} // @name ClientToken

// clientTokenLife is how long a token counts where nobody says.
const clientTokenLife = time.Hour

// createClientToken makes a token for a user's phone or browser.
//
//	@Summary		Make a client token
//	@Description	A short-lived token with which a phone or a browser reads this one user's status at `/v1/me/verification`, and nothing else. Give it to nobody but the user.
//	@ID				createClientToken
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			Idempotency-Key	header		string				false	"the client's name for this request"	maxlength(255)	example(token-1042)
//	@Param			externalUserId	path		string				true	"the client's own id of the user"		maxlength(255)	example(user-42)
//	@Param			request			body		clientTokenRequest	false	"how long it counts"
//	@Success		201				{object}	clientTokenReply	"the token"
//	@Failure		400				{object}	problem				"`invalid_request`: the request has mistakes, each in `errors`"
//	@Failure		401				{object}	problem				"`unauthorized`"
//	@Failure		403				{object}	problem				"`forbidden`: the credential lacks `sessions:write`"
//	@Failure		409				{object}	problem				"`idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem				"`too_large`"
//	@Failure		415				{object}	problem				"`unsupported_media_type`"
//	@Failure		422				{object}	problem				"`idempotency_mismatch`"
//	@Failure		500				{object}	problem				"`internal`"
//	@Failure		503				{object}	problem				"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"400": {"detail": "The request has a mistake: /expiresInSeconds must be from 60 to 86400.", "errors": [{"pointer": "/expiresInSeconds", "code": "out_of_range", "detail": "must be from 60 to 86400"}]}}
//	@Security		Bearer
//	@Router			/v1/users/{externalUserId}/client-tokens [post]
func (s *server) createClientToken(c echo.Context) (reply, error) {
	user, err := pathUser(c)
	if err != nil {
		return reply{}, err
	}
	var in clientTokenRequest
	if err := s.accept(c, &in); err != nil {
		return reply{}, err
	}
	life := clientTokenLife
	if in.ExpiresInSeconds != nil {
		life = time.Duration(*in.ExpiresInSeconds) * time.Second
	}
	signed, expiresAt, err := s.ClientTokens.New(user, life)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: clientTokenReply{ClientToken: signed, ExpiresAt: stamp(expiresAt)}}, nil
}

// noToken stands where the client token goes in a session as it is kept.
const noToken = "-"

// withToken puts a fresh token into a session as it was rendered. It is the
// first member, before all that the client chose.
func (s *server) withToken(a idv.Answer, user string) (idv.Answer, error) {
	if a.Status >= http.StatusBadRequest {
		return a, nil
	}
	signed, _, err := s.ClientTokens.New(user, clientTokenLife)
	if err != nil {
		return a, err
	}
	a.Body = bytes.Replace(a.Body, tokenMember(noToken), tokenMember(signed), 1)
	return a, nil
}

func tokenMember(value string) []byte { return []byte(`"clientToken":` + strconv.Quote(value)) }
