package api

import (
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// hygiene has every reply say what browsers are to make of it: what it says it is
// and nothing else, in no frame, and its address, which may name a user, is told
// to nobody. Where the server is reached over TLS it is from then on never reached
// without, and that for its own host alone: what else there is beside it is not
// ours to speak for.
func hygiene(secure bool) echo.MiddlewareFunc {
	plain := middleware.SecureWithConfig(middleware.SecureConfig{
		ContentTypeNosniff: "nosniff", XFrameOptions: "DENY", ReferrerPolicy: "no-referrer",
	})
	if !secure {
		return plain
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		next = plain(next)
		return func(c echo.Context) error {
			c.Response().Header().Set(echo.HeaderStrictTransportSecurity, "max-age=31536000")
			return next(c)
		}
	}
}
