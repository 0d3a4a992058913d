package outbox

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestPausesAddUpToThreeDays(t *testing.T) {
	var all time.Duration
	for n := 1; ; n++ {
		pause, again := pauseAfter(n, 0)
		if !again {
			if n != 10 {
				t.Errorf("%d tries", n)
			}
			break
		}
		all += pause
	}
	if all < 60*time.Hour || all > 90*time.Hour {
		t.Errorf("in %v", all)
	}
}

func TestJitter(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		pause, _ := pauseAfter(2, 0)
		seen[pause] = true
		if pause < 4*time.Minute || pause > 6*time.Minute {
			t.Fatalf("pause %v", pause)
		}
	}
	if len(seen) < 50 {
		t.Errorf("%d different pauses of 100", len(seen))
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"120": 2 * time.Minute, " 7 ": 7 * time.Second, "0": 0, "": 0, "-1": 0, "1.5": 0, "soon": 0,
		"Fri, 20 Nov 2026 09:31:00 GMT": time.Minute, "Fri, 20 Nov 2026 09:29:00 GMT": 0, "99999999999999999999": 0,
	} {
		if got := readRetryAfter(value, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"120", "Fri, 20 Nov 2026 09:31:00 GMT", "4294967295", "-0", "Sunday, 06-Nov-94 08:49:37 GMT", "\xff"} {
		f.Add(seed)
	}
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		wish := readRetryAfter(value, now)
		pause, again := pauseAfter(1, wish)
		if wish < 0 || !again || pause < 4*time.Second || pause > longestWish {
			t.Errorf("%q: asks for %v, waits %v", value, wish, pause)
		}
	})
}

func FuzzURL(f *testing.F) {
	for _, seed := range []string{
		"https://client.example/hook", "https://[::ffff:127.0.0.1]/", "https://127.0.0.1:443", "https://u:p@h/", "https://h/#", "https://h:99999", "http://h",
		"https://[fe80::1%25eth0]/", "https://%6c/", "https://h\x00/", "https:///", "//h", "https://[::1]x/",
	} {
		f.Add(seed)
	}
	o := New(Options{Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	f.Fuzz(func(t *testing.T, raw string) {
		if o.checkURL(raw) != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" || u.Fragment != "" {
			t.Fatalf("%q was taken", raw)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()) {
			t.Errorf("%q was taken", raw)
		}
		if _, err := http.NewRequestWithContext(t.Context(), http.MethodPost, raw, nil); err != nil {
			t.Errorf("%q was taken and cannot be called: %v", raw, err)
		}
	})
}

func TestSlowAnswerIsGivenUp(t *testing.T) {
	letGo := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-letGo }))
	defer s.Close()
	defer close(letGo)
	o := Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Render: func(idv.Event) ([]byte, error) { return json.Marshal(1) },
	}
	quick := newSender(o)
	quick.within = 20 * time.Millisecond
	a, _ := quick.send(t.Context(), idv.Endpoint{URL: s.URL, Secrets: []idv.EndpointSecret{{Secret: newSecret()}}}, idv.Event{ID: "evt_1"})
	if a.Fault != idv.FaultTimeout || a.StatusCode != 0 || a.Took <= 0 {
		t.Errorf("attempt %+v", a)
	}
	if tryWithin != 15*time.Second || lease < (atHand/inFlight+1)*tryWithin {
		t.Errorf("a try may take %v, a lease is %v", tryWithin, lease)
	}
}

// An endpoint that accepts a connection and never greets holds nobody up either,
// and its connection does not outlive the try.
func TestSilentEndpointIsGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	closed := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = io.Copy(io.Discard, conn)
		}
		closed <- err
	}()
	quick := newSender(Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Render: func(idv.Event) ([]byte, error) { return json.Marshal(1) },
	})
	quick.secure.Transport.(*http.Transport).TLSHandshakeTimeout /= 100
	a, _ := quick.send(t.Context(), idv.Endpoint{URL: "https://" + l.Addr().String(), Secrets: []idv.EndpointSecret{{Secret: newSecret()}}}, idv.Event{ID: "evt_1"})
	if a.Fault != idv.FaultTimeout || a.Took > tryWithin/2 {
		t.Errorf("attempt %+v", a)
	}
	<-closed
}

// What cannot be signed is not sent.
func TestNothingUnsigned(t *testing.T) {
	for name, secrets := range map[string][]string{"none": nil, "not base64": {"whsec_!"}} {
		if header, err := signed(secrets, "evt_1", time.Now(), []byte("{}")); err == nil {
			t.Errorf("%s: %v", name, header)
		}
	}
}

func TestFaults(t *testing.T) {
	for want, err := range map[idv.AttemptFault]error{
		idv.FaultAddress: &url.Error{Err: &net.OpError{Err: errAddress}},
		idv.FaultTimeout: &url.Error{Err: context.DeadlineExceeded},
		idv.FaultName:    &url.Error{Err: &net.OpError{Err: &net.DNSError{IsNotFound: true}}},
		idv.FaultTLS:     &url.Error{Err: &tls.CertificateVerificationError{}},
		idv.FaultConnect: &url.Error{Err: errors.New("EOF")},
	} {
		if got := faultOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// However an address is written, what is not public may not be called, and nothing
// may be called without TLS that is not listed.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{"10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fe80::1", "fd00::1", "100.64.0.1", "0.0.0.0", "224.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "93.184.216.34", "2606:2800:220:1::", "255.255.255.255"} {
		f.Add(netip.MustParseAddr(seed).AsSlice(), uint16(443))
	}
	none, some := newGuard(nil), newGuard([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	f.Fuzz(func(t *testing.T, raw []byte, port uint16) {
		ip, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		plain := ip.Unmap()
		inside := plain.IsPrivate() || plain.IsLoopback() || plain.IsLinkLocalUnicast() || plain.IsMulticast() || plain.IsUnspecified()
		listed := plain.Is4() && plain.As4()[0] == 10
		if none.check(true, netip.AddrPortFrom(ip, port)) == nil && inside {
			t.Errorf("%v may be called", ip)
		}
		if some.check(true, netip.AddrPortFrom(ip, port)) == nil && inside && !listed {
			t.Errorf("%v may be called, and is not listed", ip)
		}
		if none.check(false, netip.AddrPortFrom(ip, port)) == nil || (some.check(false, netip.AddrPortFrom(ip, port)) == nil) != listed {
			t.Errorf("%v may be called without TLS", ip)
		}
	})
}
