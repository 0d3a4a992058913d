package queue_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/queue"
)

func (k *kit) backlog() map[idv.JobKind]idv.JobBacklog {
	k.t.Helper()
	engine := "sqlite"
	if k.handles.Pool != nil {
		engine = "postgres"
	}
	list, err := queue.Backlog(context.Background(), engine, k.db)
	if err != nil {
		k.t.Fatal(err)
	}
	byKind := map[idv.JobKind]idv.JobBacklog{}
	for _, b := range list {
		byKind[b.Kind] = b
	}
	return byKind
}

// What is due is told apart from what is for later, and from what failed.
func TestBacklog(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		if got := k.backlog(); len(got) != 0 {
			t.Errorf("an empty queue has a backlog: %v", got)
		}
		now := time.Now()
		k.insert(true,
			idv.Job{Kind: idv.JobDelivery, ID: "a"}, idv.Job{Kind: idv.JobDelivery, ID: "b"},
			idv.Job{Kind: idv.JobExpire, ID: "c", RunAt: now.Add(time.Hour)},
			idv.Job{Kind: idv.JobFetch, ID: "d"}, idv.Job{Kind: idv.JobFetch, ID: "e"}, idv.Job{Kind: idv.JobFetch, ID: "f"},
		)
		// One has waited for a minute, one failed and is for later, and one that
		// failed is due, though nobody has called it available yet.
		for _, change := range []struct{ set, id string }{
			{"scheduled_at = " + k.ago(time.Minute), "d"},
			{"state = 'retryable', scheduled_at = " + k.ago(-time.Hour), "e"},
			{"state = 'retryable', scheduled_at = " + k.ago(5*time.Minute), "f"},
		} {
			if _, err := k.db.Exec("UPDATE river_job SET " + change.set + " WHERE args->>'id' = '" + change.id + "'"); err != nil {
				t.Fatal(err)
			}
		}
		got := k.backlog()
		for kind, want := range map[idv.JobKind]struct {
			due, failed int
			oldest      time.Duration
		}{
			idv.JobDelivery: {due: 2},
			idv.JobFetch:    {due: 2, failed: 1, oldest: 5 * time.Minute},
			idv.JobExpire:   {},
		} {
			b := got[kind]
			if b.Due != want.due || b.Failed != want.failed || b.Oldest < want.oldest || b.Oldest > want.oldest+patience {
				t.Errorf("%s: %+v, want %+v", kind, b, want)
			}
		}
	})
}

// ago is a time in SQL, as River would write it.
func (k *kit) ago(d time.Duration) string {
	at := time.Now().Add(-d).UTC()
	if k.handles.Pool != nil {
		return "'" + at.Format(time.RFC3339Nano) + "'"
	}
	return "'" + at.Format("2006-01-02 15:04:05.000") + "'"
}

func TestOutcomesAreObserved(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		var mu sync.Mutex
		seen := map[string][]string{}
		var given sync.Map
		handle := func(_ context.Context, task queue.Task) error {
			if _, again := given.LoadOrStore(task.ID, true); again {
				return nil
			}
			switch task.ID {
			case "later":
				return queue.Later(time.Millisecond)
			case "error":
				return errors.New("no luck")
			case "panic":
				panic("no luck")
			default:
				return nil
			}
		}
		seenAll := make(chan struct{})
		k.insert(true, idv.Job{Kind: idv.JobDelivery, ID: "ok"}, idv.Job{Kind: idv.JobDelivery, ID: "later"},
			idv.Job{Kind: idv.JobDelivery, ID: "error"}, idv.Job{Kind: idv.JobSettle, ID: "panic"})
		k.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: handle, idv.JobSettle: handle}, queue.Options{
			Observe: func(kind idv.JobKind, outcome string, took time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				if took < 0 {
					t.Errorf("a job took %v", took)
				}
				seen[string(kind)] = append(seen[string(kind)], outcome)
				if len(seen["delivery"]) == 5 && len(seen["settle"]) == 2 {
					close(seenAll)
				}
			},
		})
		select {
		case <-seenAll:
		case <-time.After(patience):
			t.Error("not every try was observed")
		}
		mu.Lock()
		defer mu.Unlock()
		for _, list := range seen {
			slices.Sort(list)
		}
		want := map[string][]string{"delivery": {"error", "later", "ok", "ok", "ok"}, "settle": {"ok", "panic"}}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
	})
}
