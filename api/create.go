package api

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

type sessionRequest struct {
	// The client's own id of the user: no control characters.
	ExternalUserID string `json:"externalUserId" validate:"required,max=255,printable" minLength:"1" maxLength:"255" example:"user-42"`
	// A configured provider; absent, routing chooses.
	Provider string `json:"provider,omitempty" validate:"max=64" example:"kora"`
	// Where the user's browser returns: https, or http for localhost.
	CallbackURL string `json:"callbackUrl,omitempty" validate:"omitempty,max=2048,callback" format:"uri" example:"https://app.example.com/done"`
	// How long the user has, in seconds.
	ExpiresInSeconds *int               `json:"expiresInSeconds,omitempty" validate:"omitnil,min=60,max=2592000" minimum:"60" maximum:"2592000" default:"259200" example:"259200"`
	Country          string             `json:"country,omitempty" validate:"omitempty,iso3166_1_alpha2" example:"NG"`
	DocumentTypes    []idv.DocumentType `json:"documentTypes,omitempty" validate:"max=4,unique,dive,oneof=passport id_card driving_license residence_permit" enums:"passport,id_card,driving_license,residence_permit" example:"passport"`
	Locale           string             `json:"locale,omitempty" validate:"omitempty,max=35,bcp47_language_tag" example:"en-NG"`
	User             *prefillRequest    `json:"user,omitempty"`
	Metadata         map[string]string  `json:"metadata,omitempty" example:"plan:gold"`
	Reuse            string             `json:"reuse,omitempty" validate:"omitempty,oneof=open never" enums:"open,never" default:"open" example:"open"`
	Reverify         bool               `json:"reverify,omitempty" default:"false" example:"false"`
} // @name SessionRequest

// prefillRequest is what the client knows of the user already. It is passed on
// to a provider that takes it, and not kept.
type prefillRequest struct {
	FirstName   string `json:"firstName,omitempty" validate:"max=200,printable" example:"Amara"`
	LastName    string `json:"lastName,omitempty" validate:"max=200,printable" example:"Okafor"`
	DateOfBirth string `json:"dateOfBirth,omitempty" validate:"omitempty,birthdate" format:"date" example:"1994-02-17"`
	Email       string `json:"email,omitempty" validate:"omitempty,max=254,email" format:"email" example:"amara@example.com"`
	Phone       string `json:"phone,omitempty" validate:"omitempty,phone" example:"+2348012345678"`
} // @name Prefill

const defaultExpiresIn = 259200 * time.Second

