package outbox

import (
	"context"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// MostEndpoints is how many endpoints there may be.
	MostEndpoints = 64
	// mostSecrets is how many secrets of an endpoint sign at once.
	mostSecrets = 5
)

// The prefixes of ids.
const (
	endpointPrefix = "end"
	eventPrefix    = "evt"
)

// now is the present, as precise as it is kept.
func (o *Outbox) now() time.Time { return o.Now().UTC().Truncate(time.Millisecond) }

// Create makes an endpoint with a secret of its own. Of e, the address, the
// description and the types count. The error is an *idv.InputError for an address
// that cannot be called, or idv.ErrFull.
func (o *Outbox) Create(ctx context.Context, e idv.Endpoint) (idv.Endpoint, error) {
	if err := o.checkURL(e.URL); err != nil {
		return idv.Endpoint{}, err
	}
	now := o.now()
	made := idv.Endpoint{
		ID: o.NewID(endpointPrefix), URL: e.URL, Description: e.Description, Types: e.Types, Enabled: true,
		Secrets: []idv.EndpointSecret{{Secret: newSecret()}}, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	return made, o.Endpoints.CreateEndpoint(ctx, made, MostEndpoints)
}

// Change changes an endpoint. One that is enabled again begins with a clean slate.
// The error is an *idv.InputError for an address that cannot be called, or
// idv.ErrNotFound.
func (o *Outbox) Change(ctx context.Context, id string, c idv.EndpointChange) (idv.Endpoint, error) {
	if c.URL != nil {
		if err := o.checkURL(*c.URL); err != nil {
			return idv.Endpoint{}, err
		}
	}
	return o.Endpoints.ChangeEndpoint(ctx, id, func(e *idv.Endpoint) {
		if c.URL != nil {
			e.URL = *c.URL
		}
		if c.Description != nil {
			e.Description = *c.Description
		}
		if c.Types != nil {
			e.Types = *c.Types
		}
		switch {
		case c.Enabled == nil || *c.Enabled == e.Enabled:
		case *c.Enabled:
			e.Enabled, e.DisabledAt, e.DisabledReason, e.FailingSince = true, time.Time{}, "", time.Time{}
		default:
			e.Enabled, e.DisabledAt, e.DisabledReason = false, o.now(), idv.DisabledByClient
		}
	})
}

// Rotate gives an endpoint a new secret, which comes first among its secrets. The
// older ones sign besides it until the overlap is over, unless they were to end
// sooner; of more than five the oldest ends at once. The error may be
// idv.ErrNotFound.
func (o *Outbox) Rotate(ctx context.Context, id string, overlap time.Duration) (idv.Endpoint, error) {
	secret := newSecret()
	return o.Endpoints.ChangeEndpoint(ctx, id, func(e *idv.Endpoint) {
		now := o.now()
		until := now.Add(overlap)
		secrets := []idv.EndpointSecret{{Secret: secret}}
		for _, s := range e.Secrets {
			if s.Until.IsZero() || until.Before(s.Until) {
				s.Until = until
			}
			if now.Before(s.Until) && len(secrets) < mostSecrets {
				secrets = append(secrets, s)
			}
		}
		e.Secrets = secrets
	})
}

// TestEvent is the type of the event that Test sends. It is in no feed.
const TestEvent = "endpoint.test"

// Test sends an event of its own to an endpoint now, once, whether or not it is
// enabled, and tells what became of it. It counts for nothing. The error may be
// idv.ErrNotFound.
func (o *Outbox) Test(ctx context.Context, id string) (eventID string, a idv.Attempt, err error) {
	e, err := o.Endpoints.Endpoint(ctx, id)
	if err != nil {
		return "", a, err
	}
	event := idv.Event{
		ID: o.NewID(eventPrefix), Type: TestEvent, EndpointID: e.ID, Status: "test", Version: e.Version, CreatedAt: o.now(),
	}
	a, _ = o.sender.send(ctx, e, event)
	return event.ID, a, nil
}
