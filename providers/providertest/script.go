package providertest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Script is a fixture of start or fetch: what the provider answers.
type Script struct {
	// Request changes Suite.Start, by the names of the fields of
	// idv.StartRequest. Only for start.
	Request json.RawMessage `json:"request"`
	// Settings changes Suite.Settings.
	Settings map[string]string `json:"settings"`
	// Answers are given in turn to the calls with their method and path.
	Answers []Answer `json:"answers"`
}

// Answer is one answer of the provider.
type Answer struct {
	Method string            `json:"method"`
	Path   string            `json:"path"` // from the root of the server, escaped, with its query
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Body   json.RawMessage   `json:"body"` // JSON is sent as it stands; Text is sent instead if it is set
	Text   string            `json:"text"`
}

// sent is a request of the adapter as the wanted files show it.
type sent struct {
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Header map[string]string `json:"header"`
	Body   json.RawMessage   `json:"body,omitempty"`
}

type scriptServer struct {
	*httptest.Server
	mu   sync.Mutex
	got  []sent
	left []Answer
}

func readScript(t *testing.T, file string) Script {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var script Script
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&script); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return script
}

func (script Script) settings(s Suite, server string) idv.Settings {
	settings := maps.Clone(s.Settings(server))
	maps.Copy(settings, script.Settings)
	return settings
}

func (script Script) serve(t *testing.T) *scriptServer {
	server := &scriptServer{left: script.Answers}
	server.Server = httptest.NewServer(http.HandlerFunc(server.answer))
	t.Cleanup(server.Close)
	return server
}

func (server *scriptServer) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is cut off shows in the wanted file
	server.mu.Lock()
	defer server.mu.Unlock()
	call := sent{Method: r.Method, Path: r.URL.RequestURI(), Header: map[string]string{}}
	if len(body) > 0 {
		call.Body = body
	}
	for key := range r.Header {
		call.Header[key] = r.Header.Get(key)
	}
	for _, usual := range []string{"Accept", "Accept-Encoding", "Content-Length", "User-Agent"} {
		delete(call.Header, usual)
	}
	server.got = append(server.got, call)

	for i, a := range server.left {
		if a.Method != r.Method || a.Path != r.URL.RequestURI() {
			continue
		}
		server.left = append(server.left[:i:i], server.left[i+1:]...)
		for key, value := range a.Header {
			w.Header().Set(key, value)
		}
		w.WriteHeader(a.Status)
		if a.Text != "" {
			a.Body = []byte(a.Text)
		}
		_, _ = w.Write(a.Body) // the caller went away
		return
	}
	w.WriteHeader(http.StatusTeapot)
}

// sent lists the requests, with the names of secrets in place of their values.
func (server *scriptServer) sent(s Suite, settings idv.Settings) []sent {
	server.mu.Lock()
	defer server.mu.Unlock()
	for _, call := range server.got {
		for key, value := range call.Header {
			for _, setting := range s.Adapter.Settings {
				if secret := settings[setting.Key]; setting.Secret && secret != "" {
					value = strings.ReplaceAll(value, secret, "<"+setting.Key+">")
				}
			}
			call.Header[key] = value
		}
	}
	return server.got
}
