package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Erasures keeps what is erased, and what providers are asked to erase.
type Erasures interface {
	EraseUser(ctx context.Context, req idv.EraseRequest) (idv.Erasure, error)
	Erasure(ctx context.Context, sessionID string) (idv.ProviderErasure, error)
	NoteErasure(ctx context.Context, e idv.ProviderErasure) error
	// UsersOfKeys gives the users whose keys have the names.
	UsersOfKeys(ctx context.Context, keyIDs []string) (externalUserIDs []string, err error)
	// DestroyedKeys names the keys that were destroyed, of each user the last one.
	DestroyedKeys(ctx context.Context) (keyIDs []string, err error)
}

// Ledger notes which keys were destroyed, outside of the database, so that a
// restored backup of it can be made to forget them again.
type Ledger interface {
	// Note adds keys, those that are not there yet.
	Note(at time.Time, keyIDs ...string) error
	Destroyed() (keyIDs []string, err error)
}

// askedAtOnce is how many providers are asked at once for one person.
const askedAtOnce = 8

// Erase erases a person's data here, asks every provider that has some, and tells
// what came of it. What a provider could not do at once is tried again later. It
// returns a *ConflictError if the user is on legal hold.
func (s *Service) Erase(ctx context.Context, externalUserID, by string) (idv.Erasure, error) {
	// It is begun; a caller who hangs up does not stop it half way.
	ctx = context.WithoutCancel(ctx)
	erasure, err := s.eraseHere(ctx, idv.EraseRequest{ExternalUserID: externalUserID, By: by})
	if err != nil {
		return erasure, err
	}
	var asking errgroup.Group
	asking.SetLimit(askedAtOnce)
	for i := range erasure.Providers {
		if e := &erasure.Providers[i]; e.Outcome == idv.EraseRequested && e.Tries == 0 && !e.Settled {
			asking.Go(func() (err error) {
				*e, _, err = s.eraseThere(ctx, *e)
				return err
			})
		}
	}
	return erasure, asking.Wait()
}

func (s *Service) eraseHere(ctx context.Context, req idv.EraseRequest) (idv.Erasure, error) {
	req.Plan, req.Jobs = s.planErasure, s.erasureJobs
	erasure, err := s.Erasures.EraseUser(ctx, req)
	if errors.Is(err, idv.ErrHeld) {
		return erasure, &ConflictError{Kind: ConflictHeld}
	}
	if err != nil || erasure.KeyID == "" || s.Ledger == nil {
		return erasure, err
	}
	if err := s.Ledger.Note(erasure.ErasedAt, erasure.KeyID); err != nil {
		return erasure, fmt.Errorf("note an erasure: %w", err)
	}
	return erasure, nil
}

// EraseAgain erases what a restored backup brought back of people whose data was
// erased since it was made, and gives how many those are. What the ledger does not
// know yet, because a process died before it could say so or because there was no
// ledger, it is told.
func (s *Service) EraseAgain(ctx context.Context) (people int, err error) {
	if s.Ledger == nil {
		return 0, nil
	}
	destroyed, err := s.Ledger.Destroyed()
	if err != nil {
		return 0, fmt.Errorf("read the ledger of erasures: %w", err)
	}
	back, err := s.Erasures.UsersOfKeys(ctx, destroyed)
	if err != nil {
		return 0, err
	}
	for _, user := range back {
		if _, err := s.eraseHere(ctx, idv.EraseRequest{ExternalUserID: user, By: idv.ActorRestore, Again: true}); err != nil {
			return people, err
		}
		people++
	}
	known, err := s.Erasures.DestroyedKeys(ctx)
	if err == nil {
		err = s.Ledger.Note(s.now(), known...)
	}
	return people, err
}

// planErasure says what the provider of a session is asked.
func (s *Service) planErasure(x idv.Session) idv.ProviderErasure {
	_, canErase := s.Providers[x.Provider].(idv.Eraser)
	switch {
	case x.Ref == "" && x.StartUnanswered:
		return idv.NobodyKnows()
	case x.Ref == "" && x.State.Status == idv.Created:
		return idv.ProviderErasure{Outcome: idv.EraseRequested, Detail: "the provider is making this session; it is asked as soon as it has"}
	case x.Ref == "":
		return idv.NeverThere()
	case s.Providers[x.Provider] == nil:
		return idv.ProviderErasure{Outcome: idv.EraseUnsupported, Settled: true, Detail: "the provider is not configured here any more: ask it by hand"}
	case !canErase:
		return idv.ProviderErasure{Outcome: idv.EraseUnsupported, Settled: true, Detail: "the provider cannot be asked by its API: ask it by hand"}
	default:
		return idv.ProviderErasure{Outcome: idv.EraseRequested, Detail: "the provider is being asked"}
	}
}

