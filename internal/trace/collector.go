package trace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// mostAnswer is how much of an answer is read, only so that the connection can be
// used again.
const mostAnswer = 64 << 10

// collector sends spans to a collector by OTLP over HTTP, and does no more than
// this needs: OpenTelemetry's own client of this kind is made with gRPC, whether
// or not that is used, and is set by a dozen variables of the environment.
type collector struct {
	address  string
	client   *http.Client
	resource *resource.Resource
	log      *slog.Logger
	ctx      context.Context // of the whole client
	abandon  context.CancelFunc
	away     bool // of the one goroutine that sends
}

func newCollector(base string, attributes []attribute.KeyValue, log *slog.Logger) *collector {
	c := &collector{
		address: base + "/v1/traces",
		client: &http.Client{
			Transport:     http.DefaultTransport.(*http.Transport).Clone(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		resource: &resource.Resource{},
		log:      log,
	}
	for _, a := range attributes {
		c.resource.Attributes = append(c.resource.Attributes, &common.KeyValue{
			Key:   string(a.Key),
			Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: a.Value.AsString()}},
		})
	}
	c.ctx, c.abandon = context.WithCancel(context.Background())
	return c
}

// Start has nothing to do.
func (c *collector) Start(context.Context) error { return nil }

// Stop has nothing to do: close does it.
func (c *collector) Stop(context.Context) error { return nil }

// close gives up what is being sent.
func (c *collector) close() {
	c.abandon()
	c.client.CloseIdleConnections()
}

// UploadTraces sends spans once. That the collector does not take them is logged
// once, and once more when it does again.
func (c *collector) UploadTraces(ctx context.Context, spans []*otlp.ResourceSpans) error {
	for _, s := range spans {
		s.Resource = c.resource // and not what the environment adds to it
	}
	err := c.send(ctx, spans)
	if away := err != nil; away != c.away && c.ctx.Err() == nil {
		if c.away = away; away {
			c.log.WarnContext(ctx, "traces are lost at present: the collector does not take them", "error", err.Error())
		} else {
			c.log.InfoContext(ctx, "the collector takes traces again")
		}
	}
	return err
}

func (c *collector) send(ctx context.Context, spans []*otlp.ResourceSpans) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	// Byte for byte the request that a collector takes.
	body, err := proto.Marshal(&otlp.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("User-Agent", "bonafide")
	res, err := c.client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the address
		}
		return err
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, mostAnswer)
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("it answers %d", res.StatusCode)
	}
	return nil
}
