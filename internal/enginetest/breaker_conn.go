package enginetest

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5"
)

// wholeConn is what the connections of both engines can do.
type wholeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
}

// indent marks what is within a transaction.
const indent = "  "

// breakableConn is a connection until it is broken.
type breakableConn struct {
	wholeConn
	breaker *Breaker
	within  bool // a transaction
	broken  bool
}

// do runs a statement, unless the connection breaks or is broken already. drop
// sees to the end of one whose answer is lost; it may be nil.
func (c *breakableConn) do(text string, statement, drop func() error) error {
	if c.broken {
		return driver.ErrBadConn
	}
	if c.within {
		text = indent + text
	}
	moment := c.breaker.due(text)
	if moment == Before {
		return c.breakNow()
	}
	err := statement()
	if moment != After {
		return err
	}
	if err == nil && drop != nil {
		_ = drop()
	}
	return c.breakNow()
}

func (c *breakableConn) breakNow() error {
	c.broken = true
	if pg, ok := c.wholeConn.(interface{ Conn() *pgx.Conn }); ok {
		// What is only given back would be mended by its pool.
		_ = pg.Conn().Close(context.Background())
	}
	_ = c.wholeConn.Close()
	return errBroken
}

// ExecContext runs a statement.
func (c *breakableConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.do(query, func() error {
		result, err = c.wholeConn.ExecContext(ctx, query, args)
		return err
	}, nil)
	return result, err
}

// QueryContext runs a statement that gives rows.
func (c *breakableConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.do(query, func() error {
		rows, err = c.wholeConn.QueryContext(ctx, query, args)
		return err
	}, func() error { return drain(rows) })
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// drain reads rows to their end: SQLite does what a statement says row by row.
func drain(rows driver.Rows) error {
	row := make([]driver.Value, len(rows.Columns()))
	var err error
	for err == nil {
		err = rows.Next(row)
	}
	return rows.Close()
}

// BeginTx begins a transaction.
func (c *breakableConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	var inner driver.Tx
	err := c.do("BEGIN", func() (err error) {
		inner, err = c.wholeConn.BeginTx(ctx, o)
		return err
	}, nil)
	c.within = err == nil
	return breakableTx{inner, c}, err
}

// Prepare is refused: a prepared statement would run uncounted.
func (c *breakableConn) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("statements that are prepared are not counted")
}

// Ping is no statement.
func (c *breakableConn) Ping(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	return c.wholeConn.Ping(ctx)
}

// CheckNamedValue leaves arguments to the engine, if it has a view of its own.
func (c *breakableConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.wholeConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// ResetSession prepares the connection for its next user.
func (c *breakableConn) ResetSession(ctx context.Context) error {
	resetter, ok := c.wholeConn.(driver.SessionResetter)
	switch {
	case c.broken:
		return driver.ErrBadConn
	case ok:
		return resetter.ResetSession(ctx)
	default:
		return nil
	}
}

// IsValid has database/sql drop a connection that is broken.
func (c *breakableConn) IsValid() bool { return !c.broken }

// Close closes the connection.
func (c *breakableConn) Close() error {
	if c.broken {
		return nil
	}
	return c.wholeConn.Close()
}

// breakableTx is a transaction that ends with its connection.
type breakableTx struct {
	driver.Tx
	conn *breakableConn
}

// Commit keeps the transaction.
func (t breakableTx) Commit() error {
	t.conn.within = false
	return t.conn.do("COMMIT", t.Tx.Commit, nil)
}

// Rollback undoes it.
func (t breakableTx) Rollback() error {
	t.conn.within = false
	return t.conn.do("ROLLBACK", t.Tx.Rollback, nil)
}
