package outbox

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// errAddress: the address is one that may not be called. A client chooses where an
// endpoint is, and must not reach through us what only we can reach.
var errAddress = errors.New("the address may not be called")

// guard says which addresses may be called.
type guard struct {
	public *ssrf.Guardian // public addresses, and those that are listed
	listed []netip.Prefix
}

func newGuard(allow []netip.Prefix) guard {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return guard{
		public: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...)),
		listed: allow,
	}
}

// check tells whether an address may be called: with TLS any public one, without
// only those that the operator listed.
func (g guard) check(secure bool, address netip.AddrPort) error {
	plain := netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
	if secure {
		if err := g.public.SafeAddrPort(plain); err != nil {
			return fmt.Errorf("%w: %w", errAddress, err)
		}
		return nil
	}
	if !slices.ContainsFunc(g.listed, func(p netip.Prefix) bool { return p.Contains(plain.Addr()) }) {
		return errAddress
	}
	return nil
}

// client gives a client for addresses with TLS, or without. The address is checked
// when it is dialled, after the name was resolved, so that a name that resolves to
// something else by then changes nothing. Nothing comes between: no proxy, and no
// redirect is followed.
func (g guard) client(secure bool, roots *x509.CertPool) *http.Client {
	dialer := &net.Dialer{
		Timeout: connectWithin,
		Control: func(_, address string, _ syscall.RawConn) error {
			parsed, err := netip.ParseAddrPort(address)
			if err != nil {
				return errAddress
			}
			return g.check(secure, parsed)
		},
	}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// HTTP/1.1 only: two endpoints of one host share no connection at a time.
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    connectWithin,
			ResponseHeaderTimeout:  tryWithin,
			MaxIdleConns:           1024,
			MaxIdleConnsPerHost:    inFlight,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true,
		},
	}
}
