package outbox_test

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/outbox"
)

// smuggle makes an endpoint at an address that Create would refuse, as a name does
// that resolves to something else later on.
func (d *desk) smuggle(url string) idv.Endpoint {
	d.t.Helper()
	made := d.endpoint("https://client.example/hook")
	e, err := d.store.ChangeEndpoint(d.t.Context(), made.ID, func(e *idv.Endpoint) { e.URL = url })
	must(d.t, err)
	return e
}

func (d *desk) fault(o *outbox.Outbox, e idv.Endpoint) idv.AttemptFault {
	d.t.Helper()
	_, a, err := o.Test(d.t.Context(), e.ID)
	must(d.t, err)
	return a.Fault
}

// counted is a port on loopback that counts who connects.
func counted(t *testing.T) (port string, connections *atomic.Int64) {
	t.Helper()
	connections = &atomic.Int64{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(net.Conn, http.ConnState) { connections.Add(1) }
	s.Start()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	must(t, err)
	return port, connections
}

// forbidden are hosts that only we could reach.
func forbidden() []string {
	return []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.9.8.7", "0.0.0.0", "[::]",
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "[::ffff:10.0.0.1]", "100.64.0.1",
		"169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
	}
}

func TestAddressesThatOnlyWeCanReachAreNotCalled(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	strict := d.another(func(o *outbox.Options) { o.Allow = nil })
	port, connections := counted(t)
	for _, host := range forbidden() {
		for _, scheme := range []string{"https", "http"} {
			e := d.smuggle(scheme + "://" + host + ":" + port + "/")
			if got := d.fault(strict, e); got != idv.FaultAddress {
				t.Errorf("%s %s: %q", scheme, host, got)
			}
			must(t, d.store.DeleteEndpoint(t.Context(), e.ID))
		}
		if host == "localhost" {
			continue // a name may mean anything until it is called
		}
		if _, err := strict.Create(t.Context(), idv.Endpoint{URL: "https://" + host + "/"}); !isInput(err) {
			t.Errorf("created at %s: %v", host, err)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func isInput(err error) bool {
	var input *idv.InputError
	return errors.As(err, &input) && input.Pointer == "/url"
}

// Without TLS nothing is called but what the operator listed, not even what is
// public; and a range is that range alone.
func TestWithoutTLSOnlyWhatIsListed(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	port, connections := counted(t)
	narrow := d.another(func(o *outbox.Options) { o.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	for url, want := range map[string]idv.AttemptFault{
		"http://127.0.0.1:" + port:          "",
		"http://[::ffff:127.0.0.1]:" + port: "",
		"http://127.0.0.2:" + port:          idv.FaultAddress,
		"http://8.8.8.8:" + port:            idv.FaultAddress,
		"http://[2001:4860:4860::8888]/":    idv.FaultAddress,
		"https://127.0.0.2:" + port:         idv.FaultAddress,
		"https://127.0.0.1:" + port:         idv.FaultTLS,
	} {
		if got := d.fault(narrow, d.smuggle(url)); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	if connections.Load() == 0 {
		t.Error("nothing was called")
	}
}

// A proxy of the environment would dial for us, and past the guard.
func TestNoProxy(t *testing.T) {
	port, connections := counted(t)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:"+port)
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:"+port)
	d := open(t, enginetest.SQLite(t))
	strict := d.another(func(o *outbox.Options) { o.Allow = nil })
	if got := d.fault(strict, d.smuggle("https://10.0.0.1/")); got != idv.FaultAddress {
		t.Errorf("fault %q", got)
	}
	if connections.Load() != 0 {
		t.Error("the proxy was called")
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		port, connections := counted(t)
		r := receive(t)
		r.answers(status(http.StatusTemporaryRedirect, "Location", "http://127.0.0.1:"+port+"/"))
		e := d.endpoint(r.URL, only)
		d.run()
		d.create("user-1")
		m := d.tried(e, 1)
		if a := m.Attempts[0]; m.State != idv.MessagePending || a.Fault != idv.FaultRedirect || a.StatusCode != 307 {
			t.Errorf("message %+v", m)
		}
		if n := connections.Load(); n != 0 {
			t.Errorf("it was followed: %d connections", n)
		}
	})
}

func TestAnswerIsNotReadToItsEnd(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	r := receive(t)
	given := make(chan int, 1)
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		n, chunk := 0, make([]byte, 1<<16)
		for n < 1<<30 {
			wrote, err := w.Write(chunk)
			if n += wrote; err != nil {
				break
			}
		}
		given <- n
	})
	e := d.endpoint(r.URL)
	if got := d.fault(d.Outbox, e); got != "" {
		t.Errorf("fault %q", got)
	}
	// What is beyond the cap is in the buffers of the network.
	if n := <-given; n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestTLS(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	e := d.endpoint(s.URL)
	if got := d.fault(d.Outbox, e); got != idv.FaultTLS {
		t.Errorf("a certificate that nobody vouches for: %q", got)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	trusting := d.another(func(o *outbox.Options) { o.Roots = roots })
	if got := d.fault(trusting, e); got != "" {
		t.Errorf("fault %q", got)
	}
}

func TestNobodyThere(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	_, a, err := d.Test(t.Context(), d.endpoint("http://"+address).ID)
	if err != nil || a.Fault != idv.FaultConnect || a.StatusCode != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAddressesThatCannotBeCalledAreRefused(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	strict := d.another(func(o *outbox.Options) { o.Allow = nil })
	for _, url := range []string{
		"", "client.example", "/hook", "ftp://client.example/", "http://client.example/", "https://", "https:///x", "https:client.example",
		"https://user:secret@client.example/", "https://client.example/#part", "https://client.example/#", "https://client.example:0/",
		"https://client.example:70000/", "https://client.example:x/", "javascript:alert(1)", "HTTP://client.example/",
	} {
		if _, err := strict.Create(t.Context(), idv.Endpoint{URL: url}); !isInput(err) {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, url := range []string{"https://client.example", "https://client.example:8443/hook?a=b", "HTTPS://client.example/", "https://8.8.8.8/"} {
		e, err := strict.Create(t.Context(), idv.Endpoint{URL: url})
		if err != nil {
			t.Errorf("%q: %v", url, err)
		}
		if _, err := strict.Change(t.Context(), e.ID, idv.EndpointChange{URL: new("http://client.example/")}); !isInput(err) {
			t.Errorf("changed to what may not be: %v", err)
		}
	}
	if _, err := d.Create(t.Context(), idv.Endpoint{URL: "http://localhost:1/"}); err != nil {
		t.Errorf("http, where ranges are listed: %v", err)
	}
}

// Nothing of what an endpoint is, gets or says is logged but ids and words of ours.
func TestLogsHoldNothingOfOthers(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		r.answers(status(http.StatusGone, "Retry-After", "CANARY-HEADER"))
		e := d.endpoint(r.URL + "/CANARY-PATH?token=CANARY-QUERY")
		d.run()
		d.create("CANARY-USER")
		eventually(t, "it is disabled", func() bool { return !d.read(e).Enabled })
		eventually(t, "that is logged", func() bool { return strings.Contains(d.logs.String(), e.ID) })
		d.fault(d.Outbox, d.smuggle("http://127.0.0.1:1/CANARY-PATH"))
		said := d.logs.String()
		for _, secret := range []string{"CANARY", "whsec_", strings.TrimPrefix(e.Secrets[0].Secret, "whsec_")} {
			if strings.Contains(said, secret) {
				t.Errorf("%s was logged: %s", secret, said)
			}
		}
		if !strings.Contains(said, `"reason":"gone"`) {
			t.Errorf("log: %s", said)
		}
	})
}
