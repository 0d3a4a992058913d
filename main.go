// Command bonafide is one REST API in front of many identity-verification
// providers.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/bonafide-idv/bonafide/internal/app"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return app.Main(ctx, version, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
}
