package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Endpoints are the use cases of endpoints.
type Endpoints interface {
	Create(ctx context.Context, e idv.Endpoint) (idv.Endpoint, error)
	Change(ctx context.Context, id string, c idv.EndpointChange) (idv.Endpoint, error)
	Rotate(ctx context.Context, id string, overlap time.Duration) (idv.Endpoint, error)
	Test(ctx context.Context, id string) (eventID string, a idv.Attempt, err error)
}

// EndpointBook reads endpoints and strikes them out.
type EndpointBook interface {
	Endpoint(ctx context.Context, id string) (idv.Endpoint, error)
	Endpoints(ctx context.Context, p idv.Page) ([]idv.Endpoint, error)
	DeleteEndpoint(ctx context.Context, id string) error
}

type endpointRequest struct {
	// Where events are sent: https, without credentials or fragment.
	URL string `json:"url" validate:"required,max=2048,printable" minLength:"1" maxLength:"2048" format:"uri" example:"https://app.example.com/bonafide"`
	// For people.
	Description string `json:"description,omitempty" validate:"max=500,printable" maxLength:"500" example:"accounts service"`
	// What it wants to hear of: types of events, or groups such as user.*; none for everything.
	Types []string `json:"types,omitempty" validate:"max=50,unique,dive,events" example:"user.*"`
} // @name EndpointRequest

// endpointReply is an endpoint. It never shows a secret.
type endpointReply struct {
	ID          string   `json:"id" example:"end_01kagt2f6pe4mrt1qq3g1c2s8f"`
	URL         string   `json:"url" format:"uri" example:"https://app.example.com/bonafide"`
	Description string   `json:"description" example:"accounts service"`
	Types       []string `json:"types" example:"user.*"`
	Enabled     bool     `json:"enabled" example:"true"`
	DisabledAt  *string  `json:"disabledAt" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:04:32.118Z"`
	// Why it is disabled.
	DisabledReason *idv.DisabledReason `json:"disabledReason" extensions:"x-nullable" example:"failing"`
	// The first failure since the last success.
	FailingSince *string `json:"failingSince" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:04:32.118Z"`
	Version      int64   `json:"version" minimum:"1" example:"1"`
	CreatedAt    string  `json:"createdAt" format:"date-time" example:"2026-11-20T09:00:00.000Z"`
	UpdatedAt    string  `json:"updatedAt" format:"date-time" example:"2026-11-20T09:00:00.000Z"`
} // @name Endpoint

// newSecretReply is an endpoint with the secret that it was given just now.
type newSecretReply struct {
	endpointReply
	// Verifies what is sent. It is shown this once.
	Secret string `json:"secret" example:"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"`
} // @name EndpointWithSecret

type endpointList struct {
	Data       []endpointReply `json:"data"`
	NextCursor *string         `json:"nextCursor" extensions:"x-nullable" example:"ZW5kXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm"`
	HasMore    bool            `json:"hasMore" example:"true"`
} // @name EndpointList

func endpointOf(e idv.Endpoint) endpointReply {
	types := e.Types
	if types == nil {
		types = []string{}
	}
	return endpointReply{
		ID:             e.ID,
		URL:            e.URL,
		Description:    e.Description,
		Types:          types,
		Enabled:        e.Enabled,
		DisabledAt:     stampOrNull(e.DisabledAt),
		DisabledReason: orNull(e.DisabledReason),
		FailingSince:   stampOrNull(e.FailingSince),
		Version:        e.Version,
		CreatedAt:      stamp(e.CreatedAt),
		UpdatedAt:      stamp(e.UpdatedAt),
	}
}

func withSecret(e idv.Endpoint) newSecretReply {
	return newSecretReply{endpointReply: endpointOf(e), Secret: e.Secrets[0].Secret}
}

// endpointFault gives an error about an endpoint its words.
func endpointFault(err error) error {
	switch {
	case errors.Is(err, idv.ErrNotFound):
		return notFound("endpoint")
	case errors.Is(err, idv.ErrFull):
		return &problem{Status: http.StatusConflict, Code: codeConflict, Detail: "There are as many endpoints as there may be. Delete one first."}
	case errors.Is(err, idv.ErrDisabled):
		return &problem{Status: http.StatusConflict, Code: codeConflict, Detail: "The endpoint is disabled. Enable it first."}
	default:
		return err
	}
}

