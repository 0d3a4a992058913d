package app

import (
	"context"
	"errors"

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
	metrics := newMetrics(cfg, c.version, log)
	accounts, err := openAccounts(cfg, metrics)
	if err != nil {
		return config.Mistakes{err.Error()}
	}
	ctx := cmd.Context()
	st, err := openStoreOn(ctx, cfg, accounts.schedule(cfg), log)
	if err != nil {
		return err
	}
	a, err := newApp(cfg, st, accounts, publicURL(cfg, nil), metrics, log)
	if err == nil {
		err = migrated(ctx, st)
	}
	if err == nil {
		err = do(ctx, a)
	}
	return errors.Join(err, st.Close())
}
