package api

import (
	"net"
	"net/netip"

	"github.com/labstack/echo/v4"
)

// addresses tells where requests come from. What X-Forwarded-For says is
// anybody's word, unless the connection is one of the operator's proxies: then it
// is the last address in it that is not another of them. No other header counts.
func addresses(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// subscriber is how much of an IPv6 address is one subscriber's.
const subscriber = 64

// origin names where a request comes from, so that it can be counted: an IPv4
// address, or the network of an IPv6 one, which is whose it is. It is for no log.
func (s *server) origin(c echo.Context) string {
	address, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return "" // a connection that is none of the internet's
	}
	address = address.Unmap().WithZone("")
	if network, err := address.Prefix(subscriber); err == nil && address.Is6() {
		address = network.Addr()
	}
	return string(address.AsSlice())
}
