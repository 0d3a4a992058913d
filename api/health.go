package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

type statusReply struct {
	Status string `json:"status" enums:"ok,unavailable" example:"ok"`
} // @name ServerStatus

// healthz answers whether the process is alive.
//
//	@Summary	Is the process alive?
//	@ID			healthz
//	@Tags		operations
//	@Produce	json
//	@Success	200	{object}	statusReply	"it is"
//	@Router		/healthz [get]
func (s *server) healthz(echo.Context) (reply, error) { return ok(statusReply{Status: "ok"}) }

// readyz answers whether requests can be served.
//
//	@Summary	Can requests be served?
//	@ID			readyz
//	@Tags		operations
//	@Produce	json
//	@Success	200	{object}	statusReply	"they can: the database answers and has the schema of this version (or, during an upgrade, of a newer one), the workers of this process work, and it is not told to stop"
//	@Failure	503	{object}	problem		"`internal`: they cannot, for now"
//	@x-example	{"503": {"detail": "The server is not ready. Send requests to another one, or later."}}
//	@Router		/readyz [get]
func (s *server) readyz(c echo.Context) (reply, error) {
	if err := s.Ready(c.Request().Context()); err != nil {
		return reply{}, &problem{
			Status: http.StatusServiceUnavailable, Code: codeInternal,
			Detail: "The server is not ready. Send requests to another one, or later.", cause: err,
		}
	}
	return ok(statusReply{Status: "ok"})
}

// openapi answers this document.
//
//	@Summary	The OpenAPI document
//	@ID			openapi
//	@Tags		operations
//	@Produce	json
//	@Success	200	{object}	object	"this document"
//	@x-example	{"200": {"openapi": "3.0.3", "info": {"title": "bonafide", "version": "1"}, "paths": {}}}
//	@Router		/openapi.json [get]
func (s *server) openapi(echo.Context) (reply, error) { return ok(answered(s.Spec)) }
