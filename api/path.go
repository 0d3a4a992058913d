package api

import (
	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
)

// idOf gives the id in the path. What is no id of the kind names nothing.
func idOf(c echo.Context, prefix, what string) (string, error) {
	if given := c.Param("id"); id.Valid(prefix, given) {
		return given, nil
	}
	return "", notFound(what)
}
