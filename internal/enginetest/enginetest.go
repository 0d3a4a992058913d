// Package enginetest gives tests a fresh, migrated database of their own on each
// engine. Only tests import it.
//
// PostgreSQL is the server at BONAFIDE_TEST_DATABASE_URL (whose user may create
// databases), or else a throw-away one from the binaries on this machine, which
// ends with the test process however that ends. Without either, a test fails: a
// database test that is skipped proves nothing.
package enginetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/store"
)

// Each runs a test once on each engine, on both at once, with the URL of a
// fresh, migrated database. It returns when both are done.
func Each(t *testing.T, run func(t *testing.T, url string)) {
	t.Helper()
	t.Run("each", func(t *testing.T) {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			run(t, Postgres(t))
		})
		t.Run("sqlite", func(t *testing.T) {
			t.Parallel()
			run(t, SQLite(t))
		})
	})
}

// SQLite gives the URL of a fresh, migrated SQLite database.
func SQLite(t testing.TB) string {
	t.Helper()
	image, err := migratedFile()
	if err != nil {
		t.Fatalf("make a SQLite database: %v", err)
	}
	path := filepath.Join(t.TempDir(), "bonafide.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatalf("make a SQLite database: %v", err)
	}
	return "sqlite:" + path
}

// migratedFile migrates once what every test gets a copy of.
var migratedFile = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "bonafide-sqlite-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "template.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(url string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		_ = s.Close()
		return fmt.Errorf("migrate: %w", err)
	}
	return s.Close()
}
