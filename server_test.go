package main_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is one process of the binary that can be killed and started again, at
// the same address.
type server struct {
	t       *testing.T
	address string
	env     []string
	args    []string
	log     string // the file that it writes to

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
}

// newServer makes a server on the database, whose provider is the stand-in. It
// does not run yet. Without arguments it is the whole server.
func newServer(t *testing.T, databaseURL string, provider *acme, args ...string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &server{t: t, address: l.Addr().String(), args: append([]string{"serve"}, args...), log: filepath.Join(t.TempDir(), "log")}
	must(t, l.Close())
	s.env = []string{
		"BONAFIDE_LISTEN=" + s.address, "BONAFIDE_DATABASE_URL=" + databaseURL, "BONAFIDE_ENCRYPTION_KEY=" + encryptionKey,
		"BONAFIDE_BOOTSTRAP_API_KEY=" + apiKey, "BONAFIDE_KORA_API_KEY=k", "BONAFIDE_KORA_TENANT_ID=" + tenant,
		"BONAFIDE_KORA_WEBHOOK_SECRET=" + webhookSecret, "BONAFIDE_KORA_BASE_URL=" + provider.base, "BONAFIDE_PROVIDER_TIMEOUT=1s",
		"BONAFIDE_RATE_LIMIT=0",
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("%s said at last:\n%s", s.address, tail(s.log))
		}
	})
	return s
}

// tail gives the end of a file.
func tail(path string) []byte {
	raw, _ := os.ReadFile(path)
	return raw[max(0, len(raw)-4_000):]
}

// run starts the process.
func (s *server) run() {
	s.t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(s.t, err)
	defer func() { _ = log.Close() }()
	cmd := command(s.t, s.env, s.args...)
	cmd.Stderr = log
	must(s.t, cmd.Start())
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	s.mu.Lock()
	s.cmd, s.exited = cmd, exited
	s.mu.Unlock()
}

// serve starts the process and waits until it is ready.
func (s *server) serve() {
	s.t.Helper()
	s.run()
	eventually(s.t, "the server is ready", func() bool { return s.ready() == http.StatusOK })
}

// ready gives the status of its readiness, 0 if it does not answer.
func (s *server) ready() int {
	res, err := http.Get("http://" + s.address + "/readyz")
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// kill is kill -9.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
	s.cmd = nil
}

// stop tells the process to stop, and gives its exit code and how long it took.
func (s *server) stop() (code int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := time.Now()
	must(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	<-s.exited
	code = s.cmd.ProcessState.ExitCode()
	s.cmd = nil
	return code, time.Since(began)
}

// alive reports whether the process runs.
func (s *server) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.exited:
		return false
	default:
		return s.cmd != nil
	}
}

// reply is what a server answered.
type reply struct {
	status     int
	retryAfter string
	etag       string
	body       []byte
}

// send calls the API once. header are pairs of name and value.
func (s *server) send(method, path string, body []byte, header ...string) (reply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return reply{status: res.StatusCode, retryAfter: res.Header.Get("Retry-After"), etag: res.Header.Get("ETag"), body: raw}, err
}
