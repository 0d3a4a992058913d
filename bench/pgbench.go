package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/bonafide-idv/bonafide/internal/pgserver"
)

// limitScript is the least that taking in a webhook asks of the database: one
// row of each table in one transaction.
//
//go:embed limit.sql
var limitScript []byte

// pgbench runs a script with some clients and gives the rate of transactions.
func (b *bench) pgbench(ctx context.Context, databaseURL string, content []byte, clients int, more ...string) (rate float64, err error) {
	path, err := exec.LookPath("pgbench")
	if err != nil {
		binaries, err := pgserver.Binaries()
		if err != nil {
			return 0, err
		}
		path = filepath.Join(binaries, "pgbench")
	}
	script := filepath.Join(b.folder, "pgbench.sql")
	if err := os.WriteFile(script, content, 0o600); err != nil {
		return 0, err
	}
	seconds := int(math.Ceil(b.round.Seconds()))
	args := append([]string{
		"--no-vacuum", "--protocol=prepared", "--file=" + script,
		"--client=" + strconv.Itoa(clients), "--jobs=2", "--time=" + strconv.Itoa(seconds),
	}, more...)
	cmd := exec.CommandContext(ctx, path, append(args, databaseURL)...)
	said, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, said)
	}
	return parsePgbench(said)
}

var (
	pgbenchRate   = regexp.MustCompile(`(?m)^tps = ([0-9.]+) \(without initial connection time\)$`)
	pgbenchFailed = regexp.MustCompile(`(?m)^number of failed transactions: ([0-9]+) `)
)

// parsePgbench finds the rate in what pgbench printed.
func parsePgbench(said []byte) (rate float64, err error) {
	if failed := pgbenchFailed.FindSubmatch(said); failed != nil && string(failed[1]) != "0" {
		return 0, fmt.Errorf("pgbench: %s transactions failed", failed[1])
	}
	found := pgbenchRate.FindSubmatch(said)
	if found == nil {
		return 0, errors.New("pgbench printed no rate")
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
