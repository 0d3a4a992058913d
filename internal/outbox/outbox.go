// Package outbox tells clients' endpoints what happened, by the Standard Webhooks
// specification: it follows the feed of events, sends each to the endpoints that
// want it, and tries again for days.
package outbox

import (
	"cmp"
	"context"
	"crypto/x509"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Store keeps what is to be sent. Each method is one transaction.
type Store interface {
	// FanOut queues the next events of the feed for the endpoints that want them.
	FanOut(ctx context.Context, limit int) (taken int, err error)
	// DueEndpoints lists the endpoints to which something is to be sent now.
	DueEndpoints(ctx context.Context) ([]string, error)
	// ClaimMessages takes what is due for an endpoint until the lease is over.
	ClaimMessages(ctx context.Context, endpointID string, limit int, lease time.Duration) (idv.Endpoint, []idv.Message, error)
	// Settle writes what became of tries. Endpoints that have been failing for as
	// long as patience are disabled.
	Settle(ctx context.Context, batch []idv.Settlement, patience time.Duration) ([]idv.DisabledEndpoint, error)
}

// Endpoints keeps endpoints.
type Endpoints interface {
	CreateEndpoint(ctx context.Context, e idv.Endpoint, most int) error
	Endpoint(ctx context.Context, id string) (idv.Endpoint, error)
	ChangeEndpoint(ctx context.Context, id string, change func(*idv.Endpoint)) (idv.Endpoint, error)
}

// Options are what an Outbox works with.
type Options struct {
	Store     Store
	Endpoints Endpoints
	// Render gives an event as clients see it, in JSON.
	Render func(idv.Event) ([]byte, error)
	// Allow are the ranges of addresses that may be called although they are not
	// public. Only there may an endpoint be called without TLS.
	Allow []netip.Prefix
	// Roots are the authorities that are trusted; nil for the system's.
	Roots *x509.CertPool
	NewID func(prefix string) string
	Now   func() time.Time
	Poll  time.Duration // how often it looks by itself; default: 250 ms
	// Observe is told how each try ended that was not given up, and may be called at
	// once from several goroutines. Default: nobody is.
	Observe func(a idv.Attempt)
	// Trace begins to follow one try; end is told how it ended. Default: nobody
	// follows.
	Trace  func(ctx context.Context, m idv.Message) (end func(a idv.Attempt))
	Logger *slog.Logger
}

const (
	defaultPoll = 250 * time.Millisecond
	// fanOutAtOnce is how many events of the feed one transaction takes.
	fanOutAtOnce = 500
	// inFlight is how many tries of one endpoint run at once in this process.
	// Endpoints share none of them, and their number is bounded by MostEndpoints.
	inFlight = 32
	// atHand is how many messages are taken for one endpoint at once, so that one
	// transaction takes many.
	atHand = 64
	// lease is how long a message belongs to whoever took it. It is longer than it
	// takes, at most, to wait for the tries before it, to be tried and to have that
	// written down.
	lease = time.Minute
	// patience is how long every try may fail before an endpoint is disabled.
	patience = 5 * 24 * time.Hour
)

// Outbox sends events to endpoints. Its methods may be called at once.
type Outbox struct {
	Options
	sender   *sender
	recorder *recorder
	wake     chan struct{}
	lanes    map[string]*lane // of the one goroutine that follows the feed
	working  sync.WaitGroup
	stop     context.CancelFunc // takes nothing more
	abandon  context.CancelFunc // ends what is being sent
}

// New makes an outbox, which sends nothing by itself before it is started.
func New(o Options) *Outbox {
	o.Poll = cmp.Or(o.Poll, defaultPoll)
	return &Outbox{
		Options:  o,
		sender:   newSender(o),
		recorder: newRecorder(o.Store, o.Logger),
		wake:     make(chan struct{}, 1),
		lanes:    map[string]*lane{},
	}
}

// Wake has the outbox look for new events now, and not when it would by itself.
// It never blocks.
func (o *Outbox) Wake() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Start begins to send in the background. The end of ctx does not end it: Stop
// does.
func (o *Outbox) Start(ctx context.Context) {
	ctx, o.abandon = context.WithCancel(context.WithoutCancel(ctx))
	taking, stop := context.WithCancel(ctx)
	o.stop = stop
	o.recorder.start(ctx)
	o.working.Go(func() { o.run(taking, ctx) })
}

// Stop takes nothing more, and waits for what is being sent and for its outcome to
// be written. When ctx ends first, that is given up; it is sent again by whoever
// comes next.
func (o *Outbox) Stop(ctx context.Context) error {
	if o.stop == nil {
		return nil
	}
	o.stop()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		o.working.Wait()
		o.recorder.finish()
		o.sender.close()
	}()
	select {
	case <-finished:
		o.abandon()
		return nil
	case <-ctx.Done():
		o.abandon()
		<-finished
		return ctx.Err()
	}
}

// run follows the feed and has every endpoint's lane take what is due for it.
// taking ends first, sending when everything is to be given up.
func (o *Outbox) run(taking, sending context.Context) {
	troubled := false
	for taking.Err() == nil {
		more, err := o.look(taking, sending)
		if troubled != (err != nil) && taking.Err() == nil {
			if troubled = err != nil; troubled {
				o.Logger.ErrorContext(taking, "events cannot be sent at present", "error", err)
			} else {
				o.Logger.InfoContext(taking, "events are sent again")
			}
		}
		if more {
			continue
		}
		select {
		case <-taking.Done():
		case <-o.wake:
		case <-time.After(o.Poll):
		}
	}
}

// look does one round, and tells whether there is more to do at once.
func (o *Outbox) look(taking, sending context.Context) (more bool, err error) {
	taken, err := o.Store.FanOut(taking, fanOutAtOnce)
	if err != nil {
		return false, err
	}
	due, err := o.Store.DueEndpoints(taking)
	if err != nil {
		return false, err
	}
	for _, id := range due {
		o.laneOf(taking, sending, id).nudge()
	}
	return taken == fanOutAtOnce, nil
}
