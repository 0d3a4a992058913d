package trace

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	otel "go.opentelemetry.io/otel/trace"
)

// The names of attributes: OpenTelemetry's own where it has one.
const (
	httpMethod = attribute.Key("http.request.method")
	httpRoute  = attribute.Key("http.route")
	httpStatus = attribute.Key("http.response.status_code")
	requestID  = attribute.Key("bonafide.request_id")
	provider   = attribute.Key("bonafide.provider")
	outcome    = attribute.Key("bonafide.outcome")
	jobKind    = attribute.Key("bonafide.job_kind")
	subjectID  = attribute.Key("bonafide.subject_id") // what a job is about
	deliveryID = attribute.Key("bonafide.delivery_id")
	endpointID = attribute.Key("bonafide.endpoint_id")
	eventID    = attribute.Key("bonafide.event_id")
)

// Request begins to follow a request to a route, which is one of few; end is told
// the status of its answer. What a caller calls its own trace in the header is
// continued.
func (t *Tracer) Request(ctx context.Context, header http.Header, method, route, id string) (traced context.Context, end func(status int)) {
	ctx = t.continues.Extract(ctx, parent{header})
	name, method := methodOf(method)
	ctx, span := t.tracer.Start(ctx, name+" "+route, otel.WithSpanKind(otel.SpanKindServer),
		otel.WithAttributes(httpMethod.String(method), httpRoute.String(route), requestID.String(id)))
	return ctx, func(status int) {
		span.SetAttributes(httpStatus.Int(status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Call follows one call to a provider; end is told how it ended. Nothing is sent
// along.
func (t *Tracer) Call(ctx context.Context, account, method string) (end func(word string, failed bool)) {
	name, method := methodOf(method)
	_, end = t.follow(ctx, otel.SpanKindClient, name+" "+account, provider.String(account), httpMethod.String(method))
	return end
}

// Job follows one try of a job; id is that of what the job is about.
func (t *Tracer) Job(ctx context.Context, kind, id string) (traced context.Context, end func(word string, failed bool)) {
	return t.follow(ctx, otel.SpanKindInternal, "job "+kind, jobKind.String(kind), subjectID.String(id))
}

// Delivery follows the work on a provider's webhook.
func (t *Tracer) Delivery(ctx context.Context, account, id string) (traced context.Context, end func(word string, failed bool)) {
	return t.follow(ctx, otel.SpanKindInternal, "webhook "+account, provider.String(account), deliveryID.String(id))
}

// Send follows one try to send an event to an endpoint. Nothing is sent along.
func (t *Tracer) Send(ctx context.Context, endpoint, event string) (end func(word string, failed bool)) {
	_, end = t.follow(ctx, otel.SpanKindClient, "send event", endpointID.String(endpoint), eventID.String(event))
	return end
}

// follow begins a span whose outcome is a word of ours.
func (t *Tracer) follow(ctx context.Context, kind otel.SpanKind, name string, attributes ...attribute.KeyValue) (context.Context, func(word string, failed bool)) {
	ctx, span := t.tracer.Start(ctx, name, otel.WithSpanKind(kind), otel.WithAttributes(attributes...))
	return ctx, func(word string, failed bool) {
		span.SetAttributes(outcome.String(word))
		if failed {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// parent is the place in a request's header where the caller's trace is named. The
// state that may come along with it is free text of others, and not taken.
type parent struct{ header http.Header }

const traceparent = "traceparent"

var _ propagation.TextMapCarrier = parent{}

// Get gives the name of the caller's trace.
func (p parent) Get(key string) string {
	if !strings.EqualFold(key, traceparent) {
		return ""
	}
	return p.header.Get(key)
}

// Set writes nothing: the header is the caller's.
func (parent) Set(string, string) {}

// Keys names what Get knows.
func (parent) Keys() []string { return []string{traceparent} }

// methodOf bounds the methods, which may be any word in a request, as
// OpenTelemetry's conventions have it: for the name of a span, and for its
// attribute.
func methodOf(method string) (name, bounded string) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method, method
	default:
		return "HTTP", "_OTHER"
	}
}
