package outbox_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/outbox"
)

// While the database is away what became of tries is kept, and written later.
func TestOutcomesOutliveAnOutage(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	broken := &flaky{Store: d.store}
	broken.down.Store(true)
	d.Outbox = d.another(func(o *outbox.Options) { o.Store = broken })
	r := receive(t)
	e := d.endpoint(r.URL)
	d.run()
	d.create("user-1")
	r.await(t, 2)
	eventually(t, "it was tried to write", func() bool { return broken.refused.Load() > 0 })
	broken.down.Store(false)
	d.settled(e, 2)
	if n := len(r.got()); n != 2 {
		t.Errorf("%d calls", n)
	}
}

// flaky is a store that cannot write outcomes for a while.
type flaky struct {
	outbox.Store
	down    atomic.Bool
	refused atomic.Int64
}

func (f *flaky) Settle(ctx context.Context, batch []idv.Settlement, patience time.Duration) ([]idv.DisabledEndpoint, error) {
	if f.down.Load() {
		f.refused.Add(1)
		return nil, idv.ErrBusy
	}
	return f.Store.Settle(ctx, batch, patience)
}

// An outcome that cannot be written fails alone.
func TestOneBadOutcomeFailsAlone(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	r := receive(t)
	e := d.endpoint(r.URL)
	d.create("user-1")
	events := d.feed()
	d.Outbox = d.another(func(o *outbox.Options) { o.Store = picky{Store: d.store, never: events[0].ID} })
	d.run()
	eventually(t, "the other one is written", func() bool {
		for _, m := range d.messages(e) {
			if m.Event.ID == events[1].ID && m.State == idv.MessageDelivered {
				return true
			}
		}
		return false
	})
	eventually(t, "the bad one is told of", func() bool { return strings.Contains(d.logs.String(), events[0].ID) })
}

// picky is a store that cannot write the outcome of one event.
type picky struct {
	outbox.Store
	never string
}

func (p picky) Settle(ctx context.Context, batch []idv.Settlement, patience time.Duration) ([]idv.DisabledEndpoint, error) {
	for _, s := range batch {
		if s.EventID == p.never {
			return nil, errors.New("no")
		}
	}
	return p.Store.Settle(ctx, batch, patience)
}
