package api

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
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

var providerName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

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
//	@Success		200				{object}	sessionReply	"the user's open session"
//	@Success		201				{object}	sessionReply	"a new session"
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
//	@Failure		503				{object}	problem			"`provider_unavailable`: the provider is down or busy"
//	@Failure		504				{object}	problem			"`provider_timeout`: the provider did not answer; the session is being settled"
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
		return replayedCreate(*made.Replay), nil
	}
	return reply{
		status: createdStatus(made.Outcome), body: sessionOf(made.Session, made.Outcome == session.Reused),
		header: location(made.Session.ID, made.Outcome),
	}, nil
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

// answer is the reply that is kept under an Idempotency-Key.
func (s *server) answer(c echo.Context, x idv.Session, o session.Outcome, err error) idv.Answer {
	rep := reply{status: createdStatus(o), body: sessionOf(x, o == session.Reused)}
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
	sid, err := sessionID(c)
	if err != nil {
		return idv.Session{}, err
	}
	x, err := s.SessionReader.Session(c.Request().Context(), sid)
	if errors.Is(err, idv.ErrNotFound) {
		return x, notFound("session")
	}
	return x, err
}

func sessionID(c echo.Context) (string, error) {
	if sid := c.Param("id"); id.Valid("ses", sid) {
		return sid, nil
	}
	return "", notFound("session")
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
	after := q.text("createdAfter", func(v string) bool { _, err := time.Parse(time.RFC3339, v); return err == nil }, "must be an RFC 3339 time")
	if err := q.err(); err != nil {
		return reply{}, err
	}
	if after != "" {
		f.CreatedAfter, _ = time.Parse(time.RFC3339, after)
	}
	rows, err := s.SessionReader.Sessions(c.Request().Context(), f)
	if errors.Is(err, idv.ErrNotFound) {
		return reply{}, invalid(wrongCursor())
	}
	if err != nil {
		return reply{}, err
	}
	rows, next, more := cut(rows, f.Page, func(x idv.Session) string { return x.ID })
	list := sessionList{Data: []sessionReply{}, NextCursor: next, HasMore: more}
	for x := range slices.Values(rows) {
		list.Data = append(list.Data, sessionOf(x, false))
	}
	return ok(list)
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
//	@Security		Bearer
//	@Router			/v1/sessions/{id}/cancel [post]
func (s *server) cancelSession(c echo.Context) (reply, error) {
	sid, err := sessionID(c)
	if err != nil {
		return reply{}, err
	}
	x, err := s.Sessions.Cancel(c.Request().Context(), sid)
	if errors.Is(err, idv.ErrNotFound) {
		return reply{}, notFound("session")
	}
	if err != nil {
		return reply{}, err
	}
	return ok(sessionOf(x, false))
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
//	@Failure		503				{object}	problem			"`provider_unavailable`"
//	@Failure		504				{object}	problem			"`provider_timeout`"
//	@Security		Bearer
//	@Router			/v1/sessions/{id}/refresh [post]
func (s *server) refreshSession(c echo.Context) (reply, error) {
	sid, err := sessionID(c)
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
	return ok(sessionOf(x, false))
}
