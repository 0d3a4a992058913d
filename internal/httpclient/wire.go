package httpclient

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// wire watches whether a request may have reached the provider.
type wire struct {
	headersOut atomic.Bool
	broken     atomic.Bool
}

// watch makes the context of a request report to w. The headers are reported
// before the first byte leaves the process, so that nothing can arrive unseen;
// a request whose end could not be written cannot have been understood.
func (w *wire) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			w.headersOut.Store(false)
			w.broken.Store(false)
		},
		WroteHeaders: func() { w.headersOut.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) { w.broken.Store(info.Err != nil) },
	})
}

func (w *wire) sent() bool { return w.headersOut.Load() && !w.broken.Load() }

// sendOnce keeps net/http from repeating a request whose connection broke: it
// takes a POST with an idempotency key for repeatable and finds the key by its
// canonical name. Names of headers mean the same in any case. What was never
// written at all may still go out on another connection.
func sendOnce(req *http.Request) {
	for _, key := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if values, ok := req.Header[key]; ok {
			delete(req.Header, key)
			req.Header[strings.ToLower(key)] = values
		}
	}
}
