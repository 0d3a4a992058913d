package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// connections is how many connections one process takes where the URL does not
// say it with pool_max_conns. One of them listens for jobs for ever.
const connections = 30

// connectWithin bounds one try to connect where the URL does not say it with
// connect_timeout: a server that is cut off does not even refuse.
const connectWithin = 5 * time.Second

// openPostgres opens one pool, which gorm and the queue share.
func (s *Store) openPostgres(ctx context.Context, url string, wrap func(driver.Connector) driver.Connector, config *gorm.Config) error {
	settings, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	if !strings.Contains(url, "pool_max_conns") {
		settings.MaxConns = connections
	}
	if settings.ConnConfig.ConnectTimeout == 0 {
		settings.ConnConfig.ConnectTimeout = connectWithin
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return err
	}
	s.pool, s.sql = pool, sql.OpenDB(wrap(stdlib.GetPoolConnector(pool)))
	s.sql.SetMaxIdleConns(0) // idle ones are the pool's
	if s.db, err = gorm.Open(postgres.New(postgres.Config{Conn: s.sql}), config); err == nil {
		s.usersByName, err = usersByName(s.db)
	}
	if err != nil {
		err = errors.Join(err, s.sql.Close())
		pool.Close()
		return err
	}
	s.reader = s.db
	return nil
}
