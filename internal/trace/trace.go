// Package trace follows requests, jobs and calls, and tells a collector of them
// by OTLP. It is the only package that knows OpenTelemetry. What it tells is
// words of ours, numbers, and ids of ours: no address, no user, no caller.
package trace

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"
)

// Options are what a Tracer is made of.
type Options struct {
	// URL is a collector's address, to which /v1/traces is added.
	URL string
	// Sample is the part of the traces that begin here that is told, from 0 to 1.
	// One that began elsewhere is told if its beginning is.
	Sample   float64
	Version  string
	Instance string // tells this process from others
	Logger   *slog.Logger
}

const (
	// mostWaiting is how many spans wait to be told. What comes while it is full is
	// dropped.
	mostWaiting = 4096
	// mostAtOnce is how many are told at once, and tellEvery how long they wait for
	// others at most.
	mostAtOnce = 512
	tellEvery  = 2 * time.Second
	// tellWithin bounds one try to tell. There is no second: a collector that is
	// away misses what happens meanwhile.
	tellWithin = 5 * time.Second
	// flushWithin is how long a process that stops waits until everything is told.
	flushWithin = 3 * time.Second
)

// Tracer follows what a process does. Its methods may be called at once, and
// never wait for the collector.
type Tracer struct {
	provider  *sdk.TracerProvider
	tracer    otel.Tracer
	continues propagation.TraceContext
	collector *collector
}

// New makes a tracer. The environment has no part in it: each thing that
// OpenTelemetry's own variables could set is set here or, as the resource is,
// replaced before it is told.
func New(o Options) *Tracer {
	attributes := []attribute.KeyValue{
		attribute.String("service.name", "bonafide"),
		attribute.String("service.version", o.Version),
		attribute.String("service.instance.id", o.Instance),
	}
	c := newCollector(o.URL, attributes, o.Logger)
	provider := sdk.NewTracerProvider(
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Sample))),
		sdk.WithResource(resource.NewSchemaless(attributes...)),
		sdk.WithRawSpanLimits(sdk.SpanLimits{
			AttributeValueLengthLimit: 256, AttributeCountLimit: 16,
			EventCountLimit: 0, LinkCountLimit: 0,
		}),
		sdk.WithBatcher(forgiving{otlptrace.NewUnstarted(c)},
			sdk.WithMaxQueueSize(mostWaiting), sdk.WithMaxExportBatchSize(mostAtOnce),
			sdk.WithBatchTimeout(tellEvery), sdk.WithExportTimeout(tellWithin)),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("bonafide"), collector: c}
}

// Stop tells what is left to tell, within a bounded time, and nothing after that.
func (t *Tracer) Stop(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
	defer cancel()
	// What could not be told is lost, of which the collector's client has spoken.
	_ = t.provider.Shutdown(ctx)
	t.collector.close()
}

// forgiving keeps the failures of an exporter from OpenTelemetry's own log, which
// would have a line for each.
type forgiving struct{ sdk.SpanExporter }

// ExportSpans tells spans; what fails is told by the collector's client.
func (f forgiving) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	_ = f.SpanExporter.ExportSpans(ctx, spans)
	return nil
}
