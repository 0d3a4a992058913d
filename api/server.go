package api

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
	"github.com/bonafide-idv/bonafide/internal/watch"
)

// Sessions are the use cases of sessions.
type Sessions interface {
	Create(ctx context.Context, req session.Request) (session.Reply, error)
	// Cancel and Erase keep on record by whom, a credential's id, it was wished.
	Cancel(ctx context.Context, id, by string) (idv.Session, error)
	Refresh(ctx context.Context, id string) (idv.Session, error)
	Erase(ctx context.Context, externalUserID, by string) (idv.Erasure, error)
}

// SessionReader reads what is known of sessions.
type SessionReader interface {
	Session(ctx context.Context, id string) (idv.Session, error)
	Sessions(ctx context.Context, f idv.SessionFilter) ([]idv.Session, error)
	Observations(ctx context.Context, sessionID string) ([]idv.Observation, error)
	// Result records that the reader, a credential's id, read it.
	Result(ctx context.Context, sessionID, reader string) (idv.Result, error)
}

// Users reads the statuses of users.
type Users interface {
	Verification(ctx context.Context, externalUserID string) (idv.UserVerification, error)
}

// Inbox takes in webhooks.
type Inbox interface {
	// Receive reports whether it is new or a repetition.
	Receive(ctx context.Context, provider string, header http.Header, body []byte) (isNew bool, err error)
}

// Deliveries shows what came and lets it be worked again.
type Deliveries interface {
	Delivery(ctx context.Context, id string) (idv.Delivery, error)
	Deliveries(ctx context.Context, f idv.DeliveryFilter) ([]idv.Delivery, error)
	// RequeueDelivery is idv.ErrGone if the webhook was removed.
	RequeueDelivery(ctx context.Context, id, by string) error
}

// Idempotency keeps the answers to requests that carry a key.
type Idempotency interface {
	ClaimKey(ctx context.Context, key idv.IdempotencyKey, lease time.Duration) (idv.Claim, error)
	AnswerKey(ctx context.Context, key idv.IdempotencyKey, a idv.Answer) error
	ForgetKey(ctx context.Context, key idv.IdempotencyKey) error
}

// Authenticator tells who holds a credential; token.ErrInvalid if nobody does.
type Authenticator interface {
	Authenticate(ctx context.Context, credential string) (idv.Caller, error)
}

// ClientTokens makes tokens with which one user's status may be read.
type ClientTokens interface {
	New(user string, life time.Duration) (signed string, expiresAt time.Time, err error)
}

// Options are what the server works with.
type Options struct {
	Sessions      Sessions
	SessionReader SessionReader
	Users         Users
	Watch         *watch.Hub
	Inbox         Inbox
	Deliveries    Deliveries
	Events        Events
	Endpoints     Endpoints
	EndpointBook  EndpointBook
	Messages      Messages
	Privacy       Privacy
	Audit         Audit
	Idempotency   Idempotency
	Authenticator Authenticator
	ClientTokens  ClientTokens
	Keys          Keys
	// RateLimit is how many requests a second one credential may make, and how many
	// without a valid one may come from one address; WebhookRateLimit the same for
	// webhooks that are refused. Bursts may be twice that; 0 is no limit.
	RateLimit, WebhookRateLimit int
	Now                         func() time.Time // by which limits are kept; default time.Now
	// Proxies are the addresses of the operator's own, whose word on where a
	// request comes from is believed.
	Proxies []netip.Prefix
	// Within is how long a request may take that does not ask to be held; default
	// 30 seconds.
	Within time.Duration
	// Secure: this server is reached over TLS, and is never to be reached without.
	Secure bool
	// Origins are the web origins that may call with a client token.
	Origins   []string
	Providers func() []ProviderStatus
	// Ready answers whether requests can be served; its error is for operators.
	Ready    func(ctx context.Context) error
	Docs     http.Handler // serves /docs and what lies below
	Spec     []byte       // the OpenAPI document
	Metrics  http.Handler // serves the numbers of /metrics
	Observer Observer
	// Trace begins to follow a request to one of the routes that an Observer knows;
	// end is told the status of the answer. Default: nobody follows.
	Trace  func(ctx context.Context, header http.Header, method, route, requestID string) (traced context.Context, end func(status int))
	Logger *slog.Logger
	// Heartbeat is how often a stream that has nothing to tell says so; default
	// 15 seconds.
	Heartbeat time.Duration
}

type server struct {
	Options
	validate *validation
	limits   limits
	room     room
	template map[string]string // documented paths by routed ones
}

