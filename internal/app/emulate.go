package app

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/config"
)

// emulate serves the emulators alone.
func (c *command) emulate() *cobra.Command {
	return &cobra.Command{
		Use:   "emulate",
		Short: "Only the provider emulators, for a team's own tests",
		Long: "Only the provider emulators, for a team's own tests. They listen on --listen\n" +
			"(here 127.0.0.1:8081 if it is not set) and send their webhooks to --public-url,\n" +
			"the bonafide under test (http://127.0.0.1:8080 if it is not set). They accept the\n" +
			"settings of providers that are set, or else those that are printed.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runEmulate(cmd) },
	}
}

func (c *command) runEmulate(cmd *cobra.Command) error {
	ctx := cmd.Context()
	cfg, log, err := c.load(cmd)
	if err != nil {
		return err
	}
	const server, beside = "127.0.0.1:8080", "127.0.0.1:8081"
	if cfg.Listen == server {
		cfg.Listen = beside
	}
	target := cfg.PublicURL
	if target == "" {
		target = "http://" + server
	}
	l, err := listen(ctx, cfg.Listen, "listen")
	if err != nil {
		return err
	}
	emulators := startEmulators("http://"+l.Addr().String(), func(name string) string { return target + "/v1/webhooks/" + name }, cfg.On(), log)
	defer emulators.Close()
	c.printf("The emulators are running and call %s. Settings for it:\n\n%sSANDBOX=true\n%s", target, config.Prefix, emulators.environment())
	return serveUntil(ctx, l, emulators)
}

// serveUntil serves until ctx ends.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	server := newServer(h, writeWithin)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
