package app

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// behind trusts proxies of these ranges.
func behind(ranges ...string) func(*config.Config) {
	return func(c *config.Config) {
		for _, r := range ranges {
			c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(r))
		}
	}
}

// strangerFrom asks without a credential, with headers that say where from.
func (w *world) strangerFrom(header ...string) int {
	w.t.Helper()
	return w.call("GET", "/v1/sessions", nil, append(header, "Authorization", "")...).status
}

// Without a proxy of the operator's, nothing that a request says of where it comes
// from changes anything.
func TestAddressesCannotBeMadeUp(t *testing.T) {
	for name, change := range map[string]func(*config.Config){
		"no proxy":                         behind(),
		"not from the proxy":               behind("10.0.0.0/8", "fd00::/8"),
		"a proxy, but not what it appends": nil,
	} {
		t.Run(name, func(t *testing.T) {
			appended := ""
			if change == nil {
				change, appended = behind("127.0.0.0/8", "10.0.0.0/8"), ", 203.0.113.9, 10.1.1.1"
			}
			w, _ := limited(t, enginetest.SQLite(t), change)
			refused := 0
			for i := range 20 {
				made := fmt.Sprintf("198.51.100.%d", i)
				switch i % 3 {
				case 1:
					made = "junk" + made
				case 2:
					made = "127.0.0.1, " + made
				}
				if w.strangerFrom("X-Forwarded-For", made+appended, "X-Real-Ip", made, "Forwarded", "for="+made) == 429 {
					refused++
				}
			}
			if refused != 18 {
				t.Errorf("%d of 20 were refused", refused)
			}
			for _, address := range []string{"198.51.100.", "203.0.113."} {
				if strings.Contains(w.logs.String(), address) {
					t.Errorf("the logs tell of %s", address)
				}
			}
		})
	}
}

// Behind the operator's proxy everybody is counted for themselves: an IPv4 address
// by itself, an IPv6 address with its network.
func TestAddressesBehindAProxy(t *testing.T) {
	w, _ := limited(t, enginetest.SQLite(t), behind("127.0.0.0/8"))
	for _, want := range []int{401, 401, 429, 429} {
		if got := w.strangerFrom("X-Forwarded-For", "203.0.113.9"); got != want {
			t.Errorf("the same address: %d, want %d", got, want)
		}
	}
	for _, fresh := range []string{"203.0.113.10", "10.0.0.1", "169.254.1.1"} {
		if got := w.strangerFrom("X-Forwarded-For", fresh); got != 401 {
			t.Errorf("%s, who did nothing: %d", fresh, got)
		}
	}
	for network, want := range []int{401, 401, 429, 429} {
		if got := w.strangerFrom("X-Forwarded-For", fmt.Sprintf("2001:db8::%x:1", network)); got != want {
			t.Errorf("the same network: %d, want %d", got, want)
		}
	}
	if got := w.strangerFrom("X-Forwarded-For", "2001:db8:0:1::1"); got != 401 {
		t.Errorf("another network: %d", got)
	}
}