// createSession gives a user a session.
//
//	@Summary		Create a session
//	@Description	Creates a session for a user at a provider and answers what an app needs to launch it. An open session of the user is answered again (200, `reused`) instead of paying for another, unless `reuse` is `never`. When the provider does not answer in time the reply is 504 with `sessionId`; the session is settled within about a minute, and until then another request for this user is 409 `conflict`.
//	@ID				createSession
//	@Tags			sessions
//	@Accept			json
//	@Produce		json
//	@Param			Idempotency-Key	header		string			false	"the client's name for this request: the same key and body get the same answer for 24 hours"	maxlength(255)	example(order-1042)
//	@Param			request			body		sessionRequest	true	"the session"
//	@Success		200				{object}	createdReply	"the user's open session"
//	@Success		201				{object}	createdReply	"a new session"
//	@Header			201				{string}	Location		"the session's address"
//	@Failure		400				{object}	problem			"`invalid_request`: the request has mistakes, each in `errors`"
//	@Failure		401				{object}	problem			"`unauthorized`: no valid credential"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `sessions:write`"
//	@Failure		409				{object}	problem			"`already_verified`: the user is verified and `reverify` is not true; `conflict`: a session of the user is being settled; `idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem			"`too_large`: the body is over 1 MiB"
//	@Failure		415				{object}	problem			"`unsupported_media_type`: not JSON"
//	@Failure		422				{object}	problem			"`idempotency_mismatch`: this key was used for another request"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		502				{object}	problem			"`provider_rejected`: the provider refused the request"
//	@Failure		503				{object}	problem			"`provider_unavailable`: the provider is down or busy; `internal`: the database is slow or away; `Retry-After` says when to come back"
//	@Failure		504				{object}	problem			"`provider_timeout`: the provider did not answer, or nobody knows whether it acted; the session is being settled"
//	@x-example		{"200": {"decision": null, "reasons": [], "reused": true}, "201": {"decision": null, "reasons": []}}
//	@Security		Bearer
//	@Router			/v1/sessions [post]
func (s *server) createSession(c echo.Context) (reply, error) {
	body, err := readBody(c)
	if err != nil {
		return reply{}, err
	}
	var in sessionRequest
	if err := decode(c, body, &in); err != nil {
		return reply{}, err
	}
	if errs := append(s.validate.check(in), checkMetadata(in.Metadata)...); len(errs) > 0 {
		return reply{}, invalid(errs...)
	}
	key, err := idempotencyKey(c, body)
	if err != nil {
		return reply{}, err
	}
	req := in.request()
	req.Key = key
	req.Answer = func(x idv.Session, o session.Outcome, err error) idv.Answer { return s.answer(c, x, o, err) }

	made, err := s.Sessions.Create(c.Request().Context(), req)
	switch {
	case errors.Is(err, session.ErrNotConfigured) && in.Provider == "":
		return reply{}, invalid(fieldError{Pointer: "/provider", Code: "required", Detail: "is required: routing chooses none for this request"})
	case errors.Is(err, session.ErrNotConfigured):
		return reply{}, invalid(fieldError{Pointer: "/provider", Code: "unknown_provider", Detail: "is not a configured provider"})
	case err != nil:
		return reply{}, err
	case made.Replay != nil:
		a, err := s.withToken(*made.Replay, in.ExternalUserID)
		return replayedCreate(a), err
	}
	a, err := s.withToken(s.answer(c, made.Session, made.Outcome, nil), in.ExternalUserID)
	return reply{status: a.Status, body: answered(a.Body), header: location(made.Session.ID, made.Outcome)}, err
}

func (in sessionRequest) request() session.Request {
	req := session.Request{
		ExternalUserID: in.ExternalUserID,
		Provider:       in.Provider,
		CallbackURL:    in.CallbackURL,
		ExpiresIn:      defaultExpiresIn,
		Country:        in.Country,
		DocumentTypes:  in.DocumentTypes,
		Locale:         in.Locale,
		Metadata:       in.Metadata,
		Another:        in.Reuse == "never",
		Reverify:       in.Reverify,
	}
	if in.ExpiresInSeconds != nil {
		req.ExpiresIn = time.Duration(*in.ExpiresInSeconds) * time.Second
	}
	if in.User != nil {
		req.Prefill = idv.Prefill(*in.User)
	}
	return req
}

// answer is the reply that is kept under an Idempotency-Key, without a client
// token: a kept answer outlives one.
func (s *server) answer(c echo.Context, x idv.Session, o session.Outcome, err error) idv.Answer {
	rep := reply{status: createdStatus(o), body: createdReply{ClientToken: noToken, sessionReply: sessionOf(x, o == session.Reused)}}
	if err != nil {
		p := s.problemOf(c, err)
		rep = reply{status: p.Status, body: p}
	}
	rendered, err := render(rep.body)
	if err != nil {
		// Replies are plain data; one that cannot be rendered is a defect.
		rep.status, rendered = http.StatusInternalServerError, []byte(`{"code":"internal"}`)
	}
	return idv.Answer{Status: rep.status, Body: rendered}
}

// replayedCreate is the kept answer with the address that it came with.
func replayedCreate(a idv.Answer) reply {
	rep := replayed(a)
	var made struct{ ID string }
	if a.Status == http.StatusCreated && json.Unmarshal(a.Body, &made) == nil {
		maps.Copy(rep.header, location(made.ID, session.Made))
	}
	return rep
}

func createdStatus(o session.Outcome) int {
	if o == session.Made {
		return http.StatusCreated
	}
	return http.StatusOK
}

func location(id string, o session.Outcome) map[string]string {
	if o != session.Made {
		return nil
	}
	return map[string]string{echo.HeaderLocation: "/v1/sessions/" + id}
}
