package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// endpointChange is what is to be different; what is not there stays as it is.
type endpointChange struct {
	URL         *string   `json:"url,omitempty" validate:"omitnil,min=1,max=2048,printable" minLength:"1" maxLength:"2048" format:"uri" example:"https://app.example.com/bonafide"`
	Description *string   `json:"description,omitempty" validate:"omitnil,max=500,printable" maxLength:"500" example:"accounts service"`
	Types       *[]string `json:"types,omitempty" validate:"omitnil,max=50,unique,dive,events" example:"user.*"`
	// What waits for an endpoint that is disabled goes on waiting; what happens meanwhile is not sent to it, but for a resend.
	Enabled *bool `json:"enabled,omitempty" example:"true"`
} // @name EndpointChange

// changeEndpoint changes an endpoint.
//
//	@Summary		Change an endpoint
//	@Description	Changes what is given. An endpoint that is enabled again is sent what waited for it; have the rest of the time between sent with `resend`.
//	@ID				changeEndpoint
//	@Tags			endpoints
//	@Accept			json
//	@Produce		json
//	@Param			id		path		string			true	"the endpoint's id"	example(end_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Param			request	body		endpointChange	true	"what is to be different"
//	@Success		200		{object}	endpointReply	"the endpoint as it is now"
//	@Failure		400		{object}	problem			"`invalid_request`: the request has mistakes, each in `errors`"
//	@Failure		401		{object}	problem			"`unauthorized`"
//	@Failure		403		{object}	problem			"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure		404		{object}	problem			"`not_found`"
//	@Failure		413		{object}	problem			"`too_large`"
//	@Failure		415		{object}	problem			"`unsupported_media_type`"
//	@Failure		500		{object}	problem			"`internal`"
//	@Failure		503		{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"disabledAt": null, "disabledReason": null, "failingSince": null, "version": 2, "updatedAt": "2026-11-20T10:00:00.000Z"}, "400": {"detail": "The request has a mistake: /url must be an https address.", "errors": [{"pointer": "/url", "code": "invalid_url", "detail": "must be an https address"}]}, "404": {"detail": "There is no such endpoint."}}
//	@Security		Bearer
//	@Router			/v1/endpoints/{id} [patch]
func (s *server) changeEndpoint(c echo.Context) (reply, error) {
	eid, err := idOf(c, id.Endpoint, "endpoint")
	if err != nil {
		return reply{}, err
	}
	var in endpointChange
	if err := s.accept(c, &in); err != nil {
		return reply{}, err
	}
	e, err := s.Endpoints.Change(c.Request().Context(), eid, idv.EndpointChange(in))
	if err != nil {
		return reply{}, endpointFault(err)
	}
	return ok(endpointOf(e))
}

// deleteEndpoint removes an endpoint.
//
//	@Summary		Delete an endpoint
//	@Description	Nothing more is sent to it, and the log of what was sent goes with it.
//	@ID				deleteEndpoint
//	@Tags			endpoints
//	@Produce		json
//	@Param			id	path	string	true	"the endpoint's id"	example(end_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		204	"deleted"
//	@Failure		401	{object}	problem	"`unauthorized`"
//	@Failure		403	{object}	problem	"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure		404	{object}	problem	"`not_found`"
//	@Failure		500	{object}	problem	"`internal`"
//	@Failure		503	{object}	problem	"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"404": {"detail": "There is no such endpoint."}}
//	@Security		Bearer
//	@Router			/v1/endpoints/{id} [delete]
func (s *server) deleteEndpoint(c echo.Context) (reply, error) {
	eid, err := idOf(c, id.Endpoint, "endpoint")
	if err != nil {
		return reply{}, err
	}
	if err := s.EndpointBook.DeleteEndpoint(c.Request().Context(), eid); err != nil {
		return reply{}, endpointFault(err)
	}
	return reply{status: http.StatusNoContent}, nil
}

type rotateRequest struct {
	// How long the older secrets sign besides the new one, in seconds.
	OverlapSeconds *int `json:"overlapSeconds,omitempty" validate:"omitnil,min=0,max=2592000" minimum:"0" maximum:"2592000" default:"86400" example:"86400"`
} // @name RotateSecretRequest

const defaultOverlap = 24 * time.Hour

