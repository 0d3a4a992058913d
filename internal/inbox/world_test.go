package inbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/inbox"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// world is an inbox on a real database, with a provider whose webhooks are read
// by a table that a test may correct.
type world struct {
	*inbox.Inbox
	t     *testing.T
	store *store.Store
	table *table
	now   time.Time
}

// table reads a body as the updates under its text. No other method of a
// provider may be called.
type table struct {
	idv.Provider
	updates map[string][]idv.Update
}

func (t *table) Authenticate(context.Context, idv.Webhook) error { return nil }

func (t *table) Normalize(w idv.Webhook) ([]idv.Update, error) {
	updates, ok := t.updates[string(w.Body)]
	if !ok {
		return nil, fmt.Errorf("%w: not in the table", idv.ErrNotUnderstood)
	}
	return updates, nil
}

const validFor = 8760 * time.Hour

func each(t *testing.T, run func(t *testing.T, w *world)) {
	enginetest.Each(t, func(t *testing.T, url string) {
		engine, err := store.Engine(url)
		must(t, err)
		jobs, err := queue.NewInserter(engine)
		must(t, err)
		keyring, err := seal.New([][]byte{[]byte("0123456789abcdef0123456789abcdef")})
		must(t, err)
		w := &world{t: t, table: &table{updates: map[string][]idv.Update{}}, now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
		clock := func() time.Time { return w.now }
		w.store, err = store.Open(t.Context(), store.Options{URL: url, Seal: keyring, Jobs: jobs, ValidFor: validFor, Now: clock})
		must(t, err)
		t.Cleanup(func() { must(t, w.store.Close()) })
		w.Inbox = inbox.New(inbox.Options{
			Store: w.store, Sessions: w.store, Providers: map[string]idv.Provider{"acme": w.table},
			NewID: func() string { return id.New(id.Delivery) }, Now: clock, Logger: slog.New(slog.DiscardHandler),
		})
		run(t, w)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// session makes a pending session that the provider knows by the ref.
func (w *world) session(user string, ref idv.Ref) idv.Session {
	w.t.Helper()
	claim, err := w.store.CreateSession(w.t.Context(), idv.NewSession{Session: idv.Session{
		ID: id.New(id.Session), ExternalUserID: user, Provider: "acme", CreatedAt: w.now, UpdatedAt: w.now, ExpiresAt: w.now.Add(time.Hour),
	}})
	must(w.t, err)
	x, err := w.store.Apply(w.t.Context(), idv.Change{SessionID: claim.Session.ID, Started: &idv.Started{Ref: ref}, Observations: []idv.Observation{{
		Fingerprint: "create", Source: idv.SourceCreate, HeardAt: w.now, Status: idv.Pending,
	}}})
	must(w.t, err)
	return x
}

// comes has a webhook delivered and worked, and gives the delivery's id.
func (w *world) comes(body string, updates ...idv.Update) string {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	if updates != nil {
		w.table.updates[body] = updates
	}
	_, err := w.Receive(w.t.Context(), "acme", http.Header{}, []byte(body))
	must(w.t, err)
	all := w.deliveries()
	w.work(all[0].ID)
	return all[0].ID
}

func (w *world) deliveries() []idv.Delivery {
	w.t.Helper()
	all, err := w.store.Deliveries(w.t.Context(), idv.DeliveryFilter{})
	must(w.t, err)
	return all
}

func (w *world) delivery(id string) idv.Delivery {
	w.t.Helper()
	d, err := w.store.Delivery(w.t.Context(), id)
	must(w.t, err)
	return d
}

func (w *world) work(id string) {
	w.t.Helper()
	_, err := w.Work(w.t.Context(), id, 1)
	must(w.t, err)
}

// replay queues all deliveries and works them.
func (w *world) replay(f idv.DeliveryFilter) int {
	w.t.Helper()
	n, err := inbox.Replay(w.t.Context(), w.store, f, "cli")
	must(w.t, err)
	for _, d := range w.deliveries() {
		w.work(d.ID)
	}
	return n
}

// rehearse tells what a replay would change, and fails if that changes anything.
func (w *world) rehearse(f idv.DeliveryFilter) ([]inbox.Difference, inbox.Sum) {
	w.t.Helper()
	var told []inbox.Difference
	before := w.dump()
	sum, err := inbox.Rehearsal{Inbox: w.Inbox, Archive: w.store, ValidFor: validFor}.Run(w.t.Context(), f, func(d inbox.Difference) error {
		told = append(told, d)
		return nil
	})
	must(w.t, err)
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		w.t.Errorf("a rehearsal wrote: %s", diff)
	}
	return told, sum
}

// dump is everything in the database.
func (w *world) dump() map[string][]string {
	w.t.Helper()
	all := map[string][]string{}
	for _, name := range []string{"sessions", "observations", "results", "audit_log", "users", "deliveries", "idempotency_keys", "events", "river_job"} {
		rows, err := w.store.DB().QueryContext(w.t.Context(), "SELECT * FROM "+name)
		must(w.t, err)
		columns, err := rows.Columns()
		must(w.t, err)
		for rows.Next() {
			cells, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range cells {
				into[i] = &cells[i]
			}
			must(w.t, rows.Scan(into...))
			all[name] = append(all[name], fmt.Sprint(cells...))
		}
		must(w.t, rows.Err())
		must(w.t, rows.Close())
		slices.Sort(all[name])
	}
	return all
}

func (w *world) state(sessionID string) idv.State {
	w.t.Helper()
	x, err := w.store.Session(w.t.Context(), sessionID)
	must(w.t, err)
	return x.State
}

func (w *world) user(name string) idv.UserVerification {
	w.t.Helper()
	v, err := w.store.Verification(w.t.Context(), name)
	must(w.t, err)
	return v
}

// after gives the value of a field after the change, "unchanged" if it is none.
func after(changes []inbox.Turn, field string) string {
	for _, c := range changes {
		if c.Field == field {
			return c.After
		}
	}
	return "unchanged"
}
