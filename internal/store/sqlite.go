package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"os"
	"strings"

	gormlite "github.com/glebarez/sqlite"
	"gorm.io/gorm"
)

// readers is how many reads of a file may overlap with each other and with the
// one writer.
const readers = 4

// openSQLite opens one file: one connection that writes, which gorm and the
// queue share, and several that only read. Writers wait for the one connection
// in turn; with several they would sleep and try again for the lock on the file,
// some for seconds.
func (s *Store) openSQLite(path string, wrap func(driver.Connector) driver.Connector, config *gorm.Config) error {
	// SQLite would let everybody read a file that it makes itself.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	// A transaction that reads before it writes would fail, were it not
	// immediate, when another process wrote in between.
	s.db, err = openFile(sqliteDSN(path, url.Values{"_txlock": {"immediate"}}), 1, wrap, config)
	if err != nil {
		return err
	}
	s.reader, err = openFile(sqliteDSN(path, url.Values{"_pragma": {"query_only(1)"}}), readers, wrap, config)
	if err != nil {
		return errors.Join(err, closeDB(s.db))
	}
	s.sql, err = s.db.DB()
	return err
}

func openFile(dsn string, connections int, wrap func(driver.Connector) driver.Connector, config *gorm.Config) (*gorm.DB, error) {
	// This one only knows the driver; it is never used.
	named, err := sql.Open(gormlite.DriverName, dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(wrap(fileConnector{named.Driver(), dsn}))
	if err := named.Close(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	opened, err := gorm.Open(gormlite.Dialector{Conn: db}, config)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return opened, nil
}

// fileConnector opens connections to a file.
type fileConnector struct {
	driver driver.Driver
	dsn    string
}

// Connect opens a connection.
func (c fileConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver gives the driver that opens it.
func (c fileConnector) Driver() driver.Driver { return c.driver }

func closeDB(db *gorm.DB) error {
	inner, err := db.DB()
	if err != nil {
		return err
	}
	return inner.Close()
}

func sqliteDSN(path string, settings url.Values) string {
	settings["_pragma"] = append([]string{
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)", // what was acknowledged survives a power cut
		"foreign_keys(1)",
		"secure_delete(1)", // what is erased is overwritten
	}, settings["_pragma"]...)
	// The driver ends the path at a question mark, SQLite reads %, ? and #.
	name := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	return "file:" + name + "?" + settings.Encode()
}
