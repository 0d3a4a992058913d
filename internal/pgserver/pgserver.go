// Package pgserver starts PostgreSQL servers that live as long as somebody needs
// them, from the binaries on this machine, for tests and measurements. A server
// ends, and its data with it, when its process does, however that ends.
package pgserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// Options say what kind of server is wanted.
type Options struct {
	// Durable has the server keep what it confirmed through a crash, as the one
	// of a real deployment does. Without it, it is fast.
	Durable bool
}

// Server is a PostgreSQL server on a port of this machine.
type Server struct {
	// URL is the address of its superuser.
	URL string
	// keeper takes orders, one on each line. The server ends with it, so that it
	// must be kept within reach: the garbage collector closes a pipe that nobody
	// knows any more.
	keeper io.WriteCloser
}

// patience is how long a server may take to start or to stop.
const patience = 30 * time.Second

// Stop has the server die at once, as in a crash. Its data stay for Restart.
func (s *Server) Stop() error {
	if _, err := io.WriteString(s.keeper, "stop\n"); err != nil {
		return err
	}
	if !await(s.URL, func(err error) bool { return err != nil }) {
		return errors.New("the server did not stop")
	}
	return nil
}

// Restart starts a server that was stopped, on the same port.
func (s *Server) Restart() error {
	if _, err := io.WriteString(s.keeper, "start\n"); err != nil {
		return err
	}
	if !await(s.URL, func(err error) bool { return err == nil }) {
		return errors.New("the server did not start again")
	}
	return nil
}

// Close ends the server and removes its data.
func (s *Server) Close() error { return s.keeper.Close() }

// await asks the server until its answer is the one that is wanted.
func await(url string, wanted func(error) bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for !wanted(ping(url)) {
		select {
		case <-tick.C:
		case <-timeout:
			return false
		}
	}
	return true
}

func ping(url string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("reach the server: %w", err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return db.PingContext(ctx)
}
