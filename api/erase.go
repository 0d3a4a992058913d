package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type erasureReply struct {
	ExternalUserID string                 `json:"externalUserId" example:"user-42"`
	ErasedAt       string                 `json:"erasedAt" format:"date-time" example:"2026-12-01T10:00:00.000Z"`
	Providers      []providerErasureReply `json:"providers"`
} // @name Erasure

// providerErasureReply is what came of asking a provider to erase one session.
type providerErasureReply struct {
	Provider  string           `json:"provider" example:"realid"`
	SessionID string           `json:"sessionId" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Outcome   idv.EraseOutcome `json:"outcome" example:"erased"`
	Detail    string           `json:"detail" example:"the provider confirmed it"`
} // @name ProviderErasure

func erasureOf(e idv.Erasure) erasureReply {
	r := erasureReply{ExternalUserID: e.ExternalUserID, ErasedAt: stamp(e.ErasedAt), Providers: []providerErasureReply{}}
	for _, p := range e.Providers {
		r.Providers = append(r.Providers, providerErasureReply{Provider: p.Provider, SessionID: p.SessionID, Outcome: p.Outcome, Detail: p.Detail})
	}
	return r
}

// eraseUser erases a person's data.
//
//	@Summary		Erase a person's data
//	@Description	Destroys the key with which the person's data is sealed, removes it, and asks every provider involved to erase what it keeps. Sessions stay as tombstones, with `redactedAt`; the user reads `unverified` with `erasedAt`. What a provider could not do at once is tried again for a month; what it cannot do at all becomes a privacy task. Asked again, it answers how that stands.
//	@ID				eraseUser
//	@Tags			users
//	@Produce		json
//	@Param			externalUserId	path		string			true	"the client's own id of the user"	maxlength(255)	example(user-42)
//	@Success		202				{object}	erasureReply	"erased here; what each provider said"
//	@Failure		400				{object}	problem			"`invalid_request`: the id is not well formed"
//	@Failure		401				{object}	problem			"`unauthorized`"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `users:erase`"
//	@Failure		409				{object}	problem			"`conflict`: the user is on legal hold"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		503				{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"400": {"detail": "The request has a mistake: /externalUserId must be 1 to 255 characters of valid UTF-8 without control characters.", "errors": [{"pointer": "/externalUserId", "code": "invalid_characters", "detail": "must be 1 to 255 characters of valid UTF-8 without control characters"}]}, "409": {"detail": "The user is on legal hold: nothing of them may be erased until it is released."}}
//	@Security		Bearer
//	@Router			/v1/users/{externalUserId} [delete]
func (s *server) eraseUser(c echo.Context) (reply, error) {
	user, err := pathUser(c)
	if err != nil {
		return reply{}, err
	}
	erasure, err := s.Sessions.Erase(c.Request().Context(), user, caller(c).ID)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusAccepted, body: erasureOf(erasure)}, nil
}
