package queue_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/queue"
)

// After an outage of the database a job of a living process may be taken from it
// in the very moment in which it says that the job is done. The process
// survives that, and the job is worked again.
func TestJobIsTakenWhileItIsCompleted(t *testing.T) {
	t.Parallel()
	k := open(t, enginetest.Postgres(t))
	begun, finish := make(chan struct{}, 10), make(chan struct{})
	done := newLog()
	k.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: func(_ context.Context, task queue.Task) error {
		begun <- struct{}{}
		<-finish
		done.add(task)
		return nil
	}}, queue.Options{})
	k.insert(true, idv.Job{Kind: idv.JobDelivery, ID: "whd_1"})
	<-begun

	tx, err := k.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "UPDATE river_job SET state = 'available'"); err != nil {
		t.Fatal(err)
	}
	close(finish)
	k.await("the completion waits for the row", "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	done.wait(t, 2)
	k.await("the job is done", "SELECT state = 'completed' FROM river_job")
}

// The answer to the question for work may be lost, after which a job is marked
// as at work with a process that never heard of it.
func TestJobThatNobodyKnowsOfIsTakenUp(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, url string) {
		k := open(t, url)
		var works atomic.Int32
		k.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: func(context.Context, queue.Task) error {
			works.Add(1)
			return nil
		}}, queue.Options{Timeout: time.Second})
		k.insert(true, idv.Job{Kind: idv.JobDelivery, ID: "whd_1"})
		k.await("the job is done", "SELECT state = 'completed' FROM river_job")
		// It keeps the name of the process, which lives.
		if _, err := k.db.ExecContext(t.Context(), "UPDATE river_job SET state = 'running', finalized_at = NULL"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		k.await("the job is done again", "SELECT state = 'completed' FROM river_job")
		if works.Load() != 2 {
			t.Errorf("it was worked %d times", works.Load())
		}
		// Its time-out, the time to obey it, and the time between two looks.
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("taken up after %s", took)
		}
	})
}

// await asks the database until it says yes.
func (k *kit) await(what, query string) {
	k.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var yes bool
		if err := k.db.QueryRow(query).Scan(&yes); err != nil {
			k.t.Fatal(err)
		}
		if yes {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("it never came that %s", what)
		}
	}
}
