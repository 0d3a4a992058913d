package httpclient

import (
	"context"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	maxAnswer  = 1 << 20 // bytes of a decoded answer
	readTries  = 3
	firstPause = 200 * time.Millisecond
	longPause  = time.Hour // no cap of its own: the deadline decides
)

// Options are what an adapter sets once for an account.
type Options struct {
	// BaseURL is the provider's API root, as BaseURL returns it. The paths of
	// the calls are appended to it.
	BaseURL string
	// Header is sent with every call: the account's credentials.
	Header http.Header
	// ErrorCode finds the provider's own code in the body of a refusal, which
	// need not be JSON. It may be nil. Codes that are not short plain words are
	// dropped.
	ErrorCode func(body []byte) string
}

// Client calls one provider's API for one account.
type Client struct {
	base      string
	timeout   time.Duration
	errorCode func([]byte) string
	reader    *resty.Client
	writer    *resty.Client
}

// New makes a client on top of hc, which carries the transport and, as its
// Timeout, how long one Read or Write may take, all tries of a Read included.
// Redirects are never followed.
func New(hc *http.Client, o Options) *Client {
	own := http.Client{Transport: http.DefaultTransport}
	var timeout time.Duration
	if hc != nil {
		timeout = hc.Timeout
		if hc.Transport != nil {
			own.Transport = hc.Transport
		}
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	c := &Client{base: o.BaseURL, timeout: timeout, errorCode: o.ErrorCode}
	c.writer = newResty(own, o.Header)
	c.reader = newResty(own, o.Header).
		SetRetryCount(readTries - 1).
		SetRetryWaitTime(firstPause).
		SetRetryMaxWaitTime(longPause).
		SetRetryAfter(pause).
		AddRetryCondition(repeatable)
	return c
}

func newResty(hc http.Client, header http.Header) *resty.Client {
	r := resty.NewWithClient(&hc).
		SetLogger(silent{}).
		SetDisableWarn(true).
		SetResponseBodyLimit(maxAnswer).
		SetContentLength(true).
		SetPreRequestHook(func(_ *resty.Client, req *http.Request) error {
			sendOnce(req)
			return nil
		})
	r.Header = header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("User-Agent", "bonafide")
	r.Header.Set("Accept", "application/json")
	return r
}

// Read asks a question: a GET unless the options say otherwise. It is repeated
// when the provider is too busy or the connection fails, as long as the
// deadline allows, and honours Retry-After. The JSON answer is decoded into
// out, which may be nil. A 404 is idv.KindNotFound.
func (c *Client) Read(ctx context.Context, path string, out any, opts ...Option) error {
	return c.do(ctx, c.reader, &call{method: http.MethodGet, path: path, read: true}, out, opts)
}

// Write changes something and is sent exactly once. body is encoded as JSON
// unless it is a []byte, which is sent as it is; nil sends no body. The JSON
// answer is decoded into out, which may be nil. A 404 is idv.KindNotFound
// except on a POST, where there is nothing yet that could be missing.
func (c *Client) Write(ctx context.Context, method, path string, body, out any, opts ...Option) error {
	return c.do(ctx, c.writer, &call{method: method, path: path, body: body}, out, opts)
}

func (c *Client) do(ctx context.Context, via *resty.Client, call *call, out any, opts []Option) error {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	for _, opt := range opts {
		opt(call)
	}
	wire := &wire{}
	req, err := call.request(wire.watch(ctx), via)
	if err != nil {
		return &idv.ProviderError{Kind: idv.KindRejected, Err: err}
	}
	resp, err := req.Execute(call.method, c.base+call.path)
	answer := resp != nil && resp.RawResponse != nil
	switch {
	case err != nil && !answer:
		return unanswered(call, wire, err)
	case resp.StatusCode() < 200 || resp.StatusCode() > 299:
		return refused(call, resp, c.errorCode)
	case err != nil:
		return unreadable(call, resp.StatusCode(), err)
	}
	if err := decode(resp.Body(), out); err != nil {
		return unreadable(call, resp.StatusCode(), err)
	}
	return nil
}

// silent keeps resty from logging URLs.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
