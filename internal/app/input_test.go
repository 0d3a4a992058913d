package app

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

func TestLongAddresses(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	ask := func(method, target string) (status int, body string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.base+target, http.NoBody)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+w.key)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		defer func() { _ = res.Body.Close() }()
		raw, err := io.ReadAll(res.Body)
		must(t, err)
		if res.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no X-Request-Id", target[:20])
		}
		return res.StatusCode, string(raw)
	}
	const most, tooLong = 8 << 10, "The address is too long"
	for target, want := range map[string]int{
		"/" + strings.Repeat("a", most-1):                          404,
		"/" + strings.Repeat("a", most):                            400,
		"/%2f" + strings.Repeat("a", most-4):                       404,
		"/%2f" + strings.Repeat("a", most-3):                       400,
		"/v1/users/" + strings.Repeat("a", most) + "/verification": 400,
		"/healthz?" + strings.Repeat("a", most):                    200,
		"/healthz?" + strings.Repeat("a", most+1):                  400,
		"/docs/" + strings.Repeat("a", most):                       400,
	} {
		status, body := ask("GET", target)
		if status != want || (status == 400) != strings.Contains(body, tooLong) || len(body) > most+1000 {
			t.Errorf("%.20s… of %d: %d %.300s", target, len(target), status, body)
		}
	}
	if status, body := ask("POST", "/v1/sessions?a="+strings.Repeat("a", most)); status != 400 || !strings.Contains(body, `"code":"invalid_request"`) {
		t.Errorf("POST: %d %s", status, body)
	}
	if status, body := ask("HEAD", "/healthz?"+strings.Repeat("a", most+1)); status != 400 || body != "" {
		t.Errorf("HEAD: %d %s", status, body)
	}
}

// What a read is sent as a body is nobody's business, and does not upset the next
// request on the connection.
func TestReadsWithABody(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.base, "http://"))
	must(t, err)
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for _, body := range []string{"{}", `{"externalUserId":`, strings.Repeat("x", 100_000), ""} {
		for _, method := range []string{"GET", "HEAD"} {
			_, err = fmt.Fprintf(conn, "%s /v1/sessions HTTP/1.1\r\nHost: bonafide\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", method, w.key, len(body), body)
			must(t, err)
			req, err := http.NewRequestWithContext(t.Context(), method, w.base, http.NoBody)
			must(t, err)
			res, err := http.ReadResponse(r, req)
			must(t, err)
			raw, err := io.ReadAll(res.Body)
			must(t, err)
			must(t, res.Body.Close())
			if res.StatusCode != 200 || (len(raw) == 0) != (method == "HEAD") {
				t.Errorf("%s with %d bytes: %d %s", method, len(body), res.StatusCode, raw)
			}
		}
	}
}

// Every reply, whoever makes it, says what browsers are to make of it.
func TestRepliesSayWhatBrowsersMayDo(t *testing.T) {
	for publicURL, strict := range map[string]string{"": "", "http://idv.example.com": "", "https://idv.example.com": "max-age=31536000"} {
		w := start(t, enginetest.SQLite(t), func(c *config.Config) {
			c.PublicURL, c.CORSOrigins = publicURL, []string{"https://app.example.com"}
		})
		for path, status := range map[string]int{"/healthz": 200, "/docs": 200, "/openapi.json": 200, "/v1/sessions": 401, "/nowhere": 404, "/v1/me/verification": 401} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.base+path, http.NoBody)
			must(t, err)
			req.Header.Set("Origin", "https://app.example.com")
			res, err := http.DefaultClient.Do(req)
			must(t, err)
			must(t, res.Body.Close())
			if res.StatusCode != status {
				t.Errorf("%s: %d", path, res.StatusCode)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Strict-Transport-Security": strict,
			} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s at %q: %s is %q, want %q", path, publicURL, name, got, want)
				}
			}
			if exposed := res.Header.Get("Access-Control-Expose-Headers"); path == "/v1/me/verification" {
				for _, name := range []string{"RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"} {
					if !strings.Contains(exposed+",", name+",") {
						t.Errorf("%s is not exposed: %s", name, exposed)
					}
				}
			}
		}
	}
}
