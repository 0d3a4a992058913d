package outbox

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// checkURL refuses an address that could never be called. What its name resolves to
// is checked whenever it is called.
func (o *Outbox) checkURL(raw string) error {
	wrong := func(detail string) error {
		return &idv.InputError{Pointer: "/url", Code: "invalid_url", Detail: detail}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return wrong("must be an https address")
	}
	if u.User != nil || strings.Contains(raw, "#") {
		return wrong("must not hold credentials or a fragment")
	}
	secure := u.Scheme == "https"
	if !secure && (u.Scheme != "http" || len(o.Allow) == 0) {
		return wrong("must be an https address")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if u.Port() != "" && (err != nil || port == 0) {
		return wrong("must have a port from 1 to 65535")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		if newGuard(o.Allow).check(secure, netip.AddrPortFrom(ip, uint16(port))) != nil {
			return wrong("must be an address that can be reached publicly")
		}
	}
	return nil
}
