package outbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// tryWithin is how long a try may take in all.
	tryWithin     = 15 * time.Second
	connectWithin = 10 * time.Second
	// mostBody is how much of an answer is read, only so that the connection can be
	// used again. What it says means nothing.
	mostBody = 64 << 10
)

// sender sends one event to one endpoint, once.
type sender struct {
	secure, plain *http.Client
	render        func(idv.Event) ([]byte, error)
	now           func() time.Time
	within        time.Duration
	log           *slog.Logger
}

func newSender(o Options) *sender {
	g := newGuard(o.Allow)
	return &sender{
		secure: g.client(true, o.Roots), plain: g.client(false, o.Roots),
		render: o.Render, now: o.Now, within: tryWithin, log: o.Logger,
	}
}

func (s *sender) close() {
	s.secure.CloseIdleConnections()
	s.plain.CloseIdleConnections()
}

// answer is what an endpoint asks for by its answer.
type answer struct {
	gone       bool
	retryAfter time.Duration
}

// body is what an endpoint is sent.
type body struct {
	Type      idv.EventType   `json:"type"`
	Timestamp string          `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// send makes one try. What went wrong is said in one word: addresses, answers and
// errors of others may hold anything.
func (s *sender) send(ctx context.Context, endpoint idv.Endpoint, event idv.Event) (idv.Attempt, answer) {
	began := s.now()
	attempt := idv.Attempt{At: began}
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	res, err := s.post(ctx, endpoint, event, began)
	attempt.Took = s.now().Sub(began)
	if err != nil {
		attempt.Fault = faultOf(err)
		return attempt, answer{}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, mostBody)
	attempt.StatusCode = res.StatusCode
	switch {
	case res.StatusCode >= 200 && res.StatusCode <= 299:
		return attempt, answer{}
	case res.StatusCode >= 300 && res.StatusCode <= 399:
		attempt.Fault = idv.FaultRedirect
	default:
		attempt.Fault = idv.FaultStatus
	}
	return attempt, answer{
		gone:       res.StatusCode == http.StatusGone,
		retryAfter: readRetryAfter(res.Header.Get("Retry-After"), began),
	}
}

func (s *sender) post(ctx context.Context, endpoint idv.Endpoint, event idv.Event, at time.Time) (*http.Response, error) {
	data, err := s.render(event)
	if err != nil {
		return nil, s.broken(ctx, endpoint, event, err)
	}
	sent, err := json.Marshal(body{Type: event.Type, Timestamp: event.CreatedAt.UTC().Format(timeFormat), Data: data})
	if err != nil {
		return nil, s.broken(ctx, endpoint, event, err)
	}
	header, err := signed(endpoint.Signing(at), event.ID, at, sent)
	if err != nil {
		return nil, s.broken(ctx, endpoint, event, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.URL, bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "bonafide")
	if strings.EqualFold(req.URL.Scheme, "https") {
		return s.secure.Do(req)
	}
	return s.plain.Do(req)
}

// timeFormat is RFC 3339 in UTC with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z"

// broken tells operators of an event that cannot be written or signed: a defect of
// ours, which counts as a failed try.
func (s *sender) broken(ctx context.Context, endpoint idv.Endpoint, event idv.Event, err error) error {
	s.log.ErrorContext(ctx, "event cannot be sent", "endpoint", endpoint.ID, "event", event.ID, "error", err)
	return err
}

// faultOf reads an error of the client.
func faultOf(err error) idv.AttemptFault {
	var (
		timeout     interface{ Timeout() bool }
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		alert       tls.AlertError
		record      tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, errAddress):
		return idv.FaultAddress
	case errors.As(err, &timeout) && timeout.Timeout():
		return idv.FaultTimeout
	case errors.As(err, &name):
		return idv.FaultName
	case errors.As(err, &certificate), errors.As(err, &alert), errors.As(err, &record),
		errors.Is(err, http.ErrSchemeMismatch):
		return idv.FaultTLS
	default:
		return idv.FaultConnect
	}
}
