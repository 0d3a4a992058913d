package enginetest

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// Moment says when, seen from a statement, its connection breaks.
type Moment string

// The moments. Nobody who gets the error can tell them apart.
const (
	Before Moment = "before" // the server never got the statement
	After  Moment = "after"  // the server did what it says, and its answer was lost
)

// Breaker breaks one connection to a database at a chosen statement, as a
// network does. What was not committed by then is rolled back; new connections
// work. Begin, commit and rollback are statements like any other.
type Breaker struct {
	// Spared are statements, by a word in them, that are neither counted nor
	// broken: those that are not sent every time.
	Spared string

	mu     sync.Mutex
	seen   []string
	at     int
	moment Moment
	broken string
}

// Wrap has a connector make connections that the breaker can break.
func (b *Breaker) Wrap(c driver.Connector) driver.Connector { return breakableConnector{c, b} }

// Arm counts statements anew and breaks the connection of the n-th. None is
// broken if n is 0.
func (b *Breaker) Arm(n int, moment Moment) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen, b.at, b.moment, b.broken = nil, n, moment, ""
}

// Seen lists the statements since the breaker was armed. Those within a
// transaction are indented: it makes no difference whether they were done.
func (b *Breaker) Seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.seen)
}

// Broken names the statement that was broken, empty if none was.
func (b *Breaker) Broken() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}

// due counts a statement, and gives the moment if it is the one to break.
func (b *Breaker) due(statement string) Moment {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Spared != "" && strings.Contains(statement, b.Spared) {
		return ""
	}
	if b.seen = append(b.seen, statement); len(b.seen) != b.at {
		return ""
	}
	b.broken = fmt.Sprintf("%s statement %d, %.80s", b.moment, b.at, statement)
	return b.moment
}

var errBroken = fmt.Errorf("the connection was broken by a test: %w", io.ErrUnexpectedEOF)

type breakableConnector struct {
	driver.Connector
	breaker *Breaker
}

// Connect opens a connection that can be broken.
func (c breakableConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := inner.(wholeConn)
	if !ok {
		return nil, fmt.Errorf("a connection of type %T cannot be broken", inner)
	}
	return &breakableConn{wholeConn: whole, breaker: c.breaker}, nil
}
