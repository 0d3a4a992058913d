package queue

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// lockClass keeps these advisory locks apart from those of others.
const lockClass = 0x626f6e61

// adoptSQL makes available what runs under a name that nobody holds the lock of,
// and what was taken too long ago: the answer to whoever took it may have been
// lost. PostgreSQL shows the two halves of an advisory lock as unsigned numbers.
const adoptSQL = `
UPDATE river_job SET state = 'available'
WHERE state = 'running' AND (attempted_at < now() - $2::interval OR NOT EXISTS (
	SELECT FROM pg_locks
	WHERE locktype = 'advisory' AND granted AND classid = $1::bigint AND objsubid = 2
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND objid = hashtext(attempted_by[array_upper(attempted_by, 1)])::bigint & 4294967295))`

// postgresOrphans shows that this process lives by an advisory lock, which the
// server takes back when the connection that holds it ends.
type postgresOrphans struct {
	pool    *pgxpool.Pool
	name    string // under which this process takes jobs
	longest time.Duration
	log     *slog.Logger
	conn    *pgxpool.Conn // holds the lock; nil if lost
	end     func()
}

func (o *postgresOrphans) start(ctx context.Context) error {
	if err := o.adopt(ctx); err != nil {
		return err
	}
	o.end = keepLooking(ctx, o.log, o.adopt)
	return nil
}

func (o *postgresOrphans) stop() {
	o.end()
	o.letGo()
}

// adopt makes the jobs of the dead available, through the connection that shows
// that this process lives: if it is lost, the next one shows it again.
func (o *postgresOrphans) adopt(ctx context.Context) error {
	if err := o.hold(ctx); err != nil {
		return err
	}
	result, err := o.conn.Exec(ctx, adoptSQL, lockClass, o.longest)
	if err != nil {
		o.letGo()
		return fmt.Errorf("adopt jobs left behind: %w", err)
	}
	adopted(ctx, o.log, result.RowsAffected())
	return nil
}

func (o *postgresOrphans) hold(ctx context.Context) error {
	if o.conn != nil {
		return nil
	}
	conn, err := o.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("show that this process lives: %w", err)
	}
	o.conn = conn
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1, hashtext($2))", lockClass, o.name); err != nil {
		o.letGo()
		return fmt.Errorf("show that this process lives: %w", err)
	}
	return nil
}

// letGo closes the connection, and the lock with it.
func (o *postgresOrphans) letGo() {
	if o.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = o.conn.Conn().Close(ctx)
	o.conn.Release()
	o.conn = nil
}
