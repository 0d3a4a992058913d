package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the bare server, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == bareServer {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// TestEachMeasurementRuns for a moment. What it measures then means nothing.
func TestEachMeasurementRuns(t *testing.T) {
	tests := map[string]struct {
		measure func(context.Context, *bench) error
		lines   []string // that are to be printed, as regular expressions
	}{
		"intake": {measureIntake, []string{
			`^4 +limit: pgbench.* +[1-9]\d* +1\.00$`,
			`^4 +bare net/http \+ pgx +[1-9]\d* +\d+\.\d\d +\d+\.\d +\d+\.\d$`,
			`^4 +bonafide on PostgreSQL +[1-9]\d* +\d+\.\d\d +\d+\.\d +\d+\.\d +× limit ≥ 0\.9, p99 < 20ms: (ok|MISSED)$`,
			`^4 +bonafide on SQLite +[1-9]\d* +\d+\.\d\d +\d+\.\d +\d+\.\d +× limit ≥ 0\.6: (ok|MISSED)$`,
		}},
		"create": {measureCreate, []string{
			`^2 +bare net/http \+ pgx +[1-9]\d* .* 1\.00 +2\.\d\d$`,
			`^2 +bonafide +[1-9]\d* .* p99 < 30ms, transactions ≤ 2: (ok|MISSED)$`,
		}},
		"visible": {measureVisible, []string{
			`^commit alone: bare net/http \+ pgx +\d+\.\d +\d+\.\d +1\.00$`,
			`^bonafide, webhook answered +\d+\.\d +\d+\.\d +\d+\.\d\d$`,
			`^bonafide, status visible +\d+\.\d +\d+\.\d +\d+\.\d\d +0 +p50 < 5ms, p99 < 25ms, waiting ≤ 0: (ok|MISSED)$`,
		}},
		"status": {measureStatus, []string{
			`^4 +limit: pgbench.* +[1-9]\d* +1\.00 +1\.00$`,
			`^4 +bonafide, 10 users +[1-9]\d* +\d+\.\d\d +\d+\.\d\d +\d+\.\d +\d+\.\d +× limit ≥ 0\.8: (ok|MISSED)$`,
			`^4 +bonafide, 100 users .* × line above ≥ 0\.8: (ok|MISSED)$`,
			`^4 +bonafide, known already: 304 +[1-9]\d* .* × line above ≥ 1: (ok|MISSED)$`,
		}},
		"deliver": {measureDeliver, []string{
			`^limit: signed calls without a database +[1-9]\d* +1\.00$`,
			`^bonafide, from the feed to the log +[1-9]\d* +\d+\.\d\d +events/s ≥ 2000: (ok|MISSED)$`,
		}},
		"wait": {measureWait, []string{
			`^streams, a user each +-?\d+\.\d +-?\d+\.\d +-?\d+\.\d +-?\d+\.\d +KB < 30, p99 < 250ms: (ok|MISSED)$`,
			`^long polls, a user each .*(ok|MISSED)$`,
			`^streams, one user for all .*(ok|MISSED)$`,
		}},
		"idle": {measureIdle, []string{
			`^bonafide on PostgreSQL, resident +[1-9]\d*\.\d MB +\d+\.\d\d +MB < 60: (ok|MISSED)$`,
			`^bonafide on SQLite, ready after +[1-9]\d*\.\d ms +\d+\.\d\d +ready < 1s: (ok|MISSED)$`,
			`^the static binary, .* +[1-9]\d*\.\d MB +MB < 40: (ok|MISSED)$`,
		}},
	}
	var out bytes.Buffer
	b, err := newBench(t.Context(), &out, scale{
		rounds:      1,
		round:       time.Second, // so that a machine that is busy with other tests gets anything done in it
		warmUp:      20 * time.Millisecond,
		connections: []int{4},
		atOnce:      []int{2},
		webhooks:    20,
		prepare:     800 * time.Millisecond,
		settle:      10 * time.Millisecond,
		users:       [2]int{10, 100},
		waiting:     50,
		changes:     10,
		events:      40,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out.Reset()
			if err := tt.measure(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			for _, line := range tt.lines {
				if !regexp.MustCompile("(?m)" + line).Match(out.Bytes()) {
					t.Errorf("no line is like %s\n%s", line, out.String())
				}
			}
		})
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{nil, {"fly"}, {"idle", "twice"}, {bareServer}} {
		var stderr bytes.Buffer
		if code := run(args, &stderr, &stderr); code != 2 || !strings.Contains(stderr.String(), "create|deliver|idle|intake|status|visible|wait") {
			t.Errorf("%v: exit code %d, %s", args, code, stderr.String())
		}
	}
}
