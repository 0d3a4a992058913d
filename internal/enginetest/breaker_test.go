package enginetest_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// breakable opens a fresh database with a table of one column.
func breakable(t *testing.T, url string) (*sql.DB, *enginetest.Breaker) {
	t.Helper()
	var b enginetest.Breaker
	s, err := store.Open(context.Background(), store.Options{URL: url, Wrap: b.Wrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.DB().ExecContext(t.Context(), "CREATE TABLE kept (word TEXT)"); err != nil {
		t.Fatal(err)
	}
	return s.DB(), &b
}

func count(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM kept").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBreakerBreaksAStatementOfItsOwn(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		db, b := breakable(t, url)
		for want, moment := range []enginetest.Moment{enginetest.Before, enginetest.After} {
			b.Arm(1, moment)
			var word string
			if err := db.QueryRowContext(t.Context(), "INSERT INTO kept VALUES ('w') RETURNING word").Scan(&word); err == nil {
				t.Errorf("%s: no error", moment)
			}
			if n := count(t, db); n != want {
				t.Errorf("%s: %d rows are kept, want %d", moment, n, want)
			}
			if b.Broken() == "" || len(b.Seen()) != 2 {
				t.Errorf("%s: broken %q, statements %q", moment, b.Broken(), b.Seen())
			}
		}
	})
}

func TestBreakerBreaksATransaction(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		db, b := breakable(t, url)
		const statements = 3 // begin, insert, commit
		for at := 1; at <= statements; at++ {
			for _, moment := range []enginetest.Moment{enginetest.Before, enginetest.After} {
				before := count(t, db)
				b.Arm(at, moment)
				if err := insert(t.Context(), db); err == nil {
					t.Errorf("%s %d: no error", moment, at)
				}
				want := before
				if at == statements && moment == enginetest.After {
					want++
				}
				if n := count(t, db); n != want {
					t.Errorf("%s %d: %d rows are kept, want %d", moment, at, n, want)
				}
			}
		}
		b.Arm(0, "")
		if err := insert(t.Context(), db); err != nil || len(b.Seen()) != statements || b.Broken() != "" {
			t.Errorf("undisturbed: %v, statements %q, broken %q", err, b.Seen(), b.Broken())
		}
	})
}

func insert(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "INSERT INTO kept VALUES ('w')"); err != nil {
		return err
	}
	return tx.Commit()
}
