package trace

import (
	"context"

	otel "go.opentelemetry.io/otel/trace"
)

// IDOf gives the id of the trace that is recorded, empty if none is.
func IDOf(ctx context.Context) string {
	if span := otel.SpanContextFromContext(ctx); span.IsSampled() {
		return span.TraceID().String()
	}
	return ""
}
