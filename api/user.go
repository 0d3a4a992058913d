package api

import (
	"net/url"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type verificationReply struct {
	ExternalUserID string         `json:"externalUserId" example:"user-42"`
	Status         idv.UserStatus `json:"status" example:"verified"`
	Version        int64          `json:"version" minimum:"0" example:"7"`
	SessionID      *string        `json:"sessionId" extensions:"x-nullable" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Provider       *string        `json:"provider" extensions:"x-nullable" example:"kora"`
	OpenSessionID  *string        `json:"openSessionId" extensions:"x-nullable" example:"ses_01kagt9x1se4mrt1qq3g1c2s8f"`
	Reasons        []reasonReply  `json:"reasons"`
	VerifiedAt     *string        `json:"verifiedAt" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:04:31.000Z"`
	ExpiresAt      *string        `json:"expiresAt" format:"date-time" extensions:"x-nullable" example:"2027-11-20T09:04:31.000Z"`
	UpdatedAt      *string        `json:"updatedAt" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:04:32.118Z"`
	// When the person's data was erased; absent unless nothing was begun since.
	ErasedAt *string `json:"erasedAt,omitempty" format:"date-time" example:"2026-12-01T10:00:00.000Z"`
} // @name Verification

func verificationOf(v idv.UserVerification) verificationReply {
	return verificationReply{
		ExternalUserID: v.ExternalUserID,
		Status:         v.Status,
		Version:        v.Version,
		SessionID:      orNull(v.SessionID),
		Provider:       orNull(v.Provider),
		OpenSessionID:  orNull(v.OpenSessionID),
		Reasons:        reasonsOf(v.Reasons),
		VerifiedAt:     stampOrNull(v.VerifiedAt),
		ExpiresAt:      stampOrNull(v.ExpiresAt),
		UpdatedAt:      stampOrNull(v.UpdatedAt),
		ErasedAt:       stampOrNull(v.ErasedAt),
	}
}

// getVerification answers a user's status.
//
//	@Summary		Get a user's verification status
//	@Description	Always 200 for a well-formed id: a user nobody has heard of is `unverified`. `version` rises with every change of this object. Send `ETag` back as `If-None-Match`, and the answer is 304 without a body while nothing has changed; with `wait` as well, the request is held until something does. No provider is ever asked.
//	@ID				getVerification
//	@Tags			users
//	@Produce		json
//	@Param			externalUserId	path		string				true	"the client's own id of the user"	maxlength(255)	example(user-42)
//	@Param			wait			query		int					false	"how many seconds to wait for a change; only with `If-None-Match`"	minimum(0)	maximum(60)	default(0)	example(30)
//	@Param			If-None-Match	header		string				false	"the `ETag` of what you know"	example("7-q83vEjRWeJA")
//	@Success		200				{object}	verificationReply	"the status"
//	@Header			200				{string}	ETag				"names what this reply says, strongly"
//	@Success		304				"nothing has changed"
//	@Header			304				{string}	ETag				"names what you know"
//	@Failure		400				{object}	problem				"`invalid_request`: the id is not well formed, or `wait` is not from 0 to 60"
//	@Failure		401				{object}	problem				"`unauthorized`"
//	@Failure		403				{object}	problem				"`forbidden`: the credential lacks `users:read`"
//	@Failure		500				{object}	problem				"`internal`"
//	@Failure		503				{object}	problem				"`internal`: the database is slow or away, or too many clients wait; `Retry-After` says when to come back"
//	@x-example		{"200": {"openSessionId": null, "reasons": []}, "400": {"detail": "The request has a mistake: /externalUserId must be 1 to 255 characters of valid UTF-8 without control characters.", "errors": [{"pointer": "/externalUserId", "code": "invalid_characters", "detail": "must be 1 to 255 characters of valid UTF-8 without control characters"}]}}
//	@Security		Bearer
//	@Router			/v1/users/{externalUserId}/verification [get]
func (s *server) getVerification(c echo.Context) (reply, error) {
	user, err := pathUser(c)
	if err != nil {
		return reply{}, err
	}
	return s.poll(c, user)
}

// getOwnVerification answers the status of the user whose client token it is.
//
//	@Summary		Get one's own verification status
//	@Description	For phones and browsers, which hold a client token: the same as the verification of the token's user, `If-None-Match` and `wait` included. A browser may call it from the origins of `BONAFIDE_CORS_ORIGINS`.
//	@ID				getOwnVerification
//	@Tags			users
//	@Produce		json
//	@Param			wait			query		int					false	"how many seconds to wait for a change; only with `If-None-Match`"	minimum(0)	maximum(60)	default(0)	example(30)
//	@Param			If-None-Match	header		string				false	"the `ETag` of what you know"	example("7-q83vEjRWeJA")
//	@Success		200				{object}	verificationReply	"the status"
//	@Header			200				{string}	ETag				"names what this reply says, strongly"
//	@Success		304				"nothing has changed"
//	@Header			304				{string}	ETag				"names what you know"
//	@Failure		400				{object}	problem				"`invalid_request`: `wait` is not from 0 to 60"
//	@Failure		401				{object}	problem				"`unauthorized`: the token is missing, wrong or expired"
//	@Failure		403				{object}	problem				"`forbidden`: the credential is not a client token"
//	@Failure		500				{object}	problem				"`internal`"
//	@Failure		503				{object}	problem				"`internal`: the database is slow or away, or too many clients wait; `Retry-After` says when to come back"
//	@x-example		{"200": {"openSessionId": null, "reasons": []}, "400": {"detail": "The request has a mistake: ?wait must be a number of seconds from 0 to 60.", "errors": [{"pointer": "?wait", "code": "invalid_value", "detail": "must be a number of seconds from 0 to 60"}]}, "403": {"detail": "This route is for client tokens."}}
//	@Security		Bearer
//	@Router			/v1/me/verification [get]
func (s *server) getOwnVerification(c echo.Context) (reply, error) { return s.poll(c, caller(c).User) }

// pathUser gives the user that the path names.
func pathUser(c echo.Context) (string, error) {
	user, err := pathText(c, "externalUserId")
	if err != nil || !validUserID(user) {
		return "", invalid(fieldError{
			Pointer: "/externalUserId", Code: "invalid_characters",
			Detail: "must be 1 to 255 characters of valid UTF-8 without control characters",
		})
	}
	return user, nil
}

// pathText gives a parameter of the path as it was meant: the router matches
// the escaped path where escaping matters, and leaves it so.
func pathText(c echo.Context, name string) (string, error) {
	if c.Request().URL.RawPath == "" {
		return c.Param(name), nil
	}
	return url.PathUnescape(c.Param(name))
}

func validUserID(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 1 && n <= 255 && printable(s)
}
