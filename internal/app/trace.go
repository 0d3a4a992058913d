package app

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/trace"
)

// newTracer makes the tracer of a process, nil if nothing is to be traced.
func newTracer(c config.Config, version string, log *slog.Logger) *trace.Tracer {
	if c.TracesURL == "" {
		return nil
	}
	return trace.New(trace.Options{
		URL: c.TracesURL, Sample: c.TracesSample, Version: version, Instance: id.New("prc"), Logger: log,
	})
}

// follow has what this process does traced, unless t is nil. It comes before
// anything begins.
func (a *App) follow(t *trace.Tracer) {
	if t == nil {
		return
	}
	a.tracer = t
	for name, m := range a.accounts.monitors {
		m.trace = func(ctx context.Context, method string) func(string) {
			end := t.Call(ctx, name, method)
			return func(outcome string) { end(outcome, callFailed(outcome)) }
		}
	}
	a.inbox.Trace = func(ctx context.Context, d idv.Delivery) (context.Context, func(idv.DeliveryState, error)) {
		ctx, end := t.Delivery(ctx, d.Provider, d.ID)
		return ctx, func(state idv.DeliveryState, err error) {
			if err != nil {
				state = "error"
			}
			end(string(state), err != nil)
		}
	}
	a.outbox.Trace = func(ctx context.Context, m idv.Message) func(idv.Attempt) {
		end := t.Send(ctx, m.EndpointID, m.Event.ID)
		return func(attempt idv.Attempt) { end(attemptOutcome(attempt), attempt.Fault != "") }
	}
}

// traceRequest follows requests; nil if nothing is traced.
func (a *App) traceRequest() func(ctx context.Context, header http.Header, method, route, requestID string) (context.Context, func(int)) {
	if a.tracer == nil {
		return nil
	}
	return a.tracer.Request
}

// traceJob follows jobs; nil if nothing is traced.
func (a *App) traceJob() func(ctx context.Context, task queue.Task) (context.Context, func(string)) {
	if a.tracer == nil {
		return nil
	}
	return func(ctx context.Context, task queue.Task) (context.Context, func(string)) {
		ctx, end := a.tracer.Job(ctx, string(task.Kind), task.ID)
		return ctx, func(outcome string) { end(outcome, queue.Failed(outcome)) }
	}
}
