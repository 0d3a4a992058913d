// Package logtest keeps what tests have logged.
package logtest

import (
	"bytes"
	"sync"
)

// Journal keeps what was logged. Its zero value is empty, and it is safe for
// concurrent use.
type Journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write adds to it.
func (j *Journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

// String gives all of it.
func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}
