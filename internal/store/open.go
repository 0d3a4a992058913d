package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"
)

// The engines.
const (
	postgresEngine = "postgres"
	sqliteEngine   = "sqlite"
)

// Engine tells which engine a URL means: "postgres" or "sqlite". The error never
// repeats the URL, which may hold a password.
func Engine(url string) (string, error) {
	path, isSQLite := strings.CutPrefix(url, "sqlite:")
	switch {
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return postgresEngine, nil
	case isSQLite && (path == "" || strings.Contains(path, ":memory:")):
		return "", errors.New("the SQLite database needs a file: sqlite:PATH")
	case isSQLite:
		return sqliteEngine, nil
	default:
		return "", errors.New("the database URL is neither postgres://… nor sqlite:PATH")
	}
}

// Open connects to the database. It does not migrate it.
func Open(ctx context.Context, o Options) (*Store, error) {
	engine, err := Engine(o.URL)
	if err != nil {
		return nil, err
	}
	s := &Store{
		engine:   engine,
		seal:     o.Seal,
		jobs:     o.Jobs,
		validFor: o.ValidFor.Truncate(time.Millisecond),
		schedule: o.Schedule,
		clock:    o.Now,
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.log = cmp.Or(o.Logger, slog.Default())
	wrap := o.Wrap
	if wrap == nil {
		wrap = func(c driver.Connector) driver.Connector { return c }
	}
	config := &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            false, // pgx caches statements itself
		TranslateError:         true,
		DisableAutomaticPing:   true,
		NowFunc:                s.now,
		Logger:                 newSlowLog(s.log),
	}
	if engine == postgresEngine {
		err = s.openPostgres(ctx, o.URL, wrap, config)
	} else {
		err = s.openSQLite(strings.TrimPrefix(o.URL, "sqlite:"), wrap, config)
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	s.intake = newIntake(s.keep, s.log)
	s.shared = newShared(s.userRows)
	s.news = newNews(s.spread, s.log)
	s.keys = newKeyCache(s.now)
	if err := s.Ping(ctx); err != nil {
		return nil, fmt.Errorf("reach the database: %w", errors.Join(err, s.Close()))
	}
	return s, nil
}
