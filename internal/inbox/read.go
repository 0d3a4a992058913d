package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// reading is what a kept delivery says, as it is read now. To read it changes
// nothing.
type reading struct {
	outcome idv.DeliveryOutcome // what becomes of the delivery
	changes []idv.Change        // one for each session that it is about
	// void: it could not be read for reasons that are not in it, so that an
	// earlier reading stands.
	void bool
}

// read reads a delivery and finds the sessions that it is about.
func (b *Inbox) read(ctx context.Context, d idv.Delivery) (reading, error) {
	r := reading{outcome: idv.DeliveryOutcome{ID: d.ID, State: idv.DeliveryProcessed, Key: d.Key, Owner: d.Owner}}
	reader, ok := b.Providers[d.Provider].(idv.WebhookReader)
	if !ok {
		r.void = true
		r.outcome.EventType, r.outcome.Ref, r.outcome.SessionID = d.EventType, d.Ref, d.SessionID
		r.conclude(idv.DeliveryParked, fmt.Sprintf("no account %q that reads webhooks is configured here; set it up and replay", d.Provider))
		return r, nil
	}
	updates, err := reader.Normalize(d.Webhook)
	switch {
	case errors.Is(err, idv.ErrNotUnderstood):
		r.conclude(idv.DeliveryParked, err.Error())
		return r, nil
	case err != nil:
		return r, fmt.Errorf("normalize: %w", err)
	case len(updates) == 0:
		r.conclude(idv.DeliveryParked, "nothing in it is about a session")
	}
	for i, u := range updates {
		if err := b.take(ctx, &r, d, i, u); err != nil {
			return r, err
		}
	}
	return r, nil
}

// take adds one update of a delivery to the reading.
func (b *Inbox) take(ctx context.Context, r *reading, d idv.Delivery, index int, u idv.Update) error {
	if b.Unreal != nil && b.Unreal(d.Provider) {
		u = u.Unreal()
	}
	if r.outcome.State != idv.DeliveryUnmatched {
		r.outcome.EventType, r.outcome.Ref = u.EventType, u.Ref
	}
	if u.Ref == "" && u.SessionID == "" {
		r.conclude(idv.DeliveryParked, cmp.Or(u.Why, fmt.Sprintf("it names no session (event %q, status %q)", u.EventType, u.ProviderStatus)))
		return nil
	}
	x, why, err := b.match(ctx, d.Provider, u)
	if err != nil {
		return err
	}
	if why != "" {
		r.conclude(idv.DeliveryUnmatched, why)
		r.outcome.EventType, r.outcome.Ref = u.EventType, u.Ref
		return nil
	}
	if u.Unknown {
		r.conclude(idv.DeliveryParked, cmp.Or(u.Why, fmt.Sprintf("a word in it is not known here (event %q, status %q)", u.EventType, u.ProviderStatus)))
	} else {
		r.conclude(idv.DeliveryProcessed, u.Why)
	}
	r.outcome.SessionID = x.ID
	if !x.RedactedAt.IsZero() {
		r.conclude(idv.DeliveryProcessed, "the person's data was erased; nothing of it is kept")
	}
	fetch, err := b.wantsFetch(ctx, x, u)
	if err != nil {
		return err
	}
	o := u.Observation(idv.SourceWebhook, fmt.Sprintf("webhook:%s:%d", d.Digest, index), d.ReceivedAt)
	o.DeliveryID = d.ID
	change := r.change(x.ID)
	change.Observations = append(change.Observations, o)
	if u.Result != nil {
		change.Result = u.Result
	}
	if x.Ref == "" && u.Ref != "" {
		// The create's answer was lost, and here the session is.
		change.Started = &idv.Started{Ref: u.Ref}
	}
	ask := []idv.Job{{Kind: idv.JobFetch, ID: x.ID}}
	switch {
	case fetch:
		change.Jobs = ask
	case b.repeats(x.Provider) && u.Status.Decided():
		// Whether it contradicts what stands is known once nobody else can write:
		// x may be older than a decision that is worked at the same time.
		change.Then = func(before, _ idv.Session) []idv.Job {
			if contradicts(u, before) {
				return ask
			}
			return nil
		}
	}
	return nil
}

// conclude says what becomes of the delivery, unless something worse is known.
// The first reason stands.
func (r *reading) conclude(state idv.DeliveryState, reason string) {
	order := []idv.DeliveryState{idv.DeliveryProcessed, idv.DeliveryParked, idv.DeliveryUnmatched}
	switch cmp.Compare(slices.Index(order, state), slices.Index(order, r.outcome.State)) {
	case 1:
		r.outcome.State, r.outcome.Reason = state, reason
	case 0:
		r.outcome.Reason = cmp.Or(r.outcome.Reason, reason)
	}
}

// change gives what the delivery does to a session.
func (r *reading) change(sessionID string) *idv.Change {
	i := slices.IndexFunc(r.changes, func(c idv.Change) bool { return c.SessionID == sessionID })
	if i < 0 {
		i = len(r.changes)
		r.changes = append(r.changes, idv.Change{SessionID: sessionID})
	}
	return &r.changes[i]
}

// unsay has what the delivery was read to say before, and is not any more, read
// as nothing: it stays in the timeline and no longer counts. It gives what the
// delivery was read to say before.
func (b *Inbox) unsay(ctx context.Context, d idv.Delivery, r *reading) ([]idv.Said, error) {
	if r.void {
		return nil, nil
	}
	before, err := b.Sessions.Said(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range before {
		change := r.change(s.SessionID)
		same := func(o idv.Observation) bool { return o.Fingerprint == s.Observation.Fingerprint }
		if slices.ContainsFunc(change.Observations, same) {
			continue
		}
		change.Observations = append(change.Observations, idv.Observation{
			Fingerprint:    s.Observation.Fingerprint,
			Source:         idv.SourceWebhook,
			DeliveryID:     d.ID,
			HeardAt:        s.Observation.HeardAt,
			ProviderStatus: s.Observation.ProviderStatus,
			Why:            "its delivery is not read to say this any more",
		})
	}
	return before, nil
}
