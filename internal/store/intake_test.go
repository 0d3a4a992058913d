package store_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// arriving is a delivery that somebody waits for.
type arriving struct {
	idv.Delivery
	isNew bool
	err   error
	done  chan struct{}
}

// arrive has a delivery saved by somebody who waits for it.
func (k *kit) arrive(ctx context.Context, body string) *arriving {
	a := &arriving{Delivery: k.delivery("kora", body), done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.isNew, a.err = k.SaveDelivery(ctx, a.Delivery)
	}()
	return a
}

// gate holds up the first call and tells how many jobs came with each.
type gate struct {
	entered, open chan struct{}
	once          sync.Once
	mu            sync.Mutex
	sizes         []int
}

func (g *gate) pass(list []idv.Job) error {
	g.mu.Lock()
	g.sizes = append(g.sizes, len(list))
	g.mu.Unlock()
	g.once.Do(func() {
		close(g.entered)
		<-g.open
	})
	return nil
}

func newGate() *gate { return &gate{entered: make(chan struct{}), open: make(chan struct{})} }

// What arrives while a transaction runs is written by the next one together, and
// nobody is told before the commit.
func TestDeliveriesThatWaitTogetherShareOneTransaction(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		g := newGate()
		k.jobs.make(g.pass)
		first := k.arrive(t.Context(), "first")
		<-g.entered
		const others = 100
		var rest []*arriving
		for n := range others {
			rest = append(rest, k.arrive(t.Context(), fmt.Sprint("other ", n%(others/2)))) // each twice
		}
		for k.Waiting() < others {
			time.Sleep(time.Millisecond)
		}
		select {
		case <-first.done:
			t.Fatalf("told before the commit: %v, %v", first.isNew, first.err)
		default:
		}
		close(g.open)
		<-first.done
		fresh := 0
		for _, a := range rest {
			<-a.done
			if a.err != nil {
				t.Error(a.err)
			}
			if _, err := k.Delivery(t.Context(), a.ID); a.isNew != (err == nil) {
				t.Errorf("new is %v, and it is there: %v", a.isNew, err)
			}
			if a.isNew {
				fresh++
			}
		}
		if !first.isNew || fresh != others/2 || !slices.Equal(g.sizes, []int{1, others / 2}) {
			t.Errorf("first %v, %d others, transactions with jobs %v", first.isNew, fresh, g.sizes)
		}
		if jobs := k.queued(idv.JobDelivery); len(jobs) != 1+others/2 {
			t.Errorf("%d jobs", len(jobs))
		}
	})
}

// A delivery that cannot be kept fails alone.
func TestBadDeliveryDoesNotFailItsNeighbours(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		g, bad := newGate(), ""
		k.jobs.make(func(list []idv.Job) error {
			if slices.ContainsFunc(list, func(j idv.Job) bool { return j.ID == bad }) {
				return errBroken
			}
			return g.pass(list)
		})
		first := k.arrive(t.Context(), "first")
		<-g.entered
		var rest []*arriving
		for n := range 10 {
			rest = append(rest, k.arrive(t.Context(), fmt.Sprint("other ", n)))
		}
		for k.Waiting() < len(rest) {
			time.Sleep(time.Millisecond)
		}
		bad = rest[4].ID
		close(g.open)
		<-first.done
		for n, a := range rest {
			<-a.done
			if n == 4 {
				if !errors.Is(a.err, errBroken) || errors.Is(a.err, idv.ErrBusy) || a.isNew {
					t.Errorf("the bad one: %v, %v", a.isNew, a.err)
				}
			} else if a.err != nil || !a.isNew {
				t.Errorf("a good one: %v, %v", a.isNew, a.err)
			}
		}
		if _, err := k.Delivery(t.Context(), bad); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("the bad one is there: %v", err)
		}
	})
}

// While the database is away, deliveries wait; whoever loses patience is told
// so, and nothing is kept that was not told to be.
func TestDeliveriesWaitForTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		tries := make(chan struct{})
		k.jobs.make(func([]idv.Job) error {
			select {
			case tries <- struct{}{}:
			default:
			}
			return fmt.Errorf("cut off: %w", driver.ErrBadConn)
		})
		impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		gone := k.arrive(impatient, "gone")
		patient := k.arrive(t.Context(), "patient")
		<-gone.done
		if !errors.Is(gone.err, idv.ErrBusy) || gone.isNew {
			t.Errorf("impatient: %v, %v", gone.isNew, gone.err)
		}
		// The second try from now on cannot have begun before it went.
		<-tries
		<-tries
		k.jobs.make(nil)
		<-patient.done
		if patient.err != nil || !patient.isNew {
			t.Errorf("patient: %v, %v", patient.isNew, patient.err)
		}
		if _, err := k.Delivery(t.Context(), gone.ID); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("nobody waited for it: %v", err)
		}
	})
}

