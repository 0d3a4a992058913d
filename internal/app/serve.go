package app

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/store"
)

func (c *command) serve() *cobra.Command {
	var only string
	var migrate bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "The server: API and workers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := partsOf(only)
			if err != nil {
				return err
			}
			return c.runServe(cmd, p, migrate)
		},
	}
	cmd.Flags().StringVar(&only, "only", "", "api or workers, to split them over processes")
	cmd.Flags().BoolVar(&migrate, "migrate", false, "bring the database to this version first")
	return cmd
}

func partsOf(only string) (parts, error) {
	switch only {
	case "":
		return parts{api: true, workers: true}, nil
	case "api":
		return parts{api: true}, nil
	case "workers":
		return parts{workers: true}, nil
	default:
		return parts{}, usageError{fmt.Errorf("--only must be api or workers, not %q", only)}
	}
}

func (c *command) runServe(cmd *cobra.Command, p parts, migrate bool) error {
	c.spareCollector()
	ctx := cmd.Context()
	cfg, log, err := c.load(cmd, config.EncryptionKey)
	if err != nil {
		return err
	}
	var l net.Listener
	if p.api {
		if l, err = listen(ctx, cfg.Listen, "listen"); err != nil {
			return err
		}
	}
	a, err := c.openApp(ctx, cfg, publicURL(cfg, l), migrate, log)
	if err != nil {
		return errors.Join(err, closeListener(l))
	}
	defer func() { _ = a.store.Close() }()
	if err := a.prepare(ctx); err != nil {
		return errors.Join(err, closeListener(l))
	}
	if p.api {
		log.Info("serving", "listen", l.Addr().String(), "providers", len(cfg.On()))
		if cfg.BootstrapAPIKey == "" {
			log.Info("no bootstrap key is set; make keys with: bonafide keys create")
		}
	}
	tracer := newTracer(cfg, c.version, log)
	defer tracer.Stop(ctx)
	a.follow(tracer)
	return a.run(ctx, l, a.handler(), p)
}

func closeListener(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

// listen opens the address that the flag sets.
func listen(ctx context.Context, address, flag string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w (choose another address with --%s)", err, flag)
	}
	return l, nil
}

// publicURL is how others reach this process; without a setting, at the address
// that it really listens on.
func publicURL(cfg config.Config, l net.Listener) string {
	switch {
	case cfg.PublicURL != "":
		return cfg.PublicURL
	case l != nil:
		return "http://" + l.Addr().String()
	default:
		return "http://" + cfg.Listen
	}
}

func (c *command) migrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to this version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.onDatabase(cmd, func(ctx context.Context, st *store.Store) error {
				if err := st.Migrate(ctx); err != nil {
					return err
				}
				c.printf("The database is at this version.\n")
				return nil
			})
		},
	}
}
