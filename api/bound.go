package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// defaultWithin is how long a request may take to be answered.
const defaultWithin = 30 * time.Second

// held reports whether a request to the route may be held for longer than any
// other: it streams or waits. Its reads have bounds of their own.
func (r route) held() bool {
	return r.method == http.MethodGet && (strings.HasSuffix(r.path, "/verification") || strings.HasSuffix(r.path, "/stream"))
}

// bounded ends what a request waits for in time for an answer: a database that
// hangs is told as such. What must go on all the same, as creating a session
// must, is not ended.
func (s *server) bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), s.Within)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// inTime is the context of a request, bounded if it is not so yet.
func (s *server) inTime(c echo.Context) (context.Context, context.CancelFunc) {
	ctx := c.Request().Context()
	if _, bounded := ctx.Deadline(); bounded {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.Within)
}
