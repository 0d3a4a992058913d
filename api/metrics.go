package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// metrics answers the numbers that operators watch.
//
//	@Summary		Metrics
//	@Description	The numbers that operators watch, for Prometheus. What each means, and which to be woken for, is in docs/metrics.md.
//	@ID				metrics
//	@Tags			operations
//	@Produce		plain
//	@Success		200	{string}	string	"in Prometheus' text format; what the database would have to tell and cannot is missing"
//	@Failure		401	{object}	problem	"`unauthorized`"
//	@Failure		403	{object}	problem	"`forbidden`: needs the scope `metrics:read`"
//	@Failure		500	{object}	problem	"`internal`"
//	@Failure		503	{object}	problem	"`internal`: the credential cannot be checked at present; `Retry-After` says when to come back"
//	@x-example		{"200": "# HELP bonafide_delivery_oldest_received_seconds Age of the oldest delivery that is received and not worked yet.\n# TYPE bonafide_delivery_oldest_received_seconds gauge\nbonafide_delivery_oldest_received_seconds{provider=\"kora\"} 0\n"}
//	@Security		Bearer
//	@Router			/metrics [get]
func (s *server) metrics(echo.Context) (reply, error) {
	return reply{status: http.StatusOK, body: s.Metrics}, nil
}
