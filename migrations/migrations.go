// Package migrations holds the database's schema for both engines, in the order
// in which it grew, and applies it. It only goes forward: whoever wants to go back
// restores a backup.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"github.com/bonafide-idv/bonafide/internal/queue"
)

// FS holds the SQL, one folder per engine: "postgres" and "sqlite".
//
//go:embed postgres/*.sql sqlite/*.sql
var FS embed.FS

// queueVersion is the place of the queue's own tables in the history.
const queueVersion = 2

// ErrNewer says that the database was migrated by a newer version of this
// program, which this one must not write to.
var ErrNewer = errors.New("the database's schema is newer than this program")

// Up applies what is missing. Several replicas may call it at once on
// PostgreSQL: one works, the others wait for it. On SQLite one process owns the
// file. The error is ErrNewer, wrapped, or whatever stopped a migration.
func Up(ctx context.Context, engine string, db *sql.DB) error {
	if _, err := Done(ctx, engine, db); err != nil {
		return err
	}
	provider, err := newProvider(engine, db)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// Done reports whether nothing is missing. It only reads. The error is ErrNewer,
// wrapped, if the database knows a migration that this program does not.
func Done(ctx context.Context, engine string, db *sql.DB) (bool, error) {
	provider, err := newProvider(engine, db)
	if err != nil {
		return false, err
	}
	sources := provider.ListSources()
	target := sources[len(sources)-1].Version
	current, err := version(ctx, engine, db)
	if err != nil {
		return false, fmt.Errorf("read the version of the database: %w", err)
	}
	if current > target {
		return false, fmt.Errorf("%w: it is at version %d, the program knows %d", ErrNewer, current, target)
	}
	return current == target, nil
}

// version gives the newest migration that was applied, 0 for an empty database.
// goose's own question would make its table where it is missing.
func version(ctx context.Context, engine string, db *sql.DB) (int64, error) {
	history, err := database.NewStore(dialects()[engine], goose.DefaultTablename)
	if err != nil {
		return 0, err
	}
	query := "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1)"
	if engine == "sqlite" {
		query = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)"
	}
	var begun bool
	if err := db.QueryRowContext(ctx, query, goose.DefaultTablename).Scan(&begun); err != nil || !begun {
		return 0, err
	}
	current, err := history.GetLatestVersion(ctx, db)
	if errors.Is(err, database.ErrVersionNotFound) {
		return 0, nil
	}
	return current, err
}

func dialects() map[string]goose.Dialect {
	return map[string]goose.Dialect{"postgres": goose.DialectPostgres, "sqlite": goose.DialectSQLite3}
}

func newProvider(engine string, db *sql.DB) (*goose.Provider, error) {
	dialect, ok := dialects()[engine]
	if !ok {
		return nil, fmt.Errorf("no migrations for the engine %q", engine)
	}
	files, err := fs.Sub(FS, engine)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goose.NewGoMigration(queueVersion, queueTables(engine), nil)),
	}
	if engine == "postgres" {
		// Asks every second for two minutes; the default would ask every five.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, db, files, options...)
}

func queueTables(engine string) *goose.GoFunc {
	if engine == "postgres" {
		return &goose.GoFunc{RunDB: queue.MigratePostgres}
	}
	return &goose.GoFunc{RunTx: queue.MigrateSQLite}
}
