package session

import (
	"context"
	"errors"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Request asks for a session. It is valid in itself; what it meets here is not
// known yet.
type Request struct {
	ExternalUserID string
	Provider       string // empty: routing chooses
	CallbackURL    string
	ExpiresIn      time.Duration
	Country        string
	DocumentTypes  []idv.DocumentType
	Locale         string
	Prefill        idv.Prefill
	Metadata       map[string]string
	Another        bool // although the user has an open session
	Reverify       bool // although the user is verified

	Key *idv.IdempotencyKey // nil if the client sent none
	// Answer renders the reply that is kept under Key: a session, or the error
	// that this request ended with for good.
	Answer func(idv.Session, Outcome, error) idv.Answer
}

// Outcome says how a request for a session was met.
type Outcome int

// How a request can be met.
const (
	Made   Outcome = iota // a new session
	Reused                // the open session that the user had
)

// Reply is a session and how it came to be. Replay is set instead when the key
// was answered before.
type Reply struct {
	Session idv.Session
	Outcome Outcome
	Replay  *idv.Answer
}

// Create gives the user a session. It returns ErrNotConfigured, an
// *idv.InputError, a *ConflictError or a *FaultError. However often and wherever it is called at
// once for one user, the provider is asked once.
func (s *Service) Create(ctx context.Context, req Request) (Reply, error) {
	if req.Provider == "" {
		chosen, err := s.Routing.Choose(req.Country, req.DocumentTypes)
		if err != nil {
			return Reply{}, err
		}
		req.Provider = chosen
	}
	p, err := s.provider(req.Provider)
	if err != nil {
		return Reply{}, err
	}
	if checker, ok := p.(idv.Checker); ok {
		if err := checker.Check(s.startRequest(s.newSession(req).Session, req)); err != nil {
			return Reply{}, err
		}
	}
	for {
		claim, err := s.claim(ctx, s.newSession(req))
		if err != nil {
			return Reply{}, err
		}
		switch claim.Kind {
		case idv.ClaimNew:
			return s.start(ctx, claim.Session, req)
		case idv.ClaimReplay:
			return Reply{Replay: &claim.Answer}, nil
		case idv.ClaimMismatch:
			return Reply{}, &ConflictError{Kind: ConflictOtherInput}
		case idv.ClaimVerified:
			return Reply{}, &ConflictError{Kind: ConflictVerified, SessionID: claim.Session.ID}
		case idv.ClaimSameKey:
			return s.sameKey(ctx, claim.Session, req)
		case idv.ClaimOpen:
			if claim.Session.State.Status != idv.Created {
				return s.reuse(ctx, claim.Session, req)
			}
			if err := s.await(ctx, claim.Session); err != nil {
				return Reply{}, err
			}
		}
	}
}

func (s *Service) newSession(req Request) idv.NewSession {
	now := s.now()
	x := idv.Session{
		ID:             s.NewID(),
		ExternalUserID: req.ExternalUserID,
		Provider:       req.Provider,
		State:          idv.State{Status: idv.Created},
		CallbackURL:    req.CallbackURL,
		Metadata:       req.Metadata,
		CreatedAt:      now,
		UpdatedAt:      now,
		ExpiresAt:      now.Add(req.ExpiresIn),
	}
	return idv.NewSession{
		Session:  x,
		Another:  req.Another,
		Reverify: req.Reverify,
		Key:      req.Key,
		// The first two are for a process that dies before it has an answer.
		Jobs: []idv.Job{
			{Kind: idv.JobSettle, ID: x.ID, RunAt: now.Add(s.ProviderTimeout + grace)},
			{Kind: idv.JobExpire, ID: x.ID, RunAt: x.ExpiresAt},
		},
	}
}

// start asks the provider, once. A client that hangs up does not stop it: the
// session may exist at the provider by then.
func (s *Service) start(ctx context.Context, x idv.Session, req Request) (Reply, error) {
	ctx = context.WithoutCancel(ctx)
	started, err := s.callStart(ctx, x, req)
	if err != nil {
		return s.notStarted(ctx, x, req, err)
	}
	return s.made(ctx, x, req, s.confirmed(x, started))
}

// made keeps a session that the provider has, and answers with it.
func (s *Service) made(ctx context.Context, x idv.Session, req Request, change idv.Change) (Reply, error) {
	change.Key = req.Key
	change.Answer = func(x idv.Session) idv.Answer { return req.Answer(x, Made, nil) }
	changed, err := s.keep(ctx, change)
	if errors.Is(err, idv.ErrTaken) {
		return s.notStarted(ctx, x, req, &idv.ProviderError{Kind: idv.KindRejected, Err: err})
	}
	if err != nil {
		return Reply{}, err
	}
	return Reply{Session: changed, Outcome: Made}, nil
}

func (s *Service) callStart(ctx context.Context, x idv.Session, req Request) (idv.Started, error) {
	ctx, cancel := context.WithTimeout(ctx, s.ProviderTimeout)
	defer cancel()
	return s.Providers[x.Provider].Start(ctx, s.startRequest(x, req))
}

// startRequest is what the provider is told. What is kept of a session is all
// that can be told later on, with an empty req.
func (s *Service) startRequest(x idv.Session, req Request) idv.StartRequest {
	return idv.StartRequest{
		SessionID:      x.ID,
		ExternalUserID: x.ExternalUserID,
		At:             x.CreatedAt,
		CallbackURL:    x.CallbackURL,
		WebhookURL:     s.WebhookURL(x.Provider),
		ExpiresIn:      x.ExpiresAt.Sub(x.CreatedAt),
		Country:        req.Country,
		DocumentTypes:  req.DocumentTypes,
		Locale:         req.Locale,
		Prefill:        req.Prefill,
	}
}

// confirmed is what we know once the provider has the session. That it exists
// is no word on what it came to, and the provider's time limit only shortens
// the client's.
func (s *Service) confirmed(x idv.Session, started idv.Started) idv.Change {
	if !started.Status.Open() {
		started.Status = idv.Pending
	}
	if !started.ExpiresAt.Before(x.ExpiresAt) {
		started.ExpiresAt = time.Time{}
	}
	change := idv.Change{
		SessionID: x.ID,
		Started:   &started,
		Observations: []idv.Observation{{
			Fingerprint:    "create",
			Source:         idv.SourceCreate,
			HeardAt:        s.now(),
			ProviderStatus: started.ProviderStatus,
			Status:         started.Status,
		}},
	}
	if !started.ExpiresAt.IsZero() {
		change.Jobs = []idv.Job{{Kind: idv.JobExpire, ID: x.ID, RunAt: started.ExpiresAt}}
	}
	return change
}

// notStarted keeps that the create failed, or that nobody knows, and gives the
// error for the client. After a breakdown at the provider it is looked for what
// the create made all the same, where that can be.
func (s *Service) notStarted(ctx context.Context, x idv.Session, req Request, err error) (Reply, error) {
	f := fault(x, err)
	s.Logger.WarnContext(ctx, "session was not started", "session", x.ID, "provider", x.Provider, "error", f.Err.Error())
	if s.canFind(x) && brokeDown(f.Err) {
		switch started, found := s.find(ctx, x); found {
		case one:
			return s.made(ctx, x, req, s.found(x, started))
		case unsure:
			doubtful := *f.Err
			doubtful.Ambiguous = true
			f.Err = &doubtful
		}
	}
	if f.Err.Ambiguous {
		change := idv.Change{
			SessionID:       x.ID,
			StartUnanswered: true,
			Jobs:            []idv.Job{{Kind: idv.JobSettle, ID: x.ID, RunAt: s.now().Add(settleEvery)}},
		}
		if _, err := s.keep(ctx, change); err != nil {
			return Reply{}, err
		}
		return Reply{}, f
	}
	change := s.failed(x, startReason(f.Err))
	// A refusal is this key's answer for good; after a breakdown the client may
	// try again with the same key, for nothing was bought.
	change.Key = req.Key
	if f.Err.Kind == idv.KindRejected || f.Err.Kind == idv.KindUnauthorized {
		change.Answer = func(x idv.Session) idv.Answer { return req.Answer(x, Made, f) }
	}
	if _, err := s.keep(ctx, change); err != nil {
		return Reply{}, err
	}
	return Reply{}, f
}

// brokeDown: the provider answered, and what it answered says only that it is in
// trouble.
func brokeDown(e *idv.ProviderError) bool {
	return e.HTTPStatus >= 500 && (e.Kind == idv.KindUnavailable || e.Kind == idv.KindTimeout)
}

// failed is a create that came to nothing.
func (s *Service) failed(x idv.Session, why idv.Reason) idv.Change {
	return idv.Change{
		SessionID: x.ID,
		Observations: []idv.Observation{{
			Fingerprint: "create-failed",
			Source:      idv.SourceCreate,
			HeardAt:     s.now(),
			Status:      idv.Failed,
			Reasons:     []idv.Reason{why},
		}},
	}
}

func startReason(e *idv.ProviderError) idv.Reason {
	switch e.Kind {
	case idv.KindRejected, idv.KindUnauthorized, idv.KindNotFound:
		return idv.NewReason(idv.ReasonProviderRejected, e.Code)
	case idv.KindTimeout:
		return idv.NewReason(idv.ReasonProviderTimeout, e.Code)
	default:
		return idv.NewReason(idv.ReasonProviderUnavailable, e.Code)
	}
}

func (s *Service) reuse(ctx context.Context, x idv.Session, req Request) (Reply, error) {
	if req.Key != nil {
		if err := s.Store.AnswerKey(ctx, *req.Key, about(x, req.Answer(x, Reused, nil))); err != nil {
			return Reply{}, err
		}
	}
	return Reply{Session: x, Outcome: Reused}, nil
}

// sameKey answers a repetition whose first call left no answer: because it
// still runs, because the provider did not answer it, or because it died.
func (s *Service) sameKey(ctx context.Context, x idv.Session, req Request) (Reply, error) {
	switch {
	case s.inFlight(x):
		return Reply{}, &ConflictError{Kind: ConflictInFlight, SessionID: x.ID, RetryAfter: time.Second}
	case x.Ref != "":
		a := about(x, req.Answer(x, Made, nil))
		if err := s.Store.AnswerKey(ctx, *req.Key, a); err != nil {
			return Reply{}, err
		}
		return Reply{Replay: &a}, nil
	default:
		return Reply{}, fault(x, &idv.ProviderError{Kind: idv.KindTimeout, Ambiguous: true})
	}
}

// about notes of which session an answer tells, for it goes with the session.
func about(x idv.Session, a idv.Answer) idv.Answer {
	a.SessionID = x.ID
	return a
}