// erasureJobs is for a process that dies before the provider has answered.
func (s *Service) erasureJobs(e idv.ProviderErasure) []idv.Job {
	if e.Settled {
		return nil
	}
	return []idv.Job{{Kind: idv.JobErase, ID: e.SessionID, RunAt: s.now().Add(s.ProviderTimeout + grace)}}
}

// EraseAtProvider asks a provider, for the queue, to erase what it keeps of a
// session. It returns how long to wait before it is called again, 0 if there is
// nothing left to do.
func (s *Service) EraseAtProvider(ctx context.Context, sessionID string) (again time.Duration, err error) {
	e, err := s.Erasures.Erasure(ctx, sessionID)
	if errors.Is(err, idv.ErrNotFound) {
		return 0, nil
	}
	if err != nil || e.Settled {
		return 0, err
	}
	if e.Ref == "" && s.now().Before(e.CreatedAt.Add(settleWithin+grace)) {
		return settleEvery, nil // its create may still be answered
	}
	_, again, err = s.eraseThere(ctx, e)
	return again, err
}

// eraseThere asks a provider once and notes what came of it.
func (s *Service) eraseThere(ctx context.Context, e idv.ProviderErasure) (after idv.ProviderErasure, again time.Duration, err error) {
	if e.Ref == "" && s.now().Before(e.CreatedAt.Add(settleWithin+grace)) {
		return e, settleEvery, nil
	}
	e, again = s.askToErase(ctx, e)
	return e, again, s.Erasures.NoteErasure(ctx, e)
}

func (s *Service) askToErase(ctx context.Context, e idv.ProviderErasure) (after idv.ProviderErasure, again time.Duration) {
	eraser, ok := s.Providers[e.Provider].(idv.Eraser)
	switch {
	case e.Ref == "":
		unknown := idv.NobodyKnows()
		e.Outcome, e.Settled, e.Detail = unknown.Outcome, unknown.Settled, unknown.Detail
		return e, 0
	case !ok:
		e.Outcome, e.Settled, e.Detail = idv.EraseUnsupported, true, "the provider cannot be asked by its API: ask it by hand"
		return e, 0
	}
	ctx, cancel := context.WithTimeout(ctx, s.ProviderTimeout)
	defer cancel()
	e.Tries++
	err := eraser.Erase(ctx, e.Ref)
	var fault *idv.ProviderError
	if err != nil && !errors.As(err, &fault) {
		fault = &idv.ProviderError{Kind: idv.KindUnavailable, Err: err}
	}
	slow, isSlow := eraser.(idv.SlowEraser)
	switch {
	case err == nil && isSlow:
		e.Outcome, e.Settled, e.Detail = idv.EraseRequested, true, fmt.Sprintf("the provider confirmed it, and is done within %.0f hours", slow.ErasesWithin().Hours())
	case err == nil:
		e.Outcome, e.Settled, e.Detail = idv.EraseErased, true, "the provider confirmed it"
	case fault.Kind == idv.KindNotFound:
		e.Outcome, e.Settled, e.Detail = idv.EraseErased, true, "the provider does not know this session, or not any more"
	default:
		s.Logger.WarnContext(ctx, "provider did not erase a session", "session", e.SessionID, "provider", e.Provider, "tries", e.Tries, "error", fault.Error())
		again = eraseAgainAfter(e.Tries, fault)
		e.Outcome, e.Settled, e.Detail = idv.EraseFailed, again == 0, failing(fault, again)
	}
	return e, again
}

// eraseAgainAfter is how long to wait before a provider is asked again, 0 for not
// any more, after about a month. One that refuses may do so only while a link is
// alive or its work goes on, or because of a limit by the day.
func eraseAgainAfter(tries int, fault *idv.ProviderError) time.Duration {
	const most = 36
	if tries >= most {
		return 0
	}
	pause := 24 * time.Hour
	for i, early := range []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour} {
		if tries == i+1 {
			pause = early
		}
	}
	return max(pause, fault.RetryAfter)
}

func failing(fault *idv.ProviderError, again time.Duration) string {
	why := "the provider could not be reached"
	switch fault.Kind {
	case idv.KindRejected:
		why = "the provider refused it"
	case idv.KindUnauthorized:
		why = "the provider refused our credentials"
	case idv.KindRateLimited:
		why = "the provider takes no more such requests for now"
	}
	if fault.Code != "" {
		why += " (" + fault.Code + ")"
	}
	if again == 0 {
		return why + "; it is not asked any more: ask it by hand"
	}
	return why + "; it is asked again"
}
