//go:build !unix

package enginetest

import (
	"errors"
	"io"
)

// startServer needs the processes and users of a Unix.
func startServer() (url string, alive io.Closer, err error) {
	return "", nil, errors.New("a throw-away server can be started on Unix only")
}
