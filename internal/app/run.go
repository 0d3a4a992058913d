package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
)

// stopWithin is how long a process that is told to stop has to finish what it
// took.
const stopWithin = 20 * time.Second

// parts are what one process does.
type parts struct{ api, workers bool }

// run serves on the listener and works until ctx ends, then finishes what it
// took. h is nil for workers only. Metrics, where they have an address of their
// own, are served to the end.
func (a *App) run(ctx context.Context, l net.Listener, h http.Handler, p parts) error {
	a.duty.undertake(p)
	failed := make(chan error, 2)
	m, err := a.listenForMetrics(ctx)
	if err != nil {
		return err
	}
	if m != nil {
		metrics := newServer(a.metricsOnly(), writeWithin)
		defer func() { _ = metrics.Close() }()
		go func() { failed <- metrics.Serve(m) }()
	}
	// Whoever waits is told of changes for as long as there is a door.
	defer a.startWatching(context.WithoutCancel(ctx))()
	var server *http.Server
	if p.api {
		defer a.startKeys(ctx)()
		server = newServer(h, answerWithin(a.config)+afterwards(a.config))
		// Whoever waits is sent away, and comes back to another replica.
		server.RegisterOnShutdown(a.hub.Close)
		go func() { failed <- server.Serve(l) }()
	}
	stop := func(context.Context) error { return nil }
	if p.workers {
		q, err := a.startWorkers(ctx)
		if err != nil {
			return errors.Join(err, closeServer(server))
		}
		stop = q.Stop
	}

	select {
	case <-ctx.Done():
		a.log.Info("stopping", "drain", a.config.Drain.String())
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	}
	a.duty.stop()
	if err == nil {
		err = a.drain(failed)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if server != nil {
		if serr := server.Shutdown(stopping); serr != nil {
			err = errors.Join(err, fmt.Errorf("stop serving: %w", serr))
		}
	}
	return errors.Join(err, stop(stopping))
}

// collectAt is how far, in percent, the heap grows before it is collected, where
// the environment does not say it with GOGC. What lives is small and what comes
// and goes is much, so that the usual 100 spends a tenth of the time on it; much
// more would show in the memory of clients that wait.
const collectAt = 200

// spareCollector has garbage collected less often than by default.
func (c *command) spareCollector() {
	if !slices.ContainsFunc(c.environ, func(v string) bool { return strings.HasPrefix(v, "GOGC=") }) {
		debug.SetGCPercent(collectAt)
	}
}

// answerWithin is how long a request may take that does not ask to be held: the
// calls to its provider, of which there are two at most, have room in it.
func answerWithin(c config.Config) time.Duration {
	return max(30*time.Second, 2*c.ProviderTimeout+10*time.Second)
}

// afterwards is how much longer the answer to a create may take: what has begun at
// a provider goes on to its end, and is kept.
func afterwards(c config.Config) time.Duration { return 2*c.ProviderTimeout + 40*time.Second }

// writeWithin is how long the answer to a request may take that asks no provider.
// It is longer than any request is held; streams extend it as they go.
const writeWithin = 90 * time.Second

func newServer(h http.Handler, answered time.Duration) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      max(writeWithin, answered),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

func closeServer(s *http.Server) error {
	if s == nil {
		return nil
	}
	return s.Close()
}
