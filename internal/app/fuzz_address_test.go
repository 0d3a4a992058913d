package app

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/api"
)

// Whatever is said of where a request comes from, it is a stranger's, and it is
// counted for somebody: after so many it is refused, as long as the proxy appends
// the same address.
func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.9", "junk, 10.0.0.1", "[2001:db8::1]:443", "::ffff:10.0.0.1", "fe80::1%eth0", ",,,", "203.0.113.9:80", "\x00"} {
		f.Add(seed)
	}
	quietly := newStudy(f, "still", still{}).app
	f.Fuzz(func(t *testing.T, said string) {
		o, now := quietly.apiOptions(), time.Now()
		o.Now = func() time.Time { return now }
		o.RateLimit, o.Proxies = 1, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		for _, appended := range []string{"", ", 198.51.100.7", ", 2001:db8::7"} {
			handler := api.New(o)
			for _, want := range []int{401, 401, 429} {
				r := httptest.NewRequest(http.MethodGet, "/v1/sessions", http.NoBody)
				r.RemoteAddr = "10.1.1.1:40000"
				r.Header["X-Forwarded-For"] = []string{said + appended}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != want {
					t.Fatalf("%q: %d, want %d", said+appended, w.Code, want)
				}
			}
		}
	})
}
