package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/bench/load"
)

// client is a connection of one who waits.
type client struct{ net.Conn }

func newClient(ctx context.Context, address string) (*client, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{c}, nil
}

func (c *client) close() { _ = c.Close() }

// waiting is one way to wait: how it begins, and what tells a change.
type waiting struct {
	name  string
	begin func(c *client, user int, key string) error
	told  []byte
	// crowd: all wait for one user.
	crowd bool
}

// measureWait: what it takes that many wait on one server, and how soon those
// are told whose user changes.
func measureWait(ctx context.Context, b *bench) error {
	providerURL, stopProvider, err := provider(ctx)
	if err != nil {
		return err
	}
	defer stopProvider()
	_, _ = fmt.Fprintf(b.out, "%d clients wait on one server; %d of their users change, 100 a second, or the one they all wait for\n", b.waiting, b.changes)
	t := newTable(b.out, "", "KB each", "told p50 ms", "told p99 ms", "the last ms")
	for _, w := range []waiting{
		{name: "streams, a user each", begin: beginStream, told: []byte("\nevent: verification\n")},
		{name: "long polls, a user each", begin: beginPoll, told: []byte("HTTP/1.1 200 OK\r\n")},
		{name: "streams, one user for all", begin: beginStream, told: []byte("\nevent: verification\n"), crowd: true},
	} {
		if err := b.measureWaiting(ctx, t, w, providerURL); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return t.flush()
}

func (b *bench) measureWaiting(ctx context.Context, t table, w waiting, providerURL string) error {
	url, err := b.database(ctx)
	if err != nil {
		return err
	}
	key, err := b.apiKey(ctx, url, "users:read,sessions:write")
	if err != nil {
		return err
	}
	p, err := b.serve(ctx, url, providerURL)
	if err != nil {
		return err
	}
	defer p.stop()
	before, err := b.resident(ctx, p)
	if err != nil {
		return err
	}
	clients, err := b.beginWaiting(ctx, p.address, key, w)
	defer func() {
		for _, c := range clients {
			c.close()
		}
	}()
	if err != nil {
		return err
	}
	after, err := b.resident(ctx, p)
	if err != nil {
		return err
	}
	took, err := b.change(ctx, p.address, key, w, clients)
	if err != nil {
		return err
	}
	each := float64(after-before) / float64(len(clients)) / 1000
	p99 := load.Percentile(took, 0.99)
	t.line(w.name, fmt.Sprintf("%.1f", each), millis(load.Percentile(took, 0.5)), millis(p99), millis(took[len(took)-1]),
		verdict(below("KB", each, 30), below("p99", p99, 250*time.Millisecond)))
	return nil
}

// beginWaiting has all begin to wait.
func (b *bench) beginWaiting(ctx context.Context, address, key string, w waiting) ([]*client, error) {
	clients := make([]*client, b.waiting)
	var all sync.WaitGroup
	failures := make([]error, b.connections[0])
	for i := range failures {
		all.Go(func() {
			for n := i; n < len(clients) && failures[i] == nil; n += len(failures) {
				if clients[n], failures[i] = newClient(ctx, address); failures[i] == nil {
					failures[i] = w.begin(clients[n], w.user(n), key)
				}
			}
		})
	}
	all.Wait()
	return slices.DeleteFunc(clients, func(c *client) bool { return c == nil }), errors.Join(failures...)
}

func (w waiting) user(n int) int {
	if w.crowd {
		return 0
	}
	return n
}

// change has users change, and gives how long it took until those who wait were
// told, from the time at which the request was due that changes them.
func (b *bench) change(ctx context.Context, address, key string, w waiting, clients []*client) ([]time.Duration, error) {
	const every = 10 * time.Millisecond
	changes, listening := b.changes, clients[:min(b.changes, len(clients))]
	if w.crowd {
		changes, listening = 1, clients
	}
	began := time.Now().Add(every)
	took, failures := make([]time.Duration, len(listening)), make([]error, len(listening))
	var all sync.WaitGroup
	for n, c := range listening {
		all.Go(func() {
			_ = c.SetReadDeadline(began.Add(time.Duration(changes)*every + 10*time.Second))
			failures[n] = c.await(w.told)
			took[n] = time.Since(began.Add(time.Duration(w.user(n)) * every))
		})
	}
	creates := load.Load{Address: address, Connections: min(changes, b.connections[0]), Status: 201, Requests: func() (load.Source, error) {
		return func(n int) []byte { return creation(n, key) }, nil
	}}
	_, err := creates.Paced(ctx, began, every, changes)
	all.Wait()
	slices.Sort(took)
	return took, errors.Join(err, errors.Join(failures...))
}

// await reads until something comes that holds the text.
func (c *client) await(text []byte) error {
	buffer := make([]byte, 0, 2048)
	for {
		n, err := c.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case bytes.Contains(buffer, text):
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errors.New("one who waits was not told")
		case err != nil:
			return err
		case len(buffer) == cap(buffer):
			return fmt.Errorf("%w: it is too long: %.200q", io.ErrShortBuffer, buffer)
		}
	}
}

// beginStream begins a stream and reads the present status.
func beginStream(c *client, user int, key string) error {
	_, err := c.Write([]byte("GET /v1/users/" + userOf(user) + "/verification/stream HTTP/1.1\r\nHost: id.example.com\r\nAuthorization: Bearer " + key + "\r\n\r\n"))
	if err != nil {
		return err
	}
	return c.await([]byte("}\n\n"))
}

// beginPoll asks for the present status, and then for the next one.
func beginPoll(c *client, user int, key string) error {
	etag, err := c.etag(user, key)
	if err != nil {
		return err
	}
	request := bytes.Replace(statusRequest(user, key, etag), []byte("/verification "), []byte("/verification?wait=60 "), 1)
	_, err = c.Write(request)
	return err
}
