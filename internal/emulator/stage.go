package emulator

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// The errors of Take.
var (
	ErrNoSession = errors.New("no such session")
	ErrNoStep    = errors.New("the provider has no such step")
)

// Stage is the shared part of one provider's emulator.
type Stage struct {
	o        Options
	profile  Profile
	provider Provider
	plans    map[string][]Move
	courier  *courier
	faults   faults
	book     book

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// NewStage makes the shared part. Close it with the emulator.
func NewStage(o Options, p Profile, provider Provider) *Stage {
	o.Pace = Pace{
		Scenario: cmp.Or(o.Pace.Scenario, 300*time.Millisecond),
		Slow:     cmp.Or(o.Pace.Slow, 10*time.Second),
		Retry:    cmp.Or(o.Pace.Retry, 500*time.Millisecond),
		Hold:     cmp.Or(o.Pace.Hold, time.Second),
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: webhookTimeout}
	}
	s := &Stage{o: o, profile: p, provider: provider, plans: p.scenarios(o.Pace)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.courier = newCourier(o, p.Name, provider)
	return s
}

// Now is the time, in UTC and to the millisecond.
func (s *Stage) Now() time.Time { return s.o.Now().UTC().Truncate(time.Millisecond) }

// PageURL is the hosted page of a session.
func (s *Stage) PageURL(id string) string { return s.o.PublicURL + s.profile.Page + url.PathEscape(id) }

// Close ends the background work and waits for it.
func (s *Stage) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
}

// Create keeps a new session, whose id the provider chose, starts the scenario
// that its externalUserId names, and returns it as kept. It is false, and the
// call is answered, if the id names a fault of the create.
func (s *Stage) Create(w http.ResponseWriter, r *http.Request, session Session) (Session, bool) {
	word, names, ok := magic(session.ExternalUserID)
	fault := FaultsOf(session.ExternalUserID).API
	if s.hit(fault, w, r) {
		return Session{}, false
	}

	session.Status, session.Round = idv.Pending, 1
	session.CreatedAt = s.Now()
	session.UpdatedAt = session.CreatedAt
	session.Fields = maps.Clone(session.Fields)
	if !WebURL(session.ReturnURL) {
		session.ReturnURL = ""
	}
	s.book.add(session)
	if plan := s.plans[word]; ok && len(plan) > 0 {
		s.background(func(ctx context.Context) { s.play(ctx, session.ID, plan) })
	}
	if life := session.ExpiresAt.Sub(session.CreatedAt); !session.ExpiresAt.IsZero() {
		s.background(func(ctx context.Context) { s.expire(ctx, session.ID, life) })
	}
	s.o.Logger.Info("emulator: session created", "provider", s.profile.Name, "session", session.ID, "scenario", word, "faults", len(names))
	if fault.Lose {
		hangUp(w)
		return Session{}, false
	}
	return session, true
}

// Session gives the session of that id.
func (s *Stage) Session(id string) (Session, bool) { return s.book.get(id) }

// Sessions lists the sessions that match, newest first.
func (s *Stage) Sessions(match func(Session) bool) []Session { return s.book.list(match) }

// Remove forgets a session, as a provider does that was asked to erase it, and
// reports whether there was one.
func (s *Stage) Remove(id string) bool { return s.book.remove(id) }

// Take makes a step happen to a session, with the steps that lead to it, and
// sends the webhooks that follow. Opening or submitting what is further already
// changes nothing. An empty reason takes the provider's first choice. It
// returns the session after the step, ErrNoSession or ErrNoStep.
func (s *Stage) Take(id string, step Step, reason string) (Session, error) {
	if step != Open && step != Submit && !slices.Contains(s.profile.Steps, step) {
		return Session{}, ErrNoStep
	}
	session, taken, err := s.move(id, step, s.reasonFor(step, reason))
	if err != nil {
		return Session{}, err
	}
	var messages []Message
	for _, t := range taken {
		messages = append(messages, s.provider.Tell(t.after, t.step)...)
	}
	s.send(session.ExternalUserID, messages)
	return session, nil
}

type taken struct {
	step  Step
	after Session
}

func (s *Stage) move(id string, step Step, reason string) (after Session, steps []taken, err error) {
	after, ok := s.book.change(id, func(session *Session) {
		for _, next := range step.way(session.Status) {
			session.take(next, reason, s.Now())
			steps = append(steps, taken{next, *session})
		}
	})
	if !ok {
		return Session{}, nil, ErrNoSession
	}
	return after, steps, nil
}

func (s *Stage) reasonFor(step Step, reason string) string {
	choices := s.profile.Reasons
	if step == Resubmit {
		choices = s.profile.ResubmitReasons
	}
	if reason == "" && len(choices) > 0 {
		return choices[0].Value
	}
	return reason
}

// expire ends a session whose user's part was not done in time.
func (s *Stage) expire(ctx context.Context, id string, life time.Duration) {
	if !sleep(ctx, life) {
		return
	}
	session, ok := s.Session(id)
	if ok && session.Status.Open() && !session.Status.HandedIn() {
		// The step is missing only at a provider whose sessions do not expire.
		_, _ = s.Take(id, Expire, "")
	}
}

func (s *Stage) background(work func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.work.Go(func() { work(s.ctx) })
	}
}
