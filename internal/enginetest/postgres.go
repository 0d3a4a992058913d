package enginetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/bonafide-idv/bonafide/internal/pgserver"
	"github.com/bonafide-idv/bonafide/migrations"
)

// variable names an existing server to use instead of a throw-away one.
const variable = "BONAFIDE_TEST_DATABASE_URL"

// Postgres gives the URL of a fresh, migrated PostgreSQL database, which is
// dropped after the test.
func Postgres(t testing.TB) string {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatalf("no PostgreSQL for the tests: %v\nInstall it (Debian: apt-get install postgresql; macOS: brew install postgresql) "+
			"or set %s to a server on which databases may be created.", err, variable)
	}
	name := "bonafide_test_" + strings.ToLower(rand.Text())
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE " + s.template); err != nil {
		t.Fatalf("make a PostgreSQL database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the database of the test: %v", err)
		}
	})
	return s.database(name)
}

// server is a PostgreSQL on which each test gets a database of its own.
type server struct {
	url      *url.URL // as a user who may create databases
	admin    *sql.DB
	template string           // the migrated database that is copied for each test
	alive    *pgserver.Server // kept within reach, if it is a throw-away one
}

// sharedServer is one server for the whole test process.
var sharedServer = sync.OnceValues(func() (*server, error) {
	address := os.Getenv(variable)
	var alive *pgserver.Server
	if address == "" {
		var err error
		if alive, err = pgserver.Start(pgserver.Options{}); err != nil {
			return nil, err
		}
		address = alive.URL
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL", variable)
	}
	admin, err := sql.Open("pgx", address)
	if err != nil {
		return nil, err
	}
	s := &server{url: parsed, admin: admin, alive: alive}
	return s, s.makeTemplate()
})

func (s *server) exec(statement string) error {
	_, err := s.admin.ExecContext(context.Background(), statement)
	return err
}

// database gives the URL of another database of the server.
func (s *server) database(name string) string {
	other := *s.url
	other.Path = "/" + name
	return other.String()
}

// makeTemplate migrates the database that is copied for each test, unless
// another process did so for the same migrations. It gets its name when it is
// whole.
func (s *server) makeTemplate() error {
	digest, err := digestOf(migrations.FS)
	if err != nil {
		return err
	}
	s.template = "bonafide_template_" + digest[:16]

	ctx := context.Background()
	conn, err := s.admin.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext($1))", s.template); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(ctx, "SELECT pg_advisory_unlock(hashtext($1))", s.template) }()

	var exists bool
	query := "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
	if err := conn.QueryRowContext(ctx, query, s.template).Scan(&exists); err != nil || exists {
		return err
	}
	draft := s.template + "_draft"
	if err := s.exec("DROP DATABASE IF EXISTS " + draft + " WITH (FORCE)"); err != nil {
		return err
	}
	if err := s.exec("CREATE DATABASE " + draft); err != nil {
		return err
	}
	if err := migrate(s.database(draft)); err != nil {
		return err
	}
	return s.exec("ALTER DATABASE " + draft + " RENAME TO " + s.template)
}

// digestOf identifies the contents of a tree of files.
func digestOf(tree fs.FS) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, path)
		_, _ = fmt.Fprintf(hash, "%s %d\n%s", path, len(content), content)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}
