//go:build !unix

package pgserver

import "errors"

var errUnix = errors.New("a throw-away server can be started on Unix only")

// Binaries needs the usual places of a Unix.
func Binaries() (string, error) { return "", errUnix }

// Start needs the processes and users of a Unix.
func Start(Options) (*Server, error) { return nil, errUnix }
