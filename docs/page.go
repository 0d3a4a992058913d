package docs

import (
	"bytes"
	"embed"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

//go:embed ui
var ui embed.FS

// policy lets the page load its own files, call this server and nothing else.
// Swagger UI's style sheet holds its images as data.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves Swagger UI at /docs and its files below, all of them from this
// binary. The page reads /openapi.json of the same server.
func Handler() (http.Handler, error) {
	files, err := assets()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.Trim(strings.TrimPrefix(r.URL.Path, "/docs"), "/")
		if name == "" {
			name = "index.html"
		}
		file, ok := files[name]
		if !ok {
			notFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		body := file.variant(header, strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"))
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	}), nil
}

// notFound answers as the API does. The request id is in the header already.
func notFound(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusNotFound)
	// The status is out, so that a failed write can tell nobody.
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type":      "urn:bonafide:problem:not_found",
		"title":     http.StatusText(http.StatusNotFound),
		"status":    http.StatusNotFound,
		"detail":    "There is no such page.",
		"instance":  r.URL.EscapedPath(),
		"code":      "not_found",
		"requestId": w.Header().Get("X-Request-Id"),
	})
}