// createEndpoint makes an endpoint.
//
//	@Summary		Create an endpoint
//	@Description	Has events sent to an address of yours from now on, by the Standard Webhooks specification. The reply holds the `secret` that verifies them, this once.
//	@ID				createEndpoint
//	@Tags			endpoints
//	@Accept			json
//	@Produce		json
//	@Param			Idempotency-Key	header		string			false	"the client's name for this request"	maxlength(255)	example(endpoint-1)
//	@Param			request			body		endpointRequest	true	"the endpoint"
//	@Success		201				{object}	newSecretReply	"the endpoint with its secret"
//	@Header			201				{string}	Location		"the endpoint's address"
//	@Failure		400				{object}	problem			"`invalid_request`: the request has mistakes, each in `errors`"
//	@Failure		401				{object}	problem			"`unauthorized`"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure		409				{object}	problem			"`conflict`: there are 64 endpoints already; `idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem			"`too_large`"
//	@Failure		415				{object}	problem			"`unsupported_media_type`"
//	@Failure		422				{object}	problem			"`idempotency_mismatch`"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		503				{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"201": {"disabledAt": null, "disabledReason": null, "failingSince": null}, "400": {"detail": "The request has a mistake: /url must be an https address.", "errors": [{"pointer": "/url", "code": "invalid_url", "detail": "must be an https address"}]}}
//	@Security		Bearer
//	@Router			/v1/endpoints [post]
func (s *server) createEndpoint(c echo.Context) (reply, error) {
	var in endpointRequest
	if err := s.accept(c, &in); err != nil {
		return reply{}, err
	}
	e, err := s.Endpoints.Create(c.Request().Context(), idv.Endpoint{URL: in.URL, Description: in.Description, Types: in.Types})
	if err != nil {
		return reply{}, endpointFault(err)
	}
	return reply{
		status: http.StatusCreated, body: withSecret(e),
		header: map[string]string{echo.HeaderLocation: "/v1/endpoints/" + e.ID},
	}, nil
}

// listEndpoints answers endpoints, newest first.
//
//	@Summary	List endpoints
//	@ID			listEndpoints
//	@Tags		endpoints
//	@Produce	json
//	@Param		limit	query		integer			false	"how many"	minimum(1)	maximum(200)	default(50)	example(50)
//	@Param		cursor	query		string			false	"`nextCursor` of the page before"	example(ZW5kXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm)
//	@Success	200		{object}	endpointList	"a page of endpoints"
//	@Failure	400		{object}	problem			"`invalid_request`: a parameter is unknown or wrong"
//	@Failure	401		{object}	problem			"`unauthorized`"
//	@Failure	403		{object}	problem			"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure	500		{object}	problem			"`internal`"
//	@Failure	503		{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example	{"200": {"data": [{"disabledAt": null, "disabledReason": null, "failingSince": null}]}, "400": {"detail": "The request has a mistake: ?limit must be a number from 1 to 200.", "errors": [{"pointer": "?limit", "code": "invalid_value", "detail": "must be a number from 1 to 200"}]}}
//	@Security	Bearer
//	@Router		/v1/endpoints [get]
func (s *server) listEndpoints(c echo.Context) (reply, error) {
	q := newQuery(c.Request().URL.RawQuery, "limit", "cursor")
	page := q.page(id.Endpoint)
	if err := q.err(); err != nil {
		return reply{}, err
	}
	rows, err := s.EndpointBook.Endpoints(c.Request().Context(), page)
	if err != nil {
		return reply{}, err
	}
	data, next, more := shown(rows, page, func(e idv.Endpoint) string { return e.ID }, endpointOf)
	return ok(endpointList{Data: data, NextCursor: next, HasMore: more})
}

// getEndpoint answers one endpoint.
//
//	@Summary	Get an endpoint
//	@ID			getEndpoint
//	@Tags		endpoints
//	@Produce	json
//	@Param		id	path		string			true	"the endpoint's id"	example(end_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success	200	{object}	endpointReply	"the endpoint"
//	@Failure	401	{object}	problem			"`unauthorized`"
//	@Failure	403	{object}	problem			"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure	404	{object}	problem			"`not_found`"
//	@Failure	500	{object}	problem			"`internal`"
//	@Failure	503	{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example	{"200": {"enabled": false, "version": 2}, "404": {"detail": "There is no such endpoint."}}
//	@Security	Bearer
//	@Router		/v1/endpoints/{id} [get]
func (s *server) getEndpoint(c echo.Context) (reply, error) {
	eid, err := idOf(c, id.Endpoint, "endpoint")
	if err != nil {
		return reply{}, err
	}
	e, err := s.EndpointBook.Endpoint(c.Request().Context(), eid)
	if err != nil {
		return reply{}, endpointFault(err)
	}
	return ok(endpointOf(e))
}
