// Package inbox takes in what providers tell us: it authenticates a webhook,
// keeps it with its job, and later reads and applies it.
package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Store keeps deliveries and what they do. Each method is one transaction.
type Store interface {
	// SaveDelivery keeps a delivery with the job of working it; false if it was
	// kept before.
	SaveDelivery(ctx context.Context, d idv.Delivery) (isNew bool, err error)
	Delivery(ctx context.Context, id string) (idv.Delivery, error)
	MarkDelivery(ctx context.Context, o idv.DeliveryOutcome) error
	Apply(ctx context.Context, c idv.Change) (idv.Session, error)
	// AskAgain has the provider asked about the session of a kept delivery.
	AskAgain(ctx context.Context, provider, digest string) error
}

// Sessions finds the session that a provider speaks of, and what it said before.
type Sessions interface {
	Session(ctx context.Context, id string) (idv.Session, error)
	SessionByRef(ctx context.Context, provider string, ref idv.Ref) (idv.Session, error)
	HasResult(ctx context.Context, sessionID string) (bool, error)
	// Said gives what a delivery was read to say so far.
	Said(ctx context.Context, deliveryID string) ([]idv.Said, error)
}

// Observer is told what becomes of deliveries.
type Observer interface {
	// DeliveryWorked: a delivery was worked once and left in the state.
	DeliveryWorked(provider string, state idv.DeliveryState)
	// DeliveryVisible: a delivery was applied this long after it was received.
	// Replays are not told.
	DeliveryVisible(provider string, after time.Duration)
}

// Options are what an Inbox works with.
type Options struct {
	Store     Store
	Sessions  Sessions
	Providers map[string]idv.Provider
	// Unreal reports whether an account is for tests, on a server that is not. Nil:
	// none is.
	Unreal   func(provider string) bool
	NewID    func() string
	Now      func() time.Time
	Observer Observer // may be nil
	// Trace begins to follow the work on a delivery; end is told the state that it
	// was left in, or why it was not worked. Default: nobody follows.
	Trace  func(ctx context.Context, d idv.Delivery) (traced context.Context, end func(state idv.DeliveryState, err error))
	Logger *slog.Logger
}

// Inbox takes in webhooks. Its methods may be called at once.
type Inbox struct {
	Options
}

// New makes an inbox.
func New(o Options) *Inbox { return &Inbox{Options: o} }

// ErrUnknownProvider: no account of that name takes webhooks here.
var ErrUnknownProvider = errors.New("no such provider takes webhooks here")

// Receive keeps a webhook of a provider: once it returns nil, the webhook is
// durable and will be worked. A repetition of the same bytes is kept once and is
// not new. It returns ErrUnknownProvider, idv.ErrForged, or the store's error.
func (b *Inbox) Receive(ctx context.Context, provider string, header http.Header, body []byte) (isNew bool, err error) {
	reader, ok := b.Providers[provider].(idv.WebhookReader)
	if !ok {
		return false, ErrUnknownProvider
	}
	w := idv.Webhook{Header: header, Body: body, ReceivedAt: b.Now().UTC().Truncate(time.Millisecond)}
	if err := reader.Authenticate(ctx, w); err != nil {
		return false, fmt.Errorf("%s: %w", provider, err)
	}
	digest := sha256.Sum256(body)
	d := idv.Delivery{
		ID:         b.NewID(),
		Provider:   provider,
		Digest:     hex.EncodeToString(digest[:]),
		State:      idv.DeliveryReceived,
		ReceivedAt: w.ReceivedAt,
		Webhook:    w,
	}
	isNew, err = b.Store.SaveDelivery(ctx, d)
	if err != nil {
		return false, fmt.Errorf("keep delivery: %w", err)
	}
	if !isNew && b.repeats(provider) {
		if err := b.Store.AskAgain(ctx, provider, d.Digest); err != nil {
			return false, fmt.Errorf("ask about a repetition: %w", err)
		}
	}
	b.Logger.DebugContext(ctx, "webhook received", "provider", provider, "delivery", d.ID, "new", isNew)
	return isNew, nil
}
