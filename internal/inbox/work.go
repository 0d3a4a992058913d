package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Work reads a delivery and applies what it says. It may be called again for
// the same delivery at any time. It returns how long to wait before it is tried
// again because no session of ours is known yet, 0 if it need not be. attempt
// is how often this delivery's job was worked, from 1.
func (b *Inbox) Work(ctx context.Context, id string, attempt int) (again time.Duration, err error) {
	d, err := b.Store.Delivery(ctx, id)
	if errors.Is(err, idv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("delivery %s: %w", id, err)
	}
	switch {
	case d.State == idv.DeliveryProcessed || d.State == idv.DeliveryParked:
		return 0, nil
	case !d.GoneAt.IsZero():
		return 0, b.Store.MarkDelivery(ctx, idv.DeliveryOutcome{
			ID: d.ID, State: idv.DeliveryParked, Reason: "the webhook itself was removed", EventType: d.EventType, Ref: d.Ref, SessionID: d.SessionID,
		})
	}
	ctx, traced := b.follow(ctx, d)
	r, err := b.read(ctx, d)
	// What was never worked has no earlier reading.
	if err == nil && (attempt > 1 || d.Attempts > 0) {
		_, err = b.unsay(ctx, d, &r)
	}
	if err == nil {
		err = b.apply(ctx, &r)
	}
	traced(r.outcome.State, err)
	if err != nil {
		return 0, fmt.Errorf("delivery %s: %w", id, err)
	}
	b.tell(d, r.outcome.State)
	switch r.outcome.State {
	case idv.DeliveryParked:
		b.Logger.WarnContext(ctx, "delivery parked", "provider", d.Provider, "delivery", d.ID, "why", r.outcome.Reason)
	case idv.DeliveryUnmatched:
		return unmatchedPause(attempt), nil
	}
	return 0, nil
}

// follow has the work on a delivery followed, if anybody does.
func (b *Inbox) follow(ctx context.Context, d idv.Delivery) (context.Context, func(idv.DeliveryState, error)) {
	if b.Trace == nil {
		return ctx, func(idv.DeliveryState, error) {}
	}
	return b.Trace(ctx, d)
}

// apply keeps what a delivery says, one session after the other. The delivery is
// done with the last: a process that dies in between leaves it to be worked
// again.
func (b *Inbox) apply(ctx context.Context, r *reading) error {
	for i, change := range r.changes {
		last := i == len(r.changes)-1
		if last {
			change.Delivery = &r.outcome
		}
		_, err := b.Store.Apply(ctx, change)
		switch {
		case errors.Is(err, idv.ErrTaken):
			r.conclude(idv.DeliveryParked, fmt.Sprintf("it names %s, but the provider's id in it belongs to another session", change.SessionID))
		case err != nil:
			return err
		case last:
			return nil
		}
	}
	return b.Store.MarkDelivery(ctx, r.outcome)
}

// tell tells what became of a delivery that was worked. One that was worked
// before and is received again is replayed: its delay is nobody's.
func (b *Inbox) tell(d idv.Delivery, state idv.DeliveryState) {
	if b.Observer == nil {
		return
	}
	b.Observer.DeliveryWorked(d.Provider, state)
	replayed := d.State == idv.DeliveryReceived && d.Attempts > 0
	if state == idv.DeliveryProcessed && !replayed {
		b.Observer.DeliveryVisible(d.Provider, b.Now().Sub(d.ReceivedAt))
	}
}
