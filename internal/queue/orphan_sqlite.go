package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"
)

// sqliteOrphans relies on one process working the jobs of one file: whatever is
// running when it starts was left behind.
type sqliteOrphans struct {
	db      *sql.DB
	longest time.Duration
	log     *slog.Logger
	end     func()
}

func (o *sqliteOrphans) start(ctx context.Context) error {
	const everything = "UPDATE river_job SET state = 'available' WHERE state = 'running'"
	if err := o.adopt(ctx, everything); err != nil {
		return err
	}
	// The answer to whoever took a job may have come too late.
	forgotten := fmt.Sprintf("%s AND julianday(attempted_at) < julianday('now', '-%f seconds')", everything, o.longest.Seconds())
	o.end = keepLooking(ctx, o.log, func(ctx context.Context) error { return o.adopt(ctx, forgotten) })
	return nil
}

func (o *sqliteOrphans) stop() { o.end() }

func (o *sqliteOrphans) adopt(ctx context.Context, update string) error {
	result, err := o.db.ExecContext(ctx, update)
	if err != nil {
		return fmt.Errorf("adopt jobs left behind: %w", err)
	}
	n, err := result.RowsAffected()
	adopted(ctx, o.log, n)
	return err
}
