package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/bonafide-idv/bonafide/internal/pgserver"
)

// scale is how much is measured.
type scale struct {
	// rounds is how often the contenders take turns; of each figure the median
	// counts.
	rounds int
	// round is how long a turn takes; pgbench knows whole seconds only.
	round time.Duration
	// warmUp is how long each contender gets before the first round.
	warmUp      time.Duration
	connections []int
	// atOnce is how many sessions are made at once.
	atOnce []int
	// webhooks is how many come on schedule in a round.
	webhooks int
	// prepare is how long the sessions that they are about may take to make.
	prepare time.Duration
	// settle is how long an idle process gets before it is looked at.
	settle time.Duration
	// users is how many there are whose status is read: few, and many.
	users [2]int
	// waiting is how many wait at once, and changes how many of their users change.
	waiting, changes int
	// events is how many are sent to an endpoint in a round.
	events int
}

// bench is what the measurements work with: the binary under test, and a
// PostgreSQL of their own with the durability of a real one.
type bench struct {
	scale
	out      io.Writer
	folder   string
	binary   string
	postgres *pgserver.Server
	databases
}

func newBench(ctx context.Context, out io.Writer, s scale, buildFlags ...string) (b *bench, err error) {
	b = &bench{scale: s, out: out}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.folder, err = os.MkdirTemp("", "bonafide-bench-"); err != nil {
		return b, err
	}
	b.binary = filepath.Join(b.folder, "bonafide")
	if err := build(ctx, b.binary, buildFlags); err != nil {
		return b, err
	}
	if b.postgres, err = pgserver.Start(pgserver.Options{Durable: true}); err != nil {
		return b, err
	}
	b.databases, err = openDatabases(ctx, b.postgres.URL, func(url string) error {
		said, err := b.command(ctx, url, "migrate").CombinedOutput()
		if err != nil {
			return fmt.Errorf("migrate: %w: %s", err, said)
		}
		return nil
	})
	return b, err
}

// build makes the binary that is shipped: static and stripped.
func build(ctx context.Context, path string, flags []string) error {
	args := append([]string{"build", "-o", path}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "github.com/bonafide-idv/bonafide")...)
	if len(flags) > 0 {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, said)
	}
	return nil
}

func (b *bench) close() {
	var err error
	if b.admin != nil {
		err = b.admin.Close()
	}
	if b.postgres != nil {
		err = errors.Join(err, b.postgres.Close())
	}
	if err = errors.Join(err, os.RemoveAll(b.folder)); err != nil {
		_, _ = fmt.Fprintln(b.out, "left behind: "+err.Error())
	}
}
