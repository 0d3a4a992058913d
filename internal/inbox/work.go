package inbox

import (
	"cmp"
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
	if d.State == idv.DeliveryProcessed || d.State == idv.DeliveryParked {
		return 0, nil
	}
	reader, ok := b.Providers[d.Provider].(idv.WebhookReader)
	if !ok {
		return 0, b.park(ctx, d, idv.Update{}, "the provider is not configured any more")
	}
	updates, err := reader.Normalize(d.Webhook)
	switch {
	case errors.Is(err, idv.ErrNotUnderstood):
		return 0, b.park(ctx, d, idv.Update{}, err.Error())
	case err != nil:
		return 0, fmt.Errorf("delivery %s: normalize: %w", id, err)
	case len(updates) == 0:
		return 0, b.park(ctx, d, idv.Update{}, "says nothing about a session")
	}
	for i, u := range updates {
		// The delivery is done with its last update: a process that dies in
		// between leaves it to be worked again.
		var done *idv.DeliveryOutcome
		if i == len(updates)-1 {
			done = conclusion(d, updates)
		}
		settled, err := b.apply(ctx, d, i, u, done)
		if err != nil {
			return 0, fmt.Errorf("delivery %s: %w", id, err)
		}
		if !settled {
			return unmatchedPause(attempt), nil
		}
	}
	return 0, nil
}

// conclusion is what became of a delivery all of whose updates were applied.
func conclusion(d idv.Delivery, updates []idv.Update) *idv.DeliveryOutcome {
	o := outcome(d, updates[len(updates)-1], idv.DeliveryProcessed)
	for _, u := range updates {
		if u.Unknown && o.State != idv.DeliveryParked {
			o.State, o.Reason = idv.DeliveryParked, u.Why
		}
		o.Reason = cmp.Or(o.Reason, u.Why)
	}
	return &o
}

// apply keeps one update of a delivery, together with what became of the
// delivery if it is done with that. It reports false if the session is not known.
func (b *Inbox) apply(ctx context.Context, d idv.Delivery, index int, u idv.Update, done *idv.DeliveryOutcome) (settled bool, err error) {
	if u.Ref == "" && u.SessionID == "" {
		return true, b.park(ctx, d, u, cmp.Or(u.Why, "names no session"))
	}
	x, err := b.find(ctx, d.Provider, u)
	if errors.Is(err, idv.ErrNotFound) {
		o := outcome(d, u, idv.DeliveryUnmatched)
		o.Reason = "no session of ours is known to the provider by this id"
		return false, b.Store.MarkDelivery(ctx, o)
	}
	if err != nil {
		return false, err
	}
	change, err := b.change(ctx, x, d, index, u)
	if err != nil {
		return false, err
	}
	if done != nil {
		done.SessionID = x.ID
		change.Delivery = done
	}
	if _, err = b.Store.Apply(ctx, change); errors.Is(err, idv.ErrTaken) {
		return true, b.park(ctx, d, u, "the provider's id belongs to another session")
	}
	return true, err
}

func (b *Inbox) change(ctx context.Context, x idv.Session, d idv.Delivery, index int, u idv.Update) (idv.Change, error) {
	o := u.Observation(idv.SourceWebhook, fmt.Sprintf("webhook:%s:%d", d.Digest, index), d.ReceivedAt)
	o.DeliveryID = d.ID
	change := idv.Change{SessionID: x.ID, Observations: []idv.Observation{o}, Result: u.Result}
	if x.Ref == "" && u.Ref != "" {
		// The create's answer was lost, and here the session is.
		change.Started = &idv.Started{Ref: u.Ref}
	}
	fetch, err := b.wantsFetch(ctx, x, u)
	if fetch {
		change.Jobs = []idv.Job{{Kind: idv.JobFetch, ID: x.ID}}
	}
	return change, err
}

// wantsFetch: the truth of an update that asks for it, and of a decision that contradicts
// the one that stands where the provider's webhooks cannot be told from late
// ones, is asked for; so is the result of a decision that came without one.
func (b *Inbox) wantsFetch(ctx context.Context, x idv.Session, u idv.Update) (bool, error) {
	if u.Partial || u.Ask || b.repeats(x.Provider) && contradicts(u, x) {
		return true, nil
	}
	if !u.Status.Decided() || u.Result != nil || u.Unknown || u.Test {
		return false, nil
	}
	has, err := b.Sessions.HasResult(ctx, x.ID)
	return !has, err
}

func contradicts(u idv.Update, x idv.Session) bool {
	return u.Status.Decided() && x.State.Decision != nil && x.State.Decision.Outcome != u.Status
}

func (b *Inbox) repeats(provider string) bool {
	r, ok := b.Providers[provider].(idv.Repeater)
	return ok && r.Repeats()
}

// find looks for the session by the provider's id, then by ours where the
// provider echoes it. A session that is known by another id of the provider is
// not the one.
func (b *Inbox) find(ctx context.Context, provider string, u idv.Update) (idv.Session, error) {
	if u.Ref != "" {
		x, err := b.Sessions.SessionByRef(ctx, provider, u.Ref)
		if !errors.Is(err, idv.ErrNotFound) {
			return x, err
		}
	}
	if u.SessionID == "" {
		return idv.Session{}, idv.ErrNotFound
	}
	x, err := b.Sessions.Session(ctx, u.SessionID)
	if err != nil {
		return idv.Session{}, err
	}
	if x.Provider != provider || x.Ref != "" && x.Ref != u.Ref && u.Ref != "" {
		return idv.Session{}, idv.ErrNotFound
	}
	return x, nil
}

func (b *Inbox) park(ctx context.Context, d idv.Delivery, u idv.Update, why string) error {
	b.Logger.WarnContext(ctx, "delivery parked", "provider", d.Provider, "delivery", d.ID, "why", why)
	o := outcome(d, u, idv.DeliveryParked)
	o.Reason = why
	return b.Store.MarkDelivery(ctx, o)
}

func outcome(d idv.Delivery, u idv.Update, state idv.DeliveryState) idv.DeliveryOutcome {
	return idv.DeliveryOutcome{ID: d.ID, State: state, EventType: u.EventType, Ref: u.Ref}
}
