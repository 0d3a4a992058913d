package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river/rivermigrate"
)

// schemaVersion is the version of River's own tables that this program is
// written for. Raising it takes a migration of its own.
const schemaVersion = 7

// MigratePostgres makes River's tables. It must not run in one transaction,
// because PostgreSQL refuses to use a new value of an enum in the transaction
// that added it. It takes no lock, which is its caller's duty.
func MigratePostgres(ctx context.Context, db *sql.DB) error {
	migrator, err := migrator(postgres, db)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, upToDate()); err != nil {
		return fmt.Errorf("make the tables of the queue: %w", err)
	}
	return nil
}

// MigrateSQLite makes River's tables in the caller's transaction, since another
// connection would wait for it for ever.
func MigrateSQLite(ctx context.Context, tx *sql.Tx) error {
	migrator, err := migrator(sqlite, nil)
	if err != nil {
		return err
	}
	//lint:ignore SA1019 the migrations that cannot share a transaction are those of PostgreSQL
	if _, err := migrator.MigrateTx(ctx, tx, rivermigrate.DirectionUp, upToDate()); err != nil {
		return fmt.Errorf("make the tables of the queue: %w", err)
	}
	return nil
}

func upToDate() *rivermigrate.MigrateOpts {
	return &rivermigrate.MigrateOpts{TargetVersion: schemaVersion}
}

func migrator(engine string, db *sql.DB) (*rivermigrate.Migrator[*sql.Tx], error) {
	driver, err := sqlDriver(engine, db)
	if err != nil {
		return nil, err
	}
	return rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
}
