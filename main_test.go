package main_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// The tests of this file run the real binary as an operator would.

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bonafide-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "bonafide")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

const (
	apiKey        = "an-api-key-for-provisioning-0123456789"
	encryptionKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	webhookSecret = "whsec_of_the_test"
	tenant        = "3f0c2a54-7d0e-4c2b-9a35-0f5f3f6d9b11"
)

func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	must(t, err)
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Dir = env, t.TempDir()
	return cmd
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a command to its end.
func run(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(t, env, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestServeNamesEverythingThatIsMissing(t *testing.T) {
	_, stderr, code := run(t, []string{"BONAFIDE_KORA_API_KEY=hunter2", "BONAFIDE_LISTEN=nowhere", "BONAFIDE_BOOTSTRAP_API_KEY=hunter3"}, "serve")
	if code != 2 {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{"BONAFIDE_ENCRYPTION_KEY", "BONAFIDE_LISTEN", "BONAFIDE_KORA_TENANT_ID", "BONAFIDE_KORA_WEBHOOK_SECRET", "BONAFIDE_BOOTSTRAP_API_KEY"} {
		if !strings.Contains(stderr, name) {
			t.Errorf("%s is not named in %s", name, stderr)
		}
	}
	if strings.Contains(stderr, "hunter") {
		t.Errorf("a secret is told: %s", stderr)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{{"fly"}, {"serve", "--wings"}, {"serve", "--only=nothing"}, {"keys", "create"}, {"keys", "create", "--name=n", "--scopes=root"}, {"keys", "revoke", "x"}} {
		if _, stderr, code := run(t, nil, args...); code != 2 || stderr == "" {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
	}
}

func TestServeRefusesAnOlderSchema(t *testing.T) {
	env := []string{"BONAFIDE_ENCRYPTION_KEY=" + encryptionKey, "BONAFIDE_DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "empty.db")}
	_, stderr, code := run(t, env, "serve", "--listen=127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "bonafide migrate") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestKeys(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		env := []string{"BONAFIDE_DATABASE_URL=" + url}
		stdout, stderr, code := run(t, env, "keys", "create", "--name", "backend", "--scopes", "sessions:write,users:read", "--expires", "720h")
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		if code != 0 || len(lines[len(lines)-1]) < 32 || strings.ContainsAny(lines[len(lines)-1], " \t") {
			t.Fatalf("exit code %d, %q %q", code, stdout, stderr)
		}
		stdout, _, _ = run(t, env, "keys", "create", "--name", "other", "--scopes", "admin", "--json")
		var made struct {
			ID, Name, Key string
			Scopes        []string
			ExpiresAt     *time.Time
		}
		must(t, json.Unmarshal([]byte(stdout), &made))
		if made.ID == "" || made.Name != "other" || made.Key == "" || len(made.Scopes) != 1 || made.ExpiresAt != nil {
			t.Errorf("made %s", stdout)
		}
		stdout, _, _ = run(t, env, "keys", "list")
		if !strings.Contains(stdout, made.ID) || !strings.Contains(stdout, "backend") || strings.Contains(stdout, made.Key) {
			t.Errorf("list %s", stdout)
		}
		if _, stderr, code := run(t, env, "keys", "revoke", made.ID); code != 0 {
			t.Errorf("revoke: %d %s", code, stderr)
		}
		if _, _, code := run(t, env, "keys", "revoke", "key_01kagt2f6pe4mrt1qq3g1c2s8f"); code != 1 {
			t.Errorf("revoke of an unknown key: %d", code)
		}
	})
}

func TestProviders(t *testing.T) {
	stdout, _, code := run(t, []string{"BONAFIDE_KORA_API_KEY=k", "BONAFIDE_KORA_TENANT_ID=t", "BONAFIDE_KORA_WEBHOOK_SECRET=s"}, "providers")
	if code != 0 || !strings.Contains(stdout, "BONAFIDE_IDNORM_LICENSE_KEY") || !strings.Contains(stdout, "BONAFIDE_KORA_BASE_URL") {
		t.Errorf("exit code %d, %s", code, stdout)
	}
	stdout, stderr, code := run(t, []string{"BONAFIDE_KORA_API_KEY=k"}, "providers")
	if code != 2 || !strings.Contains(stdout, "incomplete") || !strings.Contains(stderr, "BONAFIDE_KORA_TENANT_ID") {
		t.Errorf("exit code %d, %s %s", code, stdout, stderr)
	}
}

// What dev prints works when it is pasted.
func TestDevGreets(t *testing.T) {
	cmd := command(t, []string{"PATH=" + os.Getenv("PATH")}, "dev", "--listen=127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
	var pasted string
	for lines := bufio.NewScanner(stdout); pasted == "" && lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "curl ") && strings.Contains(line, "/v1/sessions") {
			pasted = line
		}
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("the test needs curl")
	}
	var body []byte
	eventually(t, "the API answers", func() bool {
		body, err = exec.Command("bash", "-c", pasted).Output()
		return err == nil && bytes.Contains(body, []byte(`"status":"pending"`))
	})
}

// server is one process of the binary that can be killed.
type server struct {
	cmd  *exec.Cmd
	base string
}

// serve starts the server on the database and waits until it is ready.
func serve(t *testing.T, databaseURL, provider string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	cmd := command(t, []string{
		"BONAFIDE_LISTEN=" + address, "BONAFIDE_DATABASE_URL=" + databaseURL, "BONAFIDE_ENCRYPTION_KEY=" + encryptionKey,
		"BONAFIDE_BOOTSTRAP_API_KEY=" + apiKey, "BONAFIDE_KORA_API_KEY=k", "BONAFIDE_KORA_TENANT_ID=" + tenant,
		"BONAFIDE_KORA_WEBHOOK_SECRET=" + webhookSecret, "BONAFIDE_KORA_BASE_URL=" + provider,
	}, "serve")
	cmd.Stderr = io.Discard
	must(t, cmd.Start())
	s := &server{cmd: cmd, base: "http://" + address}
	t.Cleanup(s.kill)
	eventually(t, "the server is ready", func() bool {
		res, err := http.Get(s.base + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return s
}

// kill is kill -9.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *server) send(method, path string, body []byte, header ...string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, raw, err
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

// acme stands in for Kora: it creates verifications and knows nothing of them.
func acme(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ ExternalID string }
		if r.Method != http.MethodPost || json.NewDecoder(r.Body).Decode(&in) != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":"ver_%s","status":"pending"}`, in.ExternalID)
	})}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return "http://" + l.Addr().String()
}

// However often the server is killed, what it answered 200 ends in its session,
// once.
func TestKillLosesNothing(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		provider := acme(t)
		const users, kills = 40, 3
		s := serve(t, databaseURL, provider)
		for i := range users {
			body := fmt.Sprintf(`{"externalUserId":"u%d","provider":"kora"}`, i)
			if status, raw, err := s.send("POST", "/v1/sessions", []byte(body)); err != nil || status != http.StatusCreated {
				t.Fatalf("create: %d %s %v", status, raw, err)
			}
		}
		pending := make(chan int, users)
		for i := range users {
			pending <- i
		}
		for range kills {
			var senders sync.WaitGroup
			for range 4 {
				senders.Go(func() { sendUntilItDies(s, pending) })
			}
			time.Sleep(time.Duration(5+rand.IntN(40)) * time.Millisecond)
			s.kill()
			senders.Wait()
			s = serve(t, databaseURL, provider)
		}
		close(pending)
		acknowledged := map[int]bool{}
		for i := range users {
			acknowledged[i] = true
		}
		for i := range pending {
			delete(acknowledged, i) // never answered 200
		}
		t.Logf("%d of %d webhooks were acknowledged", len(acknowledged), users)
		if len(acknowledged) == 0 {
			t.Fatal("no webhook was acknowledged, so that nothing was tested")
		}
		for i := range acknowledged {
			path := fmt.Sprintf("/v1/users/u%d/verification", i)
			eventually(t, path+" is verified", func() bool {
				_, raw, err := s.send("GET", path, nil)
				return err == nil && bytes.Contains(raw, []byte(`"status":"verified","version":2`))
			})
		}
	})
}

// sendUntilItDies sends a webhook for each user that is pending, and puts those
// back that were not acknowledged.
func sendUntilItDies(s *server, pending chan int) {
	for {
		select {
		case i := <-pending:
			body := fmt.Appendf(nil, `{"id":"evt_%d","eventType":"verification.verified","resourceType":"verification","resourceId":"ver_u%[1]d","tenantId":%q,`+
				`"timestamp":"2026-11-20T10:35:00Z","data":{"verificationId":"ver_u%[1]d","externalId":"u%[1]d","status":"verified","decision":"auto_approve","overallScore":96.3}}`, i, tenant)
			mac := hmac.New(sha256.New, []byte(webhookSecret))
			mac.Write(body)
			status, _, err := s.send("POST", "/v1/webhooks/kora", body, "X-Kora-Signature", hex.EncodeToString(mac.Sum(nil)))
			if err != nil || status != http.StatusOK {
				pending <- i
				return
			}
		default:
			return
		}
	}
}
