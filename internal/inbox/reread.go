package inbox

import (
	"context"
	"fmt"
	"slices"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// reread is a delivery as it was read before and as it is read now.
type reread struct {
	reading
	delivery idv.Delivery
	before   []idv.Said
}

func (r Rehearsal) again(ctx context.Context, id string) (reread, error) {
	d, err := r.Inbox.Store.Delivery(ctx, id)
	if err != nil {
		return reread{}, err
	}
	if !d.GoneAt.IsZero() {
		return reread{}, idv.ErrGone
	}
	again := reread{delivery: d}
	if again.reading, err = r.Inbox.read(ctx, d); err == nil {
		again.before, err = r.Inbox.unsay(ctx, d, &again.reading)
	}
	if err != nil {
		return again, fmt.Errorf("delivery %s: %w", id, err)
	}
	return again, nil
}

// asks reports whether the provider would be asked.
func (a reread) asks() bool {
	return slices.ContainsFunc(a.changes, func(c idv.Change) bool { return len(c.Jobs) > 0 })
}

// outcomes compares what became of the delivery with what becomes of it.
func (a reread) outcomes() []Turn {
	return turns(Turn{"state", string(a.delivery.State), string(a.outcome.State)})
}

// turns lists what the delivery says otherwise about one session.
func (a reread) turns(c idv.Change) []Turn {
	differing := a.outcomes()
	for i, o := range c.Observations {
		var before idv.Observation
		for _, s := range a.before {
			if s.SessionID == c.SessionID && s.Observation.Fingerprint == o.Fingerprint {
				before = s.Observation
			}
		}
		for _, t := range rereadings(before, o) {
			if len(c.Observations) > 1 {
				t.Field = fmt.Sprintf("%d.%s", i+1, t.Field)
			}
			differing = append(differing, t)
		}
	}
	return differing
}
