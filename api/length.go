package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
)

// maxAddress is how long, in bytes, a request's path and its query may each be.
const maxAddress = 8 << 10

// shortAddress refuses a request with a longer one.
func shortAddress(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if len(c.Request().RequestURI) <= maxAddress {
			return next(c) // nothing in it can be longer
		}
		if u := c.Request().URL; len(u.EscapedPath()) > maxAddress || len(u.RawQuery) > maxAddress {
			return &problem{
				Status: http.StatusBadRequest, Code: codeInvalidRequest,
				Detail: "The address is too long: its path and its query may have " + strconv.Itoa(maxAddress) + " bytes each.",
			}
		}
		return next(c)
	}
}
