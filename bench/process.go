package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// What the binary under test is configured with.
const (
	encryptionKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	webhookSecret = "whsec_of_the_benchmarks"
	tenant        = "3f0c2a54-7d0e-4c2b-9a35-0f5f3f6d9b11"
)

// bareServer is the argument with which this program is a server itself.
const bareServer = "bare"

// process is a server that is measured.
type process struct {
	address string // host:port
	// ready is how long it took from its start to its first good answer.
	ready time.Duration
	cmd   *exec.Cmd
	log   *os.File
}

// command is a command of the binary under test on a database.
func (b *bench) command(ctx context.Context, databaseURL string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.binary, args...)
	cmd.Dir = b.folder
	cmd.Env = []string{
		"BONAFIDE_DATABASE_URL=" + databaseURL,
		"BONAFIDE_ENCRYPTION_KEY=" + encryptionKey,
		"BONAFIDE_KORA_API_KEY=key_of_the_benchmarks",
		"BONAFIDE_KORA_TENANT_ID=" + tenant,
		"BONAFIDE_KORA_WEBHOOK_SECRET=" + webhookSecret,
		"BONAFIDE_RATE_LIMIT=0", // one key asks for everything here
		// Jobs that settle what a create left unanswered come later than this: many
		// sessions are made in little time here, and no measurement is of those.
		"BONAFIDE_PROVIDER_TIMEOUT=2m",
	}
	return cmd
}

// serve starts the binary under test. provider is the root of the provider's
// API.
func (b *bench) serve(ctx context.Context, databaseURL, provider string, args ...string) (*process, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	cmd := b.command(ctx, databaseURL, append([]string{"serve", "--listen=" + address}, args...)...)
	cmd.Env = append(cmd.Env, "BONAFIDE_KORA_BASE_URL="+provider)
	return b.start(ctx, cmd, address)
}

// bare starts the server to compare with.
func (b *bench) bare(ctx context.Context, databaseURL, provider string) (*process, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.start(ctx, exec.CommandContext(ctx, self, bareServer, address, databaseURL, provider), address)
}

// start starts a server and waits until it is ready. Its log goes to a file, as
// that of a real one does.
func (b *bench) start(ctx context.Context, cmd *exec.Cmd, address string) (*process, error) {
	log, err := os.CreateTemp(b.folder, filepath.Base(cmd.Path)+"-*.log")
	if err != nil {
		return nil, err
	}
	cmd.Stderr = log
	p := &process{address: address, cmd: cmd, log: log}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	if err := await(ctx, "http://"+address+"/readyz"); err != nil {
		err = fmt.Errorf("%w\n%s", err, p.lastWords())
		p.stop()
		return nil, err
	}
	p.ready = time.Since(began)
	return p, nil
}

// stop kills the server, which has nothing to finish.
func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it was killed
	_ = p.log.Close()
	_ = os.Remove(p.log.Name())
}

// lastWords is the end of the server's log.
func (p *process) lastWords() []byte {
	const enough = 2 << 10
	if info, err := p.log.Stat(); err == nil && info.Size() > enough {
		_, _ = p.log.Seek(-enough, io.SeekEnd)
	} else {
		_, _ = p.log.Seek(0, io.SeekStart)
	}
	said, _ := io.ReadAll(p.log)
	return said
}

// await asks until the answer is 200.
func await(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.New("the server did not become ready")
		}
	}
}

func freeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
