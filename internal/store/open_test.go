package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/store"
)

func TestEngine(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://u:p@h/db":    "postgres",
		"postgresql://u:p@h/db":  "postgres",
		"sqlite:bonafide.db":     "sqlite",
		"sqlite:/var/lib/b.db":   "sqlite",
		"":                       "",
		"sqlite:":                "",
		"sqlite::memory:":        "",
		"mysql://u:secret@h/db":  "",
		"host=h password=secret": "",
		"bonafide.db":            "",
	} {
		got, err := store.Engine(url)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("Engine(%q) = %q, %v", url, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestOpenDoesNotTellThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://u:s3cret@127.0.0.1:1/db?connect_timeout=1",
		"postgres://u:s3cret@127.0.0.1:notaport/db",
		"postgres://u:s3cret@%zz/db",
	} {
		_, err := store.Open(t.Context(), store.Options{URL: url})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}

func TestSQLiteFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"plain.db", "odd name?x=1#y%20&z.db"} {
		s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + name})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var journal string
		var synchronous, foreignKeys, timeout int
		for pragma, into := range map[string]any{
			"journal_mode": &journal, "synchronous": &synchronous, "foreign_keys": &foreignKeys, "busy_timeout": &timeout,
		} {
			if err := s.DB().QueryRow("PRAGMA " + pragma).Scan(into); err != nil {
				t.Fatal(err)
			}
		}
		if journal != "wal" || synchronous != 2 || foreignKeys != 1 || timeout != 10_000 {
			t.Errorf("journal %s, synchronous %d, foreign keys %d, busy timeout %d", journal, synchronous, foreignKeys, timeout)
		}
		for _, file := range []string{name, name + "-wal"} {
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", file, info, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join("no", "such", "folder.db")}); err == nil {
		t.Error("opened a file in a folder that is not there")
	}
}

func TestPing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		if err := k.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := k.Ping(ended); err == nil {
			t.Error("answered after the context ended")
		}
	})
}

func TestMigratedTellsAnOlderAndANewerSchema(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		if ok, err := k.Migrated(t.Context()); err != nil || !ok {
			t.Errorf("Migrated = %v, %v", ok, err)
		}
		if err := k.Migrate(t.Context()); err != nil {
			t.Errorf("nothing to migrate: %v", err)
		}
		exec := func(statement string) {
			t.Helper()
			if _, err := k.DB().ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
		for what, err := range map[string]error{"Migrated": second(k.Migrated(t.Context())), "Migrate": k.Migrate(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), "newer") {
				t.Errorf("%s of a newer schema: %v", what, err)
			}
		}
		exec("DELETE FROM goose_db_version WHERE version_id > 1")
		if ok, err := k.Migrated(t.Context()); err != nil || ok {
			t.Errorf("an older schema: %v, %v", ok, err)
		}
	})
}

func TestEmptyDatabaseIsNotMigrated(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "empty.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if ok, err := s.Migrated(t.Context()); err != nil || ok {
		t.Errorf("Migrated = %v, %v", ok, err)
	}
}

// Replicas that start at once migrate once.
func TestMigrateInParallel(t *testing.T) {
	url := enginetest.Postgres(t)
	const replicas = 4
	stores := make([]*store.Store, replicas)
	for i := range stores {
		s, err := store.Open(t.Context(), store.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		stores[i] = s
	}
	for _, statement := range []string{"DROP SCHEMA public CASCADE", "CREATE SCHEMA public"} {
		if _, err := stores[0].DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	var wg sync.WaitGroup
	for _, s := range stores {
		wg.Go(func() {
			if _, err := s.Migrated(t.Context()); err != nil {
				t.Errorf("Migrated: %v", err)
			}
			if err := s.Migrate(t.Context()); err != nil {
				t.Errorf("Migrate: %v", err)
			}
			if ok, err := s.Migrated(t.Context()); err != nil || !ok {
				t.Errorf("Migrated = %v, %v", ok, err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d replicas migrated in %s", replicas, time.Since(began))
}
