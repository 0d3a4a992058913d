package queue

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// backlogSQL looks at what is due and at what failed, and reads nothing but one
// index of River's: sessions that are to expire one day may be millions.
// A job that is due may still be called scheduled or retryable, until River's
// scheduler has looked.
const backlogSQL = `
SELECT queue, sum(due), sum(failed), max(waited) FROM (
	SELECT queue, count(*) AS due, 0 AS failed, max(%[1]s) AS waited
	FROM river_job
	WHERE state IN ('available', 'scheduled', 'retryable') AND queue IN (%[3]s) AND priority = 1 AND scheduled_at <= %[2]s
	GROUP BY queue
	UNION ALL
	SELECT queue, 0, count(*), 0
	FROM river_job
	WHERE state = 'retryable' AND queue IN (%[3]s) AND priority = 1 AND scheduled_at > %[2]s
	GROUP BY queue
) AS backlog
GROUP BY queue`

// Backlog counts the jobs that wait, by kind; one of which there are none is
// left out. reader is a database for statements that only read.
func Backlog(ctx context.Context, engine string, reader *sql.DB) ([]idv.JobBacklog, error) {
	rows, err := reader.QueryContext(ctx, backlogOn(engine))
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []idv.JobBacklog
	for rows.Next() {
		var b idv.JobBacklog
		var waited float64
		if err := rows.Scan(&b.Kind, &b.Due, &b.Failed, &waited); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		b.Oldest = time.Duration(max(waited, 0) * float64(time.Second))
		list = append(list, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	return list, nil
}

func backlogOn(engine string) string {
	waited, now := "extract(epoch FROM now() - scheduled_at)", "now()"
	if engine == sqlite {
		waited, now = "(julianday('now', 'subsec') - julianday(scheduled_at)) * 86400.0", "datetime('now', 'subsec')"
	}
	var queues []string
	for _, kind := range idv.JobKinds() {
		queues = append(queues, "'"+queueOf(kind)+"'")
	}
	return fmt.Sprintf(backlogSQL, waited, now, strings.Join(queues, ", "))
}
