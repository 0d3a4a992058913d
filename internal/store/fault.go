package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
)

// What the engines' errors mean. Codes of PostgreSQL: its manual, appendix A.
// Codes of SQLite: sqlite.org/rescode.html; the low byte is the primary one.

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

// away reports whether the database was too slow or could not be reached or
// cannot keep anything at present, so that the same may succeed later.
func away(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pgAway(pg.Code)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return sqliteAway(lite.Code())
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}

func pgAway(code string) bool {
	for _, class := range []string{
		"08", // connection exception
		"40", // transaction rollback
		"53", // insufficient resources
		"57", // operator intervention: shutting down, starting up
		"58", // system error
	} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	const (
		lockNotAvailable    = "55P03"
		readOnlyTransaction = "25006" // a standby, after the primary has moved
	)
	return code == lockNotAvailable || code == readOnlyTransaction
}

func sqliteAway(code int) bool {
	const (
		busy     = 5
		locked   = 6
		ioErr    = 10
		full     = 13
		cantOpen = 14
	)
	switch code & 0xff {
	case busy, locked, ioErr, full, cantOpen:
		return true
	default:
		return false
	}
}
