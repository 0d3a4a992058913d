package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// corsAge is how long, in seconds, a browser may remember what it may do.
const corsAge = 600

// crossOrigin lets pages of the given origins call a route. They send a client
// token in a header, and no cookie.
func crossOrigin(origins []string) echo.MiddlewareFunc {
	return middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOrigins:  origins,
		AllowMethods:  []string{http.MethodGet, http.MethodHead},
		AllowHeaders:  []string{echo.HeaderAuthorization, echo.HeaderXRequestID, "If-None-Match", "Last-Event-ID"},
		ExposeHeaders: []string{headerETag, headerRateLimit, headerRateLimitPolicy, echo.HeaderRetryAfter, echo.HeaderXRequestID},
		MaxAge:        corsAge,
	})
}
