// Package session holds what can be done with sessions: create, cancel,
// refresh, and find out what became of a create whose answer was lost.
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Store keeps sessions. Each method is one transaction.
type Store interface {
	CreateSession(ctx context.Context, n idv.NewSession) (idv.Claim, error)
	Apply(ctx context.Context, c idv.Change) (idv.Session, error)
	Session(ctx context.Context, id string) (idv.Session, error)
	RefsTaken(ctx context.Context, provider string, refs []idv.Ref) ([]idv.Ref, error)
	AnswerKey(ctx context.Context, key idv.IdempotencyKey, a idv.Answer) error
}

// Options are what a Service works with.
type Options struct {
	Store    Store
	Erasures Erasures
	// Ledger may be nil: then a restored backup shows whatever it holds.
	Ledger Ledger
	// Providers are the accounts by name.
	Providers map[string]idv.Provider
	// Unreal reports whether an account is for tests, on a server that is not. Nil:
	// none is.
	Unreal  func(provider string) bool
	Routing Routing
	// WebhookURL gives the address at which an account's webhooks arrive.
	WebhookURL func(provider string) string
	// ProviderTimeout bounds one call to a provider.
	ProviderTimeout time.Duration
	NewID           func() string
	Now             func() time.Time
	Logger          *slog.Logger
}

// Service is the use cases of sessions. Its methods may be called at once.
type Service struct {
	Options
}

// New makes the service.
func New(o Options) *Service { return &Service{Options: o} }

// grace is how much longer than the provider's time-out a create may take here
// before it counts as abandoned by the process that sent it.
const grace = 5 * time.Second

// settleWithin is how long an unanswered create may stay unsettled.
const settleWithin = time.Minute

// now is the present, as precise as it is kept.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// inFlight reports whether the process that sent the create can still be
// waiting for the answer.
func (s *Service) inFlight(x idv.Session) bool {
	return x.State.Status == idv.Created && !x.StartUnanswered &&
		s.now().Before(x.CreatedAt.Add(s.ProviderTimeout+grace))
}

func (s *Service) provider(name string) (idv.Provider, error) {
	p, ok := s.Providers[name]
	if !ok {
		return nil, fmt.Errorf("provider %q: %w", name, ErrNotConfigured)
	}
	return p, nil
}

// ErrNotConfigured: no account of that name is set up.
var ErrNotConfigured = errors.New("provider is not configured")

// ConflictKind says what stands in the way.
type ConflictKind string

// The kinds of conflicts.
const (
	ConflictVerified   ConflictKind = "already_verified" // the user is verified
	ConflictDecided    ConflictKind = "already_decided"  // the session is decided
	ConflictUnsettled  ConflictKind = "unsettled"        // a create is being settled
	ConflictEnded      ConflictKind = "ended"            // the session ended otherwise
	ConflictLinked     ConflictKind = "linked"           // the provider confirmed the session
	ConflictSettled    ConflictKind = "settled"          // there is nothing to settle
	ConflictErased     ConflictKind = "erased"           // the person's data was erased
	ConflictHeld       ConflictKind = "held"             // nothing of the user may be erased
	ConflictInFlight   ConflictKind = "in_flight"        // the key's first request still runs
	ConflictOtherInput ConflictKind = "other_request"    // the key was used for another request
)

// ConflictError refuses a request because of how things stand.
type ConflictError struct {
	Kind       ConflictKind
	SessionID  string        // the session that stands in the way, may be empty
	RetryAfter time.Duration // when it may be gone, 0 if it will not be by itself
}

func (e *ConflictError) Error() string { return "conflict: " + string(e.Kind) }

// FaultError is a provider's fault in a request for a session.
type FaultError struct {
	Provider  string
	SessionID string
	Err       *idv.ProviderError
}

func (e *FaultError) Error() string { return e.Provider + ": " + e.Err.Error() }

func (e *FaultError) Unwrap() error { return e.Err }

// fault wraps what a provider's method returned. An error that is not a
// ProviderError is a defect of the adapter and counts as unavailable.
func fault(x idv.Session, err error) *FaultError {
	var pe *idv.ProviderError
	if !errors.As(err, &pe) {
		pe = &idv.ProviderError{Kind: idv.KindUnavailable, Err: err}
	}
	return &FaultError{Provider: x.Provider, SessionID: x.ID, Err: pe}
}
