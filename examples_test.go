package main_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// The tests of this file see what the examples do when something goes wrong.

// transpiled gives a directory with the examples in TypeScript, without the types,
// for a Node that does not know them.
func transpiled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sources, err := filepath.Glob("examples/ts/*.ts")
	must(t, err)
	built := api.Build(api.BuildOptions{
		EntryPoints: sources, Outdir: dir, OutExtension: map[string]string{".js": ".mjs"},
		Format: api.FormatESModule, Target: api.ES2022, Write: true, LogLevel: api.LogLevelSilent,
	})
	for _, m := range built.Errors {
		t.Errorf("%s: %s", m.Location.File, m.Text)
	}
	if len(sources) == 0 || len(built.OutputFiles) != len(sources) {
		t.Fatalf("of %d examples in TypeScript %d can be run", len(sources), len(built.OutputFiles))
	}
	return dir
}

// scripted answers each request by the next function, and keeps what was sent.
type scripted struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []http.Header
	answer []http.HandlerFunc
}

func newScripted(t *testing.T, answer ...http.HandlerFunc) *scripted {
	s := &scripted{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"ses_1","launch":{"url":"https://provider.example/1"},"clientToken":"t"}`)
		return
	}
	s.mu.Lock()
	n := len(s.asked)
	s.asked = append(s.asked, r.Header)
	s.mu.Unlock()
	if n >= len(s.answer) {
		w.WriteHeader(http.StatusTeapot) // nobody should ask that often
		return
	}
	s.answer[n](w, r)
}

// sent gives a header of each request.
func (s *scripted) sent(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []string
	for _, h := range s.asked {
		values = append(values, strconv.Quote(h.Get(name)))
	}
	return strings.Join(values, " ")
}

// answering answers with a status, a body and a header of pairs.
func answering(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// sending sends pieces, each by itself, and then breaks the connection.
func sending(pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, piece := range pieces {
			_, _ = io.WriteString(w, piece)
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

const (
	pendingUser  = `{"status":"pending","version":1,"reasons":[]}`
	verifiedUser = `{"status":"verified","version":2,"reasons":[]}`
	bothVersions = "version 1: pending\nversion 2: verified\n"
)

// examples gives the commands that run the same example in Go and TypeScript.
func examples(t *testing.T, name string, args ...string) map[string][]string {
	return map[string][]string{
		"Go":         append([]string{"go", "run", "./examples/go/" + name}, args...),
		"TypeScript": append([]string{"node", transpiled(t) + "/" + name + ".mjs"}, args...),
	}
}

// start starts an example with further variables.
func start(t *testing.T, args []string, env ...string) *program {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	return startProgram(t, cmd)
}

// ended waits for a program, and gives what it said and its exit code.
func ended(t *testing.T, p *program) (said string, code int) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		t.Fatal("it never ends")
	}
	return p.output(), p.cmd.ProcessState.ExitCode()
}

func TestLongPollGoesOn(t *testing.T) {
	t.Parallel()
	for name, args := range examples(t, "follow", "user-1") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var busy, back time.Time
			s := newScripted(t,
				answering(200, pendingUser, "ETag", `"1-a"`),
				answering(304, ""),
				sending(`{"status":"veri`),
				func(w http.ResponseWriter, r *http.Request) {
					busy = time.Now()
					answering(503, "", "Retry-After", "4")(w, r)
				},
				func(w http.ResponseWriter, r *http.Request) {
					back = time.Now()
					answering(200, verifiedUser, "ETag", `"2-b"`)(w, r)
				},
			)
			said, code := ended(t, start(t, args, "API="+s.URL, "KEY=k"))
			if said != "send the user to https://provider.example/1\n"+bothVersions || code != 0 {
				t.Errorf("exit code %d, %s", code, said)
			}
			if got, want := s.sent("If-None-Match"), `"" "\"1-a\"" "\"1-a\"" "\"1-a\"" "\"1-a\""`; got != want {
				t.Errorf("it sent the tags %s, want %s", got, want)
			}
			if paused := back.Sub(busy); paused < 4*time.Second {
				t.Errorf("it came back after %s", paused)
			}
		})
	}
}

func TestLongPollEndsWhereItIsRefused(t *testing.T) {
	t.Parallel()
	for name, args := range examples(t, "follow", "user-1") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t, answering(401, `{"code":"unauthorized","detail":"The credential is revoked."}`))
			said, code := ended(t, start(t, args, "API="+s.URL, "KEY=k"))
			if code == 0 || !strings.Contains(said, "revoked") || s.sent("Authorization") != `"Bearer k"` {
				t.Errorf("exit code %d, %s, asked with %s", code, said, s.sent("Authorization"))
			}
		})
	}
}

func TestPhoneComesBack(t *testing.T) {
	t.Parallel()
	stream := func(pieces ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			sending(pieces...)(w, r)
		}
	}
	s := newScripted(t,
		answering(503, "", "Retry-After", "1"),
		answering(401, ""),
		stream("retry: 2000\n\nid: 1\nevent: verif", "ication\ndata: "+pendingUser+"\n", "\n: nothing new\n\n"),
		stream(": nothing new\n\n", "id: 2\nevent: verification\ndata: "+verifiedUser+"\n\n"),
	)
	said, code := ended(t, start(t, []string{"node", transpiled(t) + "/phone.mjs"}, "API="+s.URL, "TOKEN=t"))
	if said != bothVersions || code != 0 {
		t.Errorf("exit code %d, %s", code, said)
	}
	if got, want := s.sent("Last-Event-ID"), `"" "" "" "1"`; got != want {
		t.Errorf("it knew %s, want %s", got, want)
	}
	if got := s.sent("Authorization"); strings.Count(got, `"Bearer t"`) != 4 {
		t.Errorf("it asked with %s", got)
	}
}

func TestPhoneEndsWhereItIsRefused(t *testing.T) {
	t.Parallel()
	s := newScripted(t, answering(403, `{"code":"forbidden","detail":"This route is for client tokens."}`))
	said, code := ended(t, start(t, []string{"node", transpiled(t) + "/phone.mjs"}, "API="+s.URL, "TOKEN=t"))
	if code == 0 || !strings.Contains(said, "client tokens") || s.sent("Last-Event-ID") != `""` {
		t.Errorf("exit code %d, %s", code, said)
	}
}
