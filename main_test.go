package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
	}
}
