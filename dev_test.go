package main_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// dev is everything as on a laptop, at the address and with the key that it
// prints.
type dev struct{ address, key string }

func startDev(t *testing.T) dev {
	t.Helper()
	cmd := command(t, []string{"PATH=" + os.Getenv("PATH")}, "dev", "--listen=127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	var d dev
	for lines := bufio.NewScanner(stdout); d.key == "" && lines.Scan(); {
		name, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch value = strings.TrimSpace(value); name {
		case "API":
			d.address = strings.TrimSuffix(strings.TrimPrefix(value, "http://"), "/v1")
		case "Key":
			d.key = value
		}
	}
	eventually(t, "it is ready", func() bool {
		res, err := http.Get("http://" + d.address + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return d
}

// call calls the API, which must answer 2xx, and reads its answer into out.
func (d dev) call(t *testing.T, method, path, body string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+d.address+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+d.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode > 299 {
		t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, raw)
	}
	must(t, json.Unmarshal(raw, out))
}

// program is what runs beside a test, with all that it starts, and what it says.
type program struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu   sync.Mutex
	said []byte
}

// startProgram starts a command, which ends with the test.
func startProgram(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p, p
	// go run starts another process, which ends with the group alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, cmd.Start())
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%v said:\n%s", cmd.Args, p.output())
		}
	})
	return p
}

// Write keeps what the program says.
func (p *program) Write(piece []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, piece...)
	return len(piece), nil
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.said)
}

// freeAddress gives an address on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// stop ends the program and all that it started.
func (p *program) stop() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}
