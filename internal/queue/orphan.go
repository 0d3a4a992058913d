package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
)

// A process that dies leaves the jobs it was at marked as running. River gives
// them to others when they have run for too long, which is a long time to wait
// for a webhook. So that it takes seconds, each process shows that it lives, and
// jobs of processes that do not are made available again. A job that was at work
// after all is worked twice, which handlers allow.
type orphans interface {
	// start shows that this process lives and adopts the jobs of the dead.
	start(ctx context.Context) error
	// stop ends what start began.
	stop()
}

func newOrphans(db Handles, name string, log *slog.Logger) orphans {
	if db.Pool != nil {
		return &postgresOrphans{pool: db.Pool, name: name, log: log}
	}
	return sqliteOrphans{db: db.DB}
}

// sqliteOrphans relies on one process working the jobs of one file: whatever is
// running when it starts was left behind.
type sqliteOrphans struct{ db *sql.DB }

func (o sqliteOrphans) start(ctx context.Context) error {
	_, err := o.db.ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
	if err != nil {
		return fmt.Errorf("adopt jobs left behind: %w", err)
	}
	return nil
}

func (sqliteOrphans) stop() {}