// rotateSecret gives an endpoint a new secret.
//
//	@Summary		Rotate an endpoint's secret
//	@Description	Makes a new secret, which the reply shows this once. Until the overlap is over what is sent carries a signature by each secret, so that you can change yours in your own time. At most five sign at once: of more, the oldest ends early.
//	@ID				rotateSecret
//	@Tags			endpoints
//	@Accept			json
//	@Produce		json
//	@Param			Idempotency-Key	header		string			false	"the client's name for this request"	maxlength(255)	example(rotate-1)
//	@Param			id				path		string			true	"the endpoint's id"	example(end_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Param			request			body		rotateRequest	false	"the overlap"
//	@Success		200				{object}	newSecretReply	"the endpoint with its new secret"
//	@Failure		400				{object}	problem			"`invalid_request`: the request has mistakes, each in `errors`"
//	@Failure		401				{object}	problem			"`unauthorized`"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure		404				{object}	problem			"`not_found`"
//	@Failure		409				{object}	problem			"`idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem			"`too_large`"
//	@Failure		415				{object}	problem			"`unsupported_media_type`"
//	@Failure		422				{object}	problem			"`idempotency_mismatch`"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		503				{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"disabledAt": null, "disabledReason": null, "failingSince": null, "version": 2, "updatedAt": "2026-11-20T10:00:00.000Z"}, "400": {"detail": "The request has a mistake: /overlapSeconds must be at most 2592000.", "errors": [{"pointer": "/overlapSeconds", "code": "too_large", "detail": "must be at most 2592000"}]}, "404": {"detail": "There is no such endpoint."}}
//	@Security		Bearer
//	@Router			/v1/endpoints/{id}/rotate-secret [post]
func (s *server) rotateSecret(c echo.Context) (reply, error) {
	eid, err := idOf(c, id.Endpoint, "endpoint")
	if err != nil {
		return reply{}, err
	}
	var in rotateRequest
	if err := s.accept(c, &in); err != nil {
		return reply{}, err
	}
	overlap := defaultOverlap
	if in.OverlapSeconds != nil {
		overlap = time.Duration(*in.OverlapSeconds) * time.Second
	}
	e, err := s.Endpoints.Rotate(c.Request().Context(), eid, overlap)
	if err != nil {
		return reply{}, endpointFault(err)
	}
	return ok(withSecret(e))
}

type testReply struct {
	EventID   string       `json:"eventId" example:"evt_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Delivered bool         `json:"delivered" example:"true"`
	Attempt   attemptReply `json:"attempt"`
} // @name EndpointTest

// testEndpoint sends a test event.
//
//	@Summary		Test an endpoint
//	@Description	Sends an event of the type `endpoint.test` now, once, whether or not the endpoint is enabled, and tells what became of it, within 15 seconds. It is in no feed and no log, and counts for nothing.
//	@ID				testEndpoint
//	@Tags			endpoints
//	@Produce		json
//	@Param			Idempotency-Key	header		string		false	"the client's name for this request"	maxlength(255)	example(test-1)
//	@Param			id				path		string		true	"the endpoint's id"	example(end_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		200				{object}	testReply	"what became of it"
//	@Failure		400				{object}	problem		"`invalid_request`: there is a body with fields"
//	@Failure		401				{object}	problem		"`unauthorized`"
//	@Failure		403				{object}	problem		"`forbidden`: the credential lacks `endpoints:manage`"
//	@Failure		404				{object}	problem		"`not_found`"
//	@Failure		409				{object}	problem		"`idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem		"`too_large`"
//	@Failure		415				{object}	problem		"`unsupported_media_type`"
//	@Failure		422				{object}	problem		"`idempotency_mismatch`"
//	@Failure		500				{object}	problem		"`internal`"
//	@Failure		503				{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"attempt": {"statusCode": 204, "fault": null}}, "400": {"detail": "The request has a mistake: /reason is not a field of this request.", "errors": [{"pointer": "/reason", "code": "unknown_field", "detail": "is not a field of this request"}]}, "404": {"detail": "There is no such endpoint."}}
//	@Security		Bearer
//	@Router			/v1/endpoints/{id}/test [post]
func (s *server) testEndpoint(c echo.Context) (reply, error) {
	eid, err := idOf(c, id.Endpoint, "endpoint")
	if err != nil {
		return reply{}, err
	}
	if err := noFields(c); err != nil {
		return reply{}, err
	}
	event, attempt, err := s.Endpoints.Test(c.Request().Context(), eid)
	if err != nil {
		return reply{}, endpointFault(err)
	}
	return ok(testReply{EventID: event, Delivered: attempt.Fault == "", Attempt: attemptOf(attempt)})
}
