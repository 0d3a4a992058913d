// Command bench measures bonafide beside the fastest that the same machine can
// do, and says how far each figure is from its goal. docs/benchmarks.md tells
// how to read what it prints.
//
//	go run ./bench intake|create|status|visible|deliver|wait|idle
package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/bonafide-idv/bonafide/bench/bare"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run gives the exit code: 1 if something failed, which a missed goal is not,
// since machines differ; 2 for a call that nobody understands.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	measurements := map[string]func(context.Context, *bench) error{
		"intake":  measureIntake,
		"create":  measureCreate,
		"status":  measureStatus,
		"visible": measureVisible,
		"deliver": measureDeliver,
		"wait":    measureWait,
		"idle":    measureIdle,
	}
	var err error
	switch {
	case len(args) == 4 && args[0] == bareServer:
		// This program is also the server that it measures.
		err = bare.Serve(ctx, bare.Options{Listen: args[1], DatabaseURL: args[2], Provider: args[3], Secret: webhookSecret})
	case len(args) == 1 && measurements[args[0]] != nil:
		// One thread at a time makes the load: its threads would wake each other
		// at the expense of whoever is measured.
		runtime.GOMAXPROCS(1)
		err = measure(ctx, measurements[args[0]], stdout)
	default:
		_, _ = fmt.Fprintln(stderr, "usage: bench "+strings.Join(slices.Sorted(maps.Keys(measurements)), "|"))
		return 2
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "bench: "+err.Error())
		return 1
	}
	return 0
}

func measure(ctx context.Context, measurement func(context.Context, *bench) error, out io.Writer) error {
	b, err := newBench(ctx, out, scale{
		rounds:      3,
		round:       1250 * time.Millisecond,
		warmUp:      300 * time.Millisecond,
		connections: []int{32, 64},
		atOnce:      []int{1, 16},
		webhooks:    1500,
		prepare:     8 * time.Second,
		settle:      2 * time.Second,
		users:       [2]int{1_000, 1_000_000},
		waiting:     10_000,
		changes:     300,
		events:      10_000,
	}, "-trimpath", "-ldflags", "-s -w")
	if err != nil {
		return err
	}
	defer b.close()
	return measurement(ctx, b)
}
