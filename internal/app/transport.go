package app

import (
	"net"
	"net/http"
	"time"
)

const (
	// connectWithin is how long a connection to a provider may take to be made, and
	// how long the greeting of TLS on it.
	connectWithin = 5 * time.Second
	// mostHeader is how much header a provider may answer with, in bytes.
	mostHeader = 64 << 10
)

// newTransport gives the connections of one account to its provider. Every step
// has an end of its own, and none is later than that of the whole call. Proxies
// of the environment are used: where providers are is an operator's setting.
func newTransport(within time.Duration) *http.Transport {
	connect := min(connectWithin, within)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connect}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    connect,
		ExpectContinueTimeout:  time.Second,
		ResponseHeaderTimeout:  within,
		MaxResponseHeaderBytes: mostHeader,
		MaxIdleConns:           100,
		IdleConnTimeout:        90 * time.Second,
	}
}
