package docs_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/docs"
)

func serve(t *testing.T) *httptest.Server {
	t.Helper()
	handler, err := docs.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// get asks without the transport's own compression.
func get(t *testing.T, url string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	t.Cleanup(client.CloseIdleConnections)
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

var link = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

func TestPageLoadsOnlyWhatThisServerServes(t *testing.T) {
	server := serve(t)
	for _, path := range []string{"/docs", "/docs/"} {
		res, page := get(t, server.URL+path, nil)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.Header.Get("Content-Type"))
		}
		links := link.FindAllStringSubmatch(page, -1)
		if len(links) < 5 {
			t.Errorf("%s: found only the links %q", path, links)
		}
		for _, l := range links {
			if l[1] == "/openapi.json" {
				continue
			}
			if res, _ := get(t, server.URL+l[1], nil); !strings.HasPrefix(l[1], "/docs/") || res.StatusCode != http.StatusOK {
				t.Errorf("%s: %s answers %d", path, l[1], res.StatusCode)
			}
		}
		if strings.Contains(page, "<script>") || strings.Contains(page, "<style") || strings.Contains(page, "://") {
			t.Errorf("%s: the page has an inline script or style, or names another host", path)
		}
	}
}

func TestPolicyAllowsThisServerAlone(t *testing.T) {
	server := serve(t)
	for _, path := range []string{"/docs", "/docs/init.js", "/docs/swagger-ui-bundle.js"} {
		res, _ := get(t, server.URL+path, nil)
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.ContainsAny(policy, "*/") {
			t.Errorf("%s: Content-Security-Policy %q", path, policy)
		}
	}
}

func TestSettingsOfThePage(t *testing.T) {
	_, script := get(t, serve(t).URL+"/docs/init.js", nil)
	for _, want := range []string{`url: "/openapi.json"`, "validatorUrl: null", "persistAuthorization: true", "tryItOutEnabled: true"} {
		if !strings.Contains(script, want) {
			t.Errorf("init.js lacks %s", want)
		}
	}
}

func TestAssetsComeCompressedToThoseWhoAsk(t *testing.T) {
	server := serve(t)
	for path, contentType := range map[string]string{
		"/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
		"/docs/swagger-ui.css":       "text/css; charset=utf-8",
	} {
		plain, text := get(t, server.URL+path, nil)
		zipped, small := get(t, server.URL+path, http.Header{"Accept-Encoding": {"br, gzip"}})
		if plain.Header.Get("Content-Encoding") != "" || zipped.Header.Get("Content-Encoding") != "gzip" || len(small) >= len(text) {
			t.Errorf("%s: plain %q with %d bytes, compressed %q with %d bytes", path,
				plain.Header.Get("Content-Encoding"), len(text), zipped.Header.Get("Content-Encoding"), len(small))
		}
		for _, res := range []*http.Response{plain, zipped} {
			if got := res.Header.Get("Content-Type"); got != contentType {
				t.Errorf("%s: Content-Type %q", path, got)
			}
		}
		if plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
			t.Errorf("%s: both variants have the ETag %s", path, plain.Header.Get("ETag"))
		}
		again, _ := get(t, server.URL+path, http.Header{"If-None-Match": {plain.Header.Get("ETag")}})
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked again with its ETag: %d", path, again.StatusCode)
		}
	}
}

func TestUnknownPageIsAProblem(t *testing.T) {
	res, body := get(t, serve(t).URL+"/docs/..%2fpage.go", nil)
	var problem struct {
		Status         int
		Code, Instance string
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 404 || res.Header.Get("Content-Type") != "application/problem+json" ||
		problem.Status != 404 || problem.Code != "not_found" || problem.Instance != "/docs/..%2fpage.go" {
		t.Errorf("%d %s %s", res.StatusCode, res.Header.Get("Content-Type"), body)
	}
}
