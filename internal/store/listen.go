package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Listener hears whose status has changed. Its methods must not wait.
type Listener interface {
	// Changed names users by their idv.WakeKey.
	Changed(keys []string)
	// Missed says that changes may have gone unheard: everybody is worth looking
	// at.
	Missed()
}

const (
	// channel is the name under which replicas tell each other.
	channel = "bonafide_users"
	// listenFor is how long nothing may be heard before the connection is asked
	// whether it is still there.
	listenFor = 30 * time.Second
)

// spread tells every process that listens whose status has changed. In
// PostgreSQL that is a transaction of its own: one that notifies holds up every
// other one that does until it is durable, and this one need not be.
func (s *Store) spread(ctx context.Context, keys []string) error {
	if s.pool == nil {
		s.ears.hear(keys)
		return nil
	}
	_, err := s.pool.Exec(ctx, "WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) "+
		"SELECT pg_notify($1, key) FROM quick, unnest($2::text[]) AS key", channel, keys)
	return err
}

// Listen tells the listener of every change by whatever process, from now on and
// until ctx ends. Where the connection breaks it is made anew, and the listener
// told that it may have missed something.
func (s *Store) Listen(ctx context.Context, l Listener) {
	if s.pool == nil {
		forget := s.ears.add(l)
		defer forget()
		l.Missed()
		<-ctx.Done()
		return
	}
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, tellWithin) {
		begun := time.Now()
		err := s.listenOnce(ctx, l)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > listenFor {
			pause = firstPause
		}
		s.log.WarnContext(ctx, "changes of status are not heard at present", "error", err.Error())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// listenOnce listens on a connection of its own: one of the pool would be taken
// from everybody else for ever.
func (s *Store) listenOnce(ctx context.Context, l Listener) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	l.Missed()
	for {
		if err := hearOne(ctx, conn, l); err != nil {
			return err
		}
	}
}

// hearOne waits for a change. A connection that says nothing is asked whether it
// is still there.
func hearOne(ctx context.Context, conn *pgx.Conn, l Listener) error {
	waiting, cancel := context.WithTimeout(ctx, listenFor)
	defer cancel()
	n, err := conn.WaitForNotification(waiting)
	switch {
	case err == nil && n.Payload == everybody:
		l.Missed()
	case err == nil:
		l.Changed([]string{n.Payload})
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		asking, cancel := context.WithTimeout(ctx, tellWithin)
		defer cancel()
		return conn.Ping(asking)
	}
	return err
}

// ears are those who listen in this process, where there is no other.
type ears struct {
	mu   sync.Mutex
	list map[int]Listener
	next int
}

func (e *ears) add(l Listener) (forget func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.list == nil {
		e.list = map[int]Listener{}
	}
	id := e.next
	e.next++
	e.list[id] = l
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.list, id)
	}
}

func (e *ears) hear(keys []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.list {
		if len(keys) == 1 && keys[0] == everybody {
			l.Missed()
			continue
		}
		l.Changed(keys)
	}
}
