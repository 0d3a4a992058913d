package queue

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// On PostgreSQL jobs are kept by statements of our own, which write what River
// writes: its insertion prepares for many things that we do not have, takes five
// times as long, and tells those who work in a further round trip. A test
// compares the rows.

const wakeSQL = `pg_notify(concat(current_schema(), '.river_insert'), format('{"queue": %s}', to_json(queue)))`

const insertSQL = `
WITH given AS (
	SELECT kind, kind AS queue, id, run_at FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS job (kind, id, run_at)
), kept AS (
	INSERT INTO river_job (args, kind, queue, max_attempts, state, scheduled_at)
	SELECT jsonb_build_object('id', id), kind, queue, $4::smallint,
		CASE WHEN run_at IS NULL THEN 'available'::river_job_state ELSE 'scheduled'::river_job_state END,
		coalesce(run_at, now())
	FROM given
)
SELECT ` + wakeSQL + ` FROM given WHERE run_at IS NULL`

func insertPostgres(ctx context.Context, tx *sql.Tx, jobs []idv.Job) error {
	now := time.Now()
	kinds, ids, times := make([]string, len(jobs)), make([]string, len(jobs)), make([]*time.Time, len(jobs))
	for n, job := range jobs {
		kinds[n], ids[n] = queueOf(job.Kind), job.ID
		if at := scheduledAt(job.RunAt, now); !at.IsZero() {
			times[n] = &at
		}
	}
	if _, err := tx.ExecContext(ctx, insertSQL, kinds, ids, times, maxAttempts); err != nil {
		return fmt.Errorf("keep %d jobs: %w", len(jobs), err)
	}
	return nil
}

// InsertFrom is SQL for PostgreSQL: a statement that keeps a job, to be worked at
// once, for each id that the query of the given name gives, and an expression
// that wakes those who work, of a query that gives rows.
func (*Inserter) InsertFrom(kind idv.JobKind, name string) (statement, wake string) {
	queue := queueOf(kind)
	return fmt.Sprintf("INSERT INTO river_job (args, kind, queue, max_attempts) "+
			"SELECT jsonb_build_object('id', id), '%[1]s', '%[1]s', %[2]d FROM %[3]s", queue, maxAttempts, name),
		fmt.Sprintf(`pg_notify(concat(current_schema(), '.river_insert'), '{"queue": "%s"}')`, queue)
}