// However many come while the database is away, only so many are held, and each
// is answered in bounded time.
func TestIntakeIsBounded(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.jobs.make(func([]idv.Job) error { return driver.ErrBadConn })
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		var all []*arriving
		for range 3000 {
			all = append(all, k.arrive(ctx, id.New("body")))
		}
		for _, a := range all {
			<-a.done
			if !errors.Is(a.err, idv.ErrBusy) {
				t.Fatalf("%v, %v", a.isNew, a.err)
			}
			if n := k.Waiting(); n > 1024 {
				t.Fatalf("%d are held", n)
			}
		}
		k.jobs.make(nil)
		if isNew, err := k.SaveDelivery(t.Context(), k.delivery("kora", "after")); err != nil || !isNew {
			t.Errorf("afterwards: %v, %v", isNew, err)
		}
	})
}

// refuse has the database refuse the delivery of a body.
func (k *kit) refuse(body string) {
	k.t.Helper()
	digest := k.delivery("kora", body).Digest
	constraint := "ALTER TABLE deliveries ADD CONSTRAINT refused CHECK (digest NOT LIKE '" + digest + "')"
	if k.Pool() == nil {
		constraint = "CREATE TRIGGER refused BEFORE INSERT ON deliveries WHEN NEW.digest = '" + digest + "' BEGIN SELECT RAISE(ABORT, 'refused'); END"
	}
	if _, err := k.DB().ExecContext(k.t.Context(), constraint); err != nil {
		k.t.Fatal(err)
	}
}

// bulk is a store with the real queue, as in production.
func bulk(t *testing.T, url string) *kit {
	t.Helper()
	k := open(t, url)
	ring, err := seal.New([][]byte{bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{URL: url, Seal: ring, Jobs: k.jobs.inserter, Now: k.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &kit{Store: s, t: t, jobs: k.jobs, at: start}
}

// In one statement on PostgreSQL the same is written as in a transaction, by
// which the queue itself keeps its jobs, and whoever works is woken.
func TestOneStatementWritesTheSame(t *testing.T) {
	url := enginetest.Postgres(t)
	apart, together := open(t, url), bulk(t, url)
	listener, err := together.Pool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Release()
	if _, err := listener.Exec(t.Context(), `LISTEN "public.river_insert"`); err != nil {
		t.Fatal(err)
	}
	for _, k := range []*kit{apart, together} {
		if isNew, err := k.SaveDelivery(t.Context(), k.delivery("kora", id.New("body"))); err != nil || !isNew {
			t.Fatalf("%v, %v", isNew, err)
		}
		woken, err := listener.Conn().WaitForNotification(t.Context())
		if err != nil || woken.Payload != `{"queue": "delivery"}` {
			t.Fatalf("%+v, %v", woken, err)
		}
	}
	var kinds int
	err = apart.DB().QueryRow(`SELECT count(DISTINCT to_jsonb(j) - ARRAY['id', 'args', 'created_at', 'scheduled_at']) FROM river_job j`).Scan(&kinds)
	if err != nil || kinds != 1 || apart.count("river_job") != 2 {
		t.Errorf("%d kinds of %d jobs, %v", kinds, apart.count("river_job"), err)
	}
	if jobs := apart.queued(idv.JobDelivery); len(jobs) != 2 || !id.Valid(id.Delivery, jobs[1]) {
		t.Errorf("jobs %v", jobs)
	}
}

// The same holds with the real queue, where everything is in one statement.
func TestBadRowAmongMany(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		k := bulk(t, url)
		k.refuse("BAD")
		var all []*arriving
		for n := range 60 {
			body := fmt.Sprint("good ", n%20) // each three times
			if n%20 == 7 {
				body = "BAD"
			}
			all = append(all, k.arrive(t.Context(), body))
		}
		fresh := 0
		for n, a := range all {
			<-a.done
			if bad := n%20 == 7; bad != (a.err != nil) || errors.Is(a.err, idv.ErrBusy) {
				t.Errorf("delivery %d: %v, %v", n, a.isNew, a.err)
			}
			if a.isNew {
				fresh++
			}
		}
		if kept, jobs := k.count("deliveries"), len(k.queued(idv.JobDelivery)); fresh != 19 || kept != 19 || jobs != 19 {
			t.Errorf("%d are new, %d kept, with %d jobs", fresh, kept, jobs)
		}
	})
}
