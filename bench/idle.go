package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// measureIdle: how soon a server is ready, what it takes while nothing happens,
// and how large the program is.
func measureIdle(ctx context.Context, b *bench) error {
	bareURL, err := b.database(ctx)
	if err != nil {
		return err
	}
	url, err := b.database(ctx)
	if err != nil {
		return err
	}
	file := "sqlite:" + filepath.Join(b.folder, "idle.db")
	if said, err := b.command(ctx, file, "migrate").CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, said)
	}
	servers := []struct {
		name  string
		ours  bool
		start func() (*process, error)
	}{
		{"bare net/http + pgx", false, func() (*process, error) { return b.bare(ctx, bareURL, nobody) }},
		{"bonafide on PostgreSQL", true, func() (*process, error) { return b.serve(ctx, url, nobody) }},
		{"bonafide on SQLite", true, func() (*process, error) { return b.serve(ctx, file, nobody) }},
	}
	memory, ready := make([][]float64, len(servers)), make([][]time.Duration, len(servers))
	for range b.rounds {
		for i, s := range servers {
			p, err := s.start()
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			resident, err := b.resident(ctx, p)
			p.stop()
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			memory[i], ready[i] = append(memory[i], float64(resident)/megabyte), append(ready[i], p.ready)
		}
	}

	_, _ = fmt.Fprintf(b.out, "an idle server, API and workers, medians of %d starts\n", b.rounds)
	t := newTable(b.out, "", "figure", "× bare")
	for i, s := range servers {
		m := median(memory[i])
		var goals []goal
		if s.ours {
			goals = append(goals, below("MB", m, 60))
		}
		t.line(s.name+", resident", fmt.Sprintf("%.1f MB", m), ratio(m/median(memory[0])), verdict(goals...))
	}
	for i, s := range servers {
		r := median(ready[i])
		var goals []goal
		if s.ours {
			goals = append(goals, below("ready", r, time.Second))
		}
		t.line(s.name+", ready after", millis(r)+" ms", ratio(float64(r)/float64(median(ready[0]))), verdict(goals...))
	}
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	size := float64(info.Size()) / megabyte
	t.line("the static binary, of which the image is made", fmt.Sprintf("%.1f MB", size), "", verdict(below("MB", size, 40)))
	return t.flush()
}

const megabyte = 1e6

// resident lets a server come to rest and gives the bytes of memory it has.
func (b *bench) resident(ctx context.Context, p *process) (int, error) {
	timer := time.NewTimer(b.settle)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	said, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("resident memory is read from Linux: %w", err)
	}
	return parseResident(string(said))
}

// parseResident finds the resident memory, in bytes, in a process's status.
func parseResident(status string) (int, error) {
	for line := range strings.Lines(status) {
		value, ok := strings.CutPrefix(line, "VmRSS:")
		if !ok {
			continue
		}
		kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")))
		return kilobytes << 10, err
	}
	return 0, fmt.Errorf("the status of the process does not tell its resident memory")
}
