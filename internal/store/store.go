// Package store keeps everything, on PostgreSQL or on SQLite, behind one code.
// It is the only package that knows gorm and SQL. Whatever belongs together is
// written in one transaction, with the jobs that follow from it.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/migrations"
)

// Jobs keeps work in the transaction of the data it is about.
type Jobs interface {
	InsertTx(ctx context.Context, tx *sql.Tx, jobs ...idv.Job) error
}

// BulkJobs keeps work in the very statement that writes the data it is about.
type BulkJobs interface {
	Jobs
	// InsertFrom is SQL for PostgreSQL: a statement that keeps a job for each id
	// that the query of the given name gives, and an expression that has them
	// worked at once.
	InsertFrom(kind idv.JobKind, name string) (statement, wake string)
}

// Schedule says when the provider of a session is asked about it. Both are pure.
type Schedule interface {
	// Next is when it is asked if nobody wishes for it before, zero for never.
	Next(x idv.Session, now time.Time) time.Time
	// Soon is the first moment at which it may be asked.
	Soon(x idv.Session, now time.Time) time.Time
}

// Options are what a store is made of.
type Options struct {
	URL string // postgres://… or sqlite:PATH
	// Seal is the operator's keys, with which nobody reads what is sealed who only
	// reads the database. What touches nothing sealed does without.
	Seal *seal.Keyring
	Jobs Jobs // BulkJobs are faster on PostgreSQL
	// ValidFor is how long an approval counts; 0 for ever.
	ValidFor time.Duration
	// Schedule has sessions asked about. Without one nobody is, and what others
	// have scheduled stays as it is.
	Schedule Schedule
	Now      func() time.Time // default: time.Now
	Logger   *slog.Logger     // default: slog.Default()
	// Wrap stands between the store and its database, for tests that break
	// connections. Default: nothing does.
	Wrap func(driver.Connector) driver.Connector
}

// Store keeps everything. It is safe for concurrent use.
type Store struct {
	engine string
	db     *gorm.DB // writes
	reader *gorm.DB // only reads
	sql    *sql.DB  // what db is made of
	pool   *pgxpool.Pool
	// usersByName is a statement of PostgreSQL.
	usersByName string
	intake      *intake
	shared      *shared
	news        *news
	ears        ears
	keys        *keyCache
	seal        *seal.Keyring
	jobs        Jobs
	validFor    time.Duration
	schedule    Schedule
	clock       func() time.Time
	log         *slog.Logger
}

// Close gives all connections back. Nothing else may use the store any more.
func (s *Store) Close() error {
	s.intake.close()
	s.shared.close()
	s.news.close()
	if s.pool == nil {
		return errors.Join(closeDB(s.reader), s.sql.Close())
	}
	err := s.sql.Close()
	s.pool.Close()
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.sql.PingContext(ctx) }

// Pool gives the connections of PostgreSQL, nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// DB gives the database as database/sql sees it, on either engine.
func (s *Store) DB() *sql.DB { return s.sql }

// Migrate brings the schema to this version.
func (s *Store) Migrate(ctx context.Context) error { return migrations.Up(ctx, s.engine, s.sql) }

// Migrated reports whether the schema is of this version. It is an error if the
// schema is newer than this program.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	return migrations.Done(ctx, s.engine, s.sql)
}

// Reader gives the database for statements that only read, which hold up no
// writer, on either engine.
func (s *Store) Reader() (*sql.DB, error) { return s.reader.DB() }

func (s *Store) now() time.Time { return moment(s.clock()) }

// read gives a handle for statements that only read.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.reader.WithContext(ctx) }

// snapshot runs statements that only read and see the database at one moment.
func (s *Store) snapshot(ctx context.Context, f func(tx *gorm.DB) error) error {
	var options *sql.TxOptions
	if s.engine == postgresEngine { // SQLite knows nothing else
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return s.read(ctx).Transaction(f, options)
}

// alone gives a handle for a statement that writes by itself.
func (s *Store) alone(ctx context.Context) *gorm.DB { return s.db.WithContext(ctx) }

// write runs f in one transaction: all of it is kept, or nothing. Whose status it
// changed is told once it is kept.
func (s *Store) write(ctx context.Context, f func(tx *gorm.DB) error) error {
	for tries := 1; ; tries++ {
		var changed changes
		err := s.db.WithContext(context.WithValue(ctx, changesKey{}, &changed)).Transaction(f)
		if err == nil {
			s.news.tell(changed)
		}
		// Nothing was kept, so that the whole may be tried again.
		if tries == maxTries || !collided(err) || ctx.Err() != nil {
			return err
		}
	}
}

const maxTries = 5

func (s *Store) insertJobs(tx *gorm.DB, jobs ...idv.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	inner, ok := tx.Statement.ConnPool.(*sql.Tx)
	if !ok {
		return errors.New("jobs need a transaction")
	}
	return s.jobs.InsertTx(tx.Statement.Context, inner, jobs...)
}

// notFound reads gorm's word for a missing row as ours.
func notFound(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return idv.ErrNotFound
	}
	return err
}

// failed says what could not be done. Errors of our own pass as they are.
func failed(what string, err error) error {
	switch {
	case err == nil, errors.Is(err, idv.ErrNotFound), errors.Is(err, idv.ErrTaken),
		errors.Is(err, idv.ErrFull), errors.Is(err, idv.ErrDisabled), errors.Is(err, idv.ErrHeld), errors.Is(err, idv.ErrGone):
		return err
	case away(err):
		return fmt.Errorf("%s: %w: %w", what, idv.ErrBusy, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}
