package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// onDatabase runs a command on the configured database.
func (c *command) onDatabase(cmd *cobra.Command, do func(ctx context.Context, st *store.Store) error) error {
	cfg, log, err := c.load(cmd)
	if err != nil {
		return err
	}
	st, err := openStore(cmd.Context(), cfg, log)
	if err != nil {
		return err
	}
	return errors.Join(do(cmd.Context(), st), st.Close())
}

// withStore runs a command on a database that is at this version.
func (c *command) withStore(cmd *cobra.Command, do func(ctx context.Context, st *store.Store) error) error {
	return c.onDatabase(cmd, func(ctx context.Context, st *store.Store) error {
		if err := migrated(ctx, st); err != nil {
			return err
		}
		return do(ctx, st)
	})
}

// withAccounts runs a command on a database that is at this version, with the
// configured accounts and neither API nor workers. The required settings are
// demanded.
func (c *command) withAccounts(cmd *cobra.Command, required []string, do func(ctx context.Context, a *App) error) error {
	cfg, log, err := c.load(cmd, required...)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	a, err := c.openApp(ctx, cfg, publicURL(cfg, nil), false, log)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, a), a.store.Close())
}

// openApp wires a process of a configuration, with its accounts and its database,
// which is brought to this version first if migrate says so, and else has to be
// at it. base is how providers reach the process. The caller closes the store.
func (c *command) openApp(ctx context.Context, cfg config.Config, base string, migrate bool, log *slog.Logger) (*App, error) {
	metrics := newMetrics(cfg, c.version, log)
	accounts, err := openAccounts(cfg, metrics)
	if err != nil {
		return nil, config.Mistakes{err.Error()}
	}
	st, err := openStoreOn(ctx, cfg, accounts.schedule(cfg), log)
	if err != nil {
		return nil, err
	}
	if migrate {
		err = st.Migrate(ctx)
	}
	if err == nil {
		err = migrated(ctx, st)
	}
	var a *App
	if err == nil {
		a, err = newApp(cfg, st, accounts, base, metrics, log)
	}
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return a, nil
}
