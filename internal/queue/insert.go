package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// The engines.
const (
	postgres = "postgres"
	sqlite   = "sqlite"
)

// maxAttempts lets a job that fails every time live for about a week.
const maxAttempts = 2_000

// Inserter keeps jobs in the transaction of the data they are about.
type Inserter struct {
	client *river.Client[*sql.Tx] // nil on PostgreSQL
}

// NewInserter makes an inserter for "postgres" or "sqlite".
func NewInserter(engine string) (*Inserter, error) {
	if engine == postgres {
		return &Inserter{}, nil
	}
	driver, err := sqlDriver(engine, nil)
	if err != nil {
		return nil, err
	}
	client, err := river.NewClient(driver, &river.Config{
		// A job that is inserted within this time of another one wakes nobody.
		FetchCooldown: river.FetchCooldownMin,
		Logger:        slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return &Inserter{client: client}, nil
}

// InsertTx keeps the jobs in tx: if tx is rolled back, they never were.
func (i *Inserter) InsertTx(ctx context.Context, tx *sql.Tx, jobs ...idv.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	if i.client == nil {
		return insertPostgres(ctx, tx, jobs)
	}
	now := time.Now()
	params := make([]river.InsertManyParams, len(jobs))
	for n, job := range jobs {
		params[n] = river.InsertManyParams{
			Args: args{kind: job.Kind, ID: job.ID},
			InsertOpts: &river.InsertOpts{
				MaxAttempts: maxAttempts,
				Queue:       queueOf(job.Kind),
				ScheduledAt: scheduledAt(job.RunAt, now),
			},
		}
	}
	if _, err := i.client.InsertManyFastTx(ctx, tx, params); err != nil {
		return fmt.Errorf("keep %d jobs: %w", len(jobs), err)
	}
	return nil
}

// scheduledAt is zero for a job that is due: River would otherwise have it wait
// for its scheduler, which looks every few seconds, and wake nobody.
func scheduledAt(runAt, now time.Time) time.Time {
	if !runAt.After(now) {
		return time.Time{}
	}
	return runAt.UTC()
}

func sqlDriver(engine string, db *sql.DB) (riverdriver.Driver[*sql.Tx], error) {
	switch engine {
	case postgres:
		return postgresDriver{riverdatabasesql.New(db)}, nil
	case sqlite:
		return riversqlite.New(db), nil
	default:
		return nil, fmt.Errorf("no queue for the engine %q", engine)
	}
}

// postgresDriver adds to River's database/sql driver what the versions of
// River since 0.43 ask of a driver. Only lists of jobs by tag use it.
type postgresDriver struct{ *riverdatabasesql.Driver }

func (postgresDriver) SQLFragmentColumnContainsAll(column, name string, values []string) (string, any, error) {
	return fmt.Sprintf("%s @> @%s", column, name), values, nil
}

func (postgresDriver) SQLFragmentColumnContainsAny(column, name string, values []string) (string, any, error) {
	return fmt.Sprintf("%s && @%s", column, name), values, nil
}
