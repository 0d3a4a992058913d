package inbox

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Archive is what is read to tell what a replay would change.
type Archive interface {
	Lister
	Observations(ctx context.Context, sessionID string) ([]idv.Observation, error)
	Sessions(ctx context.Context, f idv.SessionFilter) ([]idv.Session, error)
}

// Rehearsal tells what a replay would change. It writes nothing and asks no
// provider.
type Rehearsal struct {
	Inbox   *Inbox
	Archive Archive
	// ValidFor is how long an approval counts; 0 for ever.
	ValidFor time.Duration
}

// Sum is what came of a rehearsal.
type Sum struct {
	Deliveries int `json:"deliveries"` // that were read
	Different  int `json:"different"`  // that are read otherwise than before
	Sessions   int `json:"sessions"`   // that would change
	Users      int `json:"users"`      // whose status would change
	// Fetches: deliveries after which the provider would be asked, whose answer
	// may change more.
	Fetches int `json:"fetches"`
}

// Run tells what would change, session by session and ordered by user. What is
// kept in memory is the ids of the deliveries that are read otherwise: all of a
// session must be folded together, and all sessions of a user.
func (r Rehearsal) Run(ctx context.Context, f idv.DeliveryFilter, tell func(Difference) error) (Sum, error) {
	var sum Sum
	users := map[string]map[string][]string{} // user, session, deliveries
	err := each(ctx, r.Archive, f, func(id string) error {
		again, err := r.again(ctx, id)
		if err != nil {
			return gone(err)
		}
		sum.Deliveries++
		if again.asks() {
			sum.Fetches++
		}
		return r.sort(ctx, again, users, &sum, tell)
	})
	if err != nil {
		return sum, err
	}
	for _, user := range slices.Sorted(maps.Keys(users)) {
		if err := r.user(ctx, user, users[user], &sum, tell); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// sort notes a delivery that is read otherwise under the sessions for which that
// makes a difference. One that is about no session is told at once.
func (r Rehearsal) sort(ctx context.Context, again reread, users map[string]map[string][]string, sum *Sum, tell func(Difference) error) error {
	different, alone := false, len(again.changes) == 0
	for _, c := range again.changes {
		if len(again.turns(c)) == 0 {
			continue
		}
		different = true
		x, err := r.Inbox.Sessions.Session(ctx, c.SessionID)
		if err != nil {
			return gone(err)
		}
		if users[x.ExternalUserID] == nil {
			users[x.ExternalUserID] = map[string][]string{}
		}
		users[x.ExternalUserID][x.ID] = append(users[x.ExternalUserID][x.ID], again.delivery.ID)
	}
	if alone {
		if changes := again.outcomes(); len(changes) > 0 {
			different = true
			if err := tell(Difference{
				Provider: again.delivery.Provider, Changes: []Turn{},
				Deliveries: []DeliveryDifference{{ID: again.delivery.ID, Changes: changes}},
			}); err != nil {
				return err
			}
		}
	}
	if different {
		sum.Different++
	}
	return nil
}

// user tells what would change about one user's sessions.
func (r Rehearsal) user(ctx context.Context, user string, affected map[string][]string, sum *Sum, tell func(Difference) error) error {
	sessions, err := r.Archive.Sessions(ctx, idv.SessionFilter{ExternalUserID: user})
	if err != nil {
		return err
	}
	var differences []Difference
	before, after := make([]idv.Standing, len(sessions)), make([]idv.Standing, len(sessions))
	for i, x := range sessions {
		before[i], after[i] = x.Standing(), x.Standing()
		if len(affected[x.ID]) == 0 {
			continue
		}
		d, state, err := r.session(ctx, x, affected[x.ID])
		if err != nil {
			return err
		}
		after[i].State = state
		if len(d.Changes) > 0 {
			sum.Sessions++
		}
		differences = append(differences, d)
	}
	now := r.Inbox.Now().UTC()
	changes := verifications(idv.FoldUser(before, r.ValidFor, now), idv.FoldUser(after, r.ValidFor, now))
	if len(changes) > 0 {
		sum.Users++
	}
	for _, d := range differences {
		d.Changes = append(d.Changes, changes...)
		if err := tell(d); err != nil {
			return err
		}
	}
	return nil
}

// session folds a session with the deliveries as they are read now.
func (r Rehearsal) session(ctx context.Context, x idv.Session, deliveries []string) (Difference, idv.State, error) {
	d := Difference{SessionID: x.ID, Provider: x.Provider}
	observations, err := r.Archive.Observations(ctx, x.ID)
	if err != nil {
		return d, x.State, err
	}
	ref := x.Ref
	for _, id := range slices.Backward(deliveries) { // oldest first
		again, err := r.again(ctx, id)
		if err != nil {
			if err = gone(err); err != nil {
				return d, x.State, err
			}
			continue
		}
		change := *again.change(x.ID)
		observations = replaced(observations, change.Observations)
		if ref == "" && change.Started != nil {
			ref = change.Started.Ref
		}
		if changes := again.turns(change); len(changes) > 0 {
			d.Deliveries = append(d.Deliveries, DeliveryDifference{ID: id, Changes: changes, Fetch: len(change.Jobs) > 0})
		}
	}
	state := idv.Fold(observations)
	d.Changes = append(states(x.State, state), turns(Turn{"ref", string(x.Ref), string(ref)})...)
	return d, state, nil
}

// replaced puts the newer reading of each observation in its place.
func replaced(observations, read []idv.Observation) []idv.Observation {
	for _, o := range read {
		i := slices.IndexFunc(observations, func(k idv.Observation) bool { return k.Fingerprint == o.Fingerprint })
		if i < 0 {
			observations = append(observations, o)
			continue
		}
		observations[i] = o
	}
	return observations
}
