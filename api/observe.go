package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Observer is told how requests went, in words that are few.
type Observer interface {
	// Request: route is one of the paths of Operations, "/docs", or "other".
	// Method is any word.
	Request(route, method string, status int, took time.Duration)
	// Webhook: provider is any word, outcome one of WebhookOutcomes.
	Webhook(provider, outcome string, acknowledged bool, took time.Duration)
	// Refused: a request beyond a limit; kind is one of Limits.
	Refused(kind string)
}

const otherRoute = "other"

// templates gives the path that is documented for each one that is routed.
func (s *server) templates() map[string]string {
	t := map[string]string{"/docs": "/docs", "/docs/*": "/docs"}
	for _, r := range s.routes() {
		t[r.path] = templateOf(r.path)
	}
	return t
}

func templateOf(path string) string { return pathParam.ReplaceAllString(path, "{$1}") }

// observe tells of a request by its route and never by its address, which may
// be anything.
func (s *server) observe(v middleware.RequestLoggerValues) {
	s.Observer.Request(s.routeOf(v.RoutePath), v.Method, v.Status, v.Latency)
}

// routeOf bounds the routes.
func (s *server) routeOf(path string) string {
	if route, known := s.template[path]; known {
		return route
	}
	return otherRoute
}

// traced has a request followed, if anybody does. It comes before whatever decides
// the status.
func (s *server) traced(next echo.HandlerFunc) echo.HandlerFunc {
	if s.Trace == nil {
		return next
	}
	return func(c echo.Context) error {
		r := c.Request()
		ctx, end := s.Trace(r.Context(), r.Header, r.Method, s.routeOf(c.Path()), requestID(c))
		c.SetRequest(r.WithContext(ctx))
		defer func() { end(c.Response().Status) }()
		return next(c)
	}
}

// What becomes of a webhook at the door.
const (
	webhookNew      = "new"
	webhookRepeated = "repeated"
	webhookForged   = "forged"
	webhookRefused  = "refused" // too large, cut off, or for no account of ours
	webhookLimited  = "limited" // forged or refused, and too many of them from there
	webhookBusy     = "busy"    // 503: to be sent again later
	webhookFailed   = "failed"
)

// WebhookOutcomes lists the words for what becomes of a webhook at the door.
func WebhookOutcomes() []string {
	return []string{webhookNew, webhookRepeated, webhookForged, webhookRefused, webhookLimited, webhookBusy, webhookFailed}
}

// observeWebhook tells of a webhook that was taken in or not since it began.
func (s *server) observeWebhook(c echo.Context, began time.Time, isNew bool, err error) {
	outcome := webhookOutcome(isNew, err)
	s.Observer.Webhook(c.Param("provider"), outcome, err == nil, time.Since(began))
}

func webhookOutcome(isNew bool, err error) string {
	switch {
	case err == nil && isNew:
		return webhookNew
	case err == nil:
		return webhookRepeated
	case errors.Is(err, context.Canceled) && !errors.Is(err, idv.ErrBusy): // the provider hung up
		return webhookFailed
	}
	switch p := classify(err); {
	case p.Code == codeForged:
		return webhookForged
	case p.Code == codeRateLimited:
		return webhookLimited
	case p.Status < http.StatusInternalServerError:
		return webhookRefused
	case p.Status == http.StatusServiceUnavailable:
		return webhookBusy
	default:
		return webhookFailed
	}
}
