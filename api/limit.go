package api

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/limit"
)

// Whose number of requests is limited, which is also the name of the policy.
const (
	limitCredential = "credential" // every request with a valid credential
	limitAddress    = "address"    // requests without one, by where they come from
	limitWebhook    = "webhook"    // webhooks that are refused, by where they come from
)

// Limits lists the words for the limits beyond which requests are refused.
func Limits() []string { return []string{limitCredential, limitAddress, limitWebhook} }

// limits are all of them. None of them ever refuses a genuine webhook, or a valid
// credential for what others do from the same address: everybody may share one
// behind a proxy.
type limits struct{ credential, address, webhook quota }

func newLimits(o Options) limits {
	return limits{
		credential: newQuota(limitCredential, o.RateLimit, o.Now()),
		address:    newQuota(limitAddress, o.RateLimit, o.Now()),
		webhook:    newQuota(limitWebhook, o.WebhookRateLimit, o.Now()),
	}
}

// quota is one limit, as draft-ietf-httpapi-ratelimit-headers tells it.
type quota struct {
	name    string
	limiter *limit.Limiter // nil if there is no limit
	policy  string
}

func newQuota(name string, perSecond int, now time.Time) quota {
	q := quota{name: name, limiter: limit.New(perSecond, now)}
	if q.limiter != nil {
		requests, window := q.limiter.Quota()
		q.policy = strconv.Quote(name) + ";q=" + strconv.Itoa(requests) + ";w=" + strconv.Itoa(seconds(window))
	}
	return q
}

// tell says how things stand in the header of a reply.
func (q quota) tell(h http.Header, s limit.State) {
	left := make([]byte, 0, 32)
	left = strconv.AppendQuote(left, q.name)
	left = append(left, ";r="...)
	left = strconv.AppendInt(left, int64(s.Left), 10)
	left = append(left, ";t="...)
	left = strconv.AppendInt(left, int64(seconds(s.Whole)), 10)
	h.Set(headerRateLimitPolicy, q.policy)
	h.Set(headerRateLimit, string(left))
}

const (
	headerRateLimitPolicy = "RateLimit-Policy"
	headerRateLimit       = "RateLimit"
)

// seconds is a time in whole seconds, none of it left out.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// exceeded refuses a request of which there were too many.
func (s *server) exceeded(c echo.Context, q quota, state limit.State, detail string) *problem {
	s.Observer.Refused(q.name)
	q.tell(c.Response().Header(), state)
	return &problem{
		Status: http.StatusTooManyRequests, Code: codeRateLimited, Detail: detail,
		header: retryAfter(max(state.Retry, time.Second)),
	}
}

// limitCaller counts a request with a valid credential, one without the right to
// it too, and refuses one too many. Every reply says how many are left.
func (s *server) limitCaller(c echo.Context, who idv.Caller) error {
	q := s.limits.credential
	if q.limiter == nil {
		return nil
	}
	state := q.limiter.Take(limitKey(who), s.Now())
	if !state.Allowed {
		return s.exceeded(c, q, state, "There were too many requests with this credential. Retry-After says when to come back.")
	}
	q.tell(c.Response().Header(), state)
	return nil
}

// limitKey is whose requests are counted together: those of one credential. All
// client tokens are one, so that there it is the user.
func limitKey(who idv.Caller) string {
	if who.User == "" {
		return who.ID
	}
	return who.ID + "\x00" + who.User
}

// limitStranger counts a request without a valid credential, and gives the answer:
// the one at hand, or that there were too many from its address.
func (s *server) limitStranger(c echo.Context, refused error) error {
	q := s.limits.address
	if q.limiter == nil {
		return refused
	}
	if state := q.limiter.Take(s.origin(c), s.Now()); !state.Allowed {
		return s.exceeded(c, q, state, "There were too many requests without a valid credential from this address. Retry-After says when to come back.")
	}
	return refused
}

// limitForger counts a webhook that is refused, and gives the answer: the one at
// hand, or that there were too many from its address. Those beyond the limit are
// counted by the metrics and leave no line in the log, and their connection ends.
func (s *server) limitForger(c echo.Context, refused error) error {
	q := s.limits.webhook
	if q.limiter == nil {
		return refused
	}
	state := q.limiter.Take(s.origin(c), s.Now())
	if state.Allowed {
		return refused
	}
	p := s.exceeded(c, q, state, "There were too many webhooks from this address that had to be refused. Retry-After says when to come back.")
	p.header[echo.HeaderConnection] = "close"
	c.Set(unloggedKey, true)
	return p
}

// unloggedKey marks requests that leave no line in the log, since anybody can
// send any number of them.
const unloggedKey = "unlogged"
