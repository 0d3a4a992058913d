package load

import (
	"context"
	"fmt"
	"net"
	"time"
)

// connection is one connection that is kept alive. It is written for low cost,
// because whoever makes the load shares the machine with whoever bears it.
type connection struct {
	net.Conn
	buffer []byte
}

// answerSize is more than any answer here takes.
const answerSize = 16 << 10

// patience bounds a measurement: whoever does not answer by then hangs.
const patience = 30 * time.Second

func dial(ctx context.Context, address string) (*connection, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, buffer: make([]byte, answerSize)}, nil
}

// exchange sends a request and waits for its answer, which must have the status.
func (c *connection) exchange(request []byte, want int) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	read := 0
	for {
		n, err := c.Read(c.buffer[read:])
		if err != nil {
			return fmt.Errorf("no answer: %w", err)
		}
		read += n
		status, length, err := parse(c.buffer[:read])
		switch {
		case err != nil:
			return err
		case length > len(c.buffer) || length == 0 && read == len(c.buffer):
			return fmt.Errorf("%w: it is too long", errResponse)
		case length == 0 || read < length:
			continue
		case read > length:
			return fmt.Errorf("%w: more came than was asked for", errResponse)
		case status != want:
			return fmt.Errorf("answered with %d instead of %d: %.300s", status, want, c.buffer[:read])
		}
		return nil
	}
}
