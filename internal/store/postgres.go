package store

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// connections is how many connections one process takes where the URL does not
// say it with pool_max_conns. One of them listens for jobs for ever.
const connections = 20

// openPostgres opens one pool, which gorm and the queue share.
func (s *Store) openPostgres(ctx context.Context, url string, config *gorm.Config) error {
	settings, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	if !strings.Contains(url, "pool_max_conns") {
		settings.MaxConns = connections
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return err
	}
	s.pool, s.sql = pool, stdlib.OpenDBFromPool(pool)
	s.db, err = gorm.Open(postgres.New(postgres.Config{Conn: s.sql}), config)
	if err != nil {
		err = errors.Join(err, s.sql.Close())
		pool.Close()
		return err
	}
	s.reader = s.db
	return nil
}

// collided reports whether a transaction failed for no fault of its own, so that
// nothing was kept and it may be tried again as a whole.
func collided(err error) bool {
	const (
		serializationFailure = "40001"
		deadlockDetected     = "40P01"
	)
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == serializationFailure || pg.Code == deadlockDetected)
}