// New gives the handler of the whole API.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &server{Options: o, validate: newValidation(), limits: newLimits(o), room: newRoom()}
	s.template = s.templates()
	s.Heartbeat, s.Within = cmp.Or(o.Heartbeat, defaultHeartbeat), cmp.Or(o.Within, defaultWithin)
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = addresses(o.Proxies)
	e.HTTPErrorHandler = s.renderError
	e.Use(
		middleware.RequestIDWithConfig(middleware.RequestIDConfig{Generator: func() string { return id.New("req") }}),
		s.traced,
		s.accessLog(),
		middleware.RecoverWithConfig(middleware.RecoverConfig{
			DisableErrorHandler: true,
			LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
				s.Logger.Error("panic", "route", c.Path(), "requestId", requestID(c), "error", err.Error(), "stack", string(stack))
				return err
			},
		}),
		hygiene(o.Secure),
		shortAddress,
	)
	for _, r := range s.routes() {
		h := s.handle(r)
		if r.scope != public {
			h = s.authenticated(r.scope, h)
		}
		if !r.held() {
			h = s.bounded(h)
		}
		var around []echo.MiddlewareFunc
		if r.scope == ownUser && len(o.Origins) > 0 {
			around = append(around, crossOrigin(o.Origins))
			e.OPTIONS(r.path, echo.MethodNotAllowedHandler, around...)
		}
		e.Add(r.method, r.path, h, around...)
		if r.method == http.MethodGet {
			e.HEAD(r.path, h, around...) // whoever may read may ask whether there is something to read
		}
	}
	docs := echo.WrapHandler(o.Docs)
	e.GET("/docs", docs)
	e.GET("/docs/*", docs)
	return sanitizeRequestID(e)
}

// Operations lists the documented operations that are served, as "GET /path".
func Operations() []string {
	var list []string
	for _, r := range (&server{}).routes() {
		list = append(list, r.method+" "+templateOf(r.path))
	}
	return list
}

var pathParam = regexp.MustCompile(`:(\w+)`)

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// sanitizeRequestID lets a caller's own request id through only in a form that
// is safe to log and to echo.
func sanitizeRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := r.Header.Get(echo.HeaderXRequestID); v != "" && !requestIDForm.MatchString(v) {
			r.Header.Del(echo.HeaderXRequestID)
		}
		next.ServeHTTP(w, r)
	})
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// accessLog tells of each request. It writes the route and never the address, which holds users' ids.
func (s *server) accessLog() echo.MiddlewareFunc {
	return middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		LogStatus: true, LogMethod: true, LogLatency: true, LogRoutePath: true, HandleError: true,
		LogValuesFunc: func(c echo.Context, v middleware.RequestLoggerValues) error {
			s.observe(v)
			if c.Get(unloggedKey) != nil {
				return nil
			}
			level := slog.LevelInfo
			if v.Status >= http.StatusInternalServerError {
				level = slog.LevelError
			}
			s.Logger.LogAttrs(c.Request().Context(), level, "request",
				slog.String("method", v.Method), slog.String("route", v.RoutePath), slog.Int("status", v.Status),
				slog.String("took", v.Latency.Round(time.Microsecond).String()), slog.String("requestId", requestID(c)))
			return nil
		},
	})
}

// reply is what a handler answers. Its body is rendered as JSON, unless it is an
// http.Handler, which writes itself.
type reply struct {
	status int
	body   any
	header map[string]string
	// about is the session that it tells of, where it is kept and has to go with it.
	about string
}

// written is the reply of a handler that has written it already.
func written() (reply, error) { return reply{}, nil }

// answered is a body that is rendered already.
type answered []byte

type handler func(c echo.Context) (reply, error)

func ok(body any) (reply, error) { return reply{status: http.StatusOK, body: body}, nil }

func (s *server) handle(r route) echo.HandlerFunc {
	h := r.handler
	if r.idempotent {
		h = s.once(h)
	}
	return func(c echo.Context) error {
		rep, err := h(c)
		if err != nil || c.Response().Committed {
			return err
		}
		return write(c, rep)
	}
}

func write(c echo.Context, rep reply) error {
	if rep.status == http.StatusNoContent {
		return c.NoContent(rep.status)
	}
	header := c.Response().Header()
	if h, ok := rep.body.(http.Handler); ok {
		header.Set(echo.HeaderCacheControl, "no-store")
		h.ServeHTTP(c.Response(), c.Request())
		return nil
	}
	for k, v := range rep.header {
		header.Set(k, v)
	}
	header.Set(echo.HeaderCacheControl, "no-store")
	if rep.status == http.StatusNotModified {
		return c.NoContent(rep.status)
	}
	body, err := render(rep.body)
	if err != nil {
		return err
	}
	contentType := echo.MIMEApplicationJSON
	if rep.status >= http.StatusBadRequest {
		contentType = problemType
	}
	return c.Blob(rep.status, contentType, body)
}

// problemType is the media type of errors.
const problemType = "application/problem+json"

func render(body any) ([]byte, error) {
	if b, ok := body.(answered); ok {
		return b, nil
	}
	b, err := marshal(body)
	if err != nil {
		return nil, fmt.Errorf("render reply: %w", err)
	}
	return b, nil
}
