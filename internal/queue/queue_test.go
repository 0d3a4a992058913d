package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/queue"
)

func TestEveryKindReachesItsHandler(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		given := newLog()
		handlers := map[idv.JobKind]queue.Handler{}
		var jobs []idv.Job
		var want []queue.Task
		for _, kind := range idv.JobKinds() {
			handlers[kind] = func(_ context.Context, task queue.Task) error {
				if task.Kind != kind {
					t.Errorf("%s was given %+v", kind, task)
				}
				given.add(task)
				return nil
			}
			jobs = append(jobs, idv.Job{Kind: kind, ID: "id of " + string(kind)})
			want = append(want, queue.Task{Kind: kind, ID: "id of " + string(kind), Attempt: 1})
		}
		k.insert(true, jobs...) // before anybody works, and after
		k.work(handlers, queue.Options{})
		k.insert(true, jobs...)
		got := given.wait(t, 2*len(jobs))
		order := func(a, b queue.Task) int { return strings.Compare(string(a.Kind), string(b.Kind)) }
		want = append(want, want...)
		slices.SortFunc(want, order)
		slices.SortFunc(got, order)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tasks (-want +got):\n%s", diff)
		}
	})
}

func TestRolledBackJobNeverWas(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		given := newLog()
		k.work(map[idv.JobKind]queue.Handler{idv.JobFetch: func(_ context.Context, task queue.Task) error {
			given.add(task)
			return nil
		}}, queue.Options{})
		k.insert(false, idv.Job{Kind: idv.JobFetch, ID: "rolled back"})
		k.insert(true)
		k.insert(true, idv.Job{Kind: idv.JobFetch, ID: "committed"})
		if got := given.wait(t, 1); got[0].ID != "committed" {
			t.Errorf("tasks %v", got)
		}
		var left int
		if err := k.db.QueryRow("SELECT count(*) FROM river_job WHERE args->>'id' = 'rolled back'").Scan(&left); err != nil || left != 0 {
			t.Errorf("%d jobs, %v", left, err)
		}
	})
}

func TestFailuresAreTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		given := newLog()
		k.work(map[idv.JobKind]queue.Handler{idv.JobFetch: func(_ context.Context, task queue.Task) error {
			given.add(task)
			switch task.Attempt {
			case 1:
				return errors.New("failed")
			case 2:
				var nothing []int
				_ = nothing[task.Attempt]
			}
			return nil
		}}, queue.Options{})
		k.insert(true, idv.Job{Kind: idv.JobFetch, ID: "one"})
		given.wait(t, 3)
		for i, want := range []time.Duration{time.Second, 2 * time.Second} {
			pause := given.times[i+1].Sub(given.times[i])
			t.Logf("pause after failure %d: %s", i+1, pause)
			if pause < want {
				t.Errorf("tried again after %s", pause)
			}
		}
		for i, task := range given.tasks {
			if task.Attempt != i+1 {
				t.Errorf("attempt %d is given as %d", i+1, task.Attempt)
			}
		}
	})
}

// laterError shows that a handler may bring its own error.
type laterError struct{ after time.Duration }

func (laterError) Error() string          { return "not yet" }
func (e laterError) Later() time.Duration { return e.after }

func TestLaterIsNoFailure(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		given := newLog()
		q := k.work(map[idv.JobKind]queue.Handler{idv.JobFetch: func(_ context.Context, task queue.Task) error {
			given.add(task)
			switch task.Attempt {
			case 1:
				return queue.Later(-time.Hour)
			case 2:
				return fmt.Errorf("wrapped: %w", laterError{300 * time.Millisecond})
			case 3:
				return errors.New("failed")
			case 4:
				return queue.Later(0)
			}
			return nil
		}}, queue.Options{})
		k.insert(true, idv.Job{Kind: idv.JobFetch, ID: "one"})
		tasks := given.wait(t, 5)
		for i, task := range tasks {
			if task.Attempt != i+1 {
				t.Errorf("attempt %d is given as %d", i+1, task.Attempt)
			}
		}
		if pause := given.times[2].Sub(given.times[1]); pause < 300*time.Millisecond {
			t.Errorf("came back after %s", pause)
		}
		if err := stop(q); err != nil {
			t.Error(err)
		}
		var failures int
		if err := k.db.QueryRow("SELECT attempt - 1 FROM river_job").Scan(&failures); err != nil || failures != 1 {
			t.Errorf("%d failures are counted, %v", failures, err)
		}
	})
}

func TestRunAtIsWaitedFor(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		given := newLog()
		k.work(map[idv.JobKind]queue.Handler{idv.JobExpire: func(_ context.Context, task queue.Task) error {
			given.add(task)
			return nil
		}}, queue.Options{})
		due := time.Now().Add(500 * time.Millisecond)
		k.insert(true,
			idv.Job{Kind: idv.JobExpire, ID: "far", RunAt: time.Now().Add(time.Hour)},
			idv.Job{Kind: idv.JobExpire, ID: "soon", RunAt: due},
			idv.Job{Kind: idv.JobExpire, ID: "past", RunAt: time.Now().Add(-time.Hour)})
		tasks := given.wait(t, 2)
		if tasks[0].ID != "past" || tasks[1].ID != "soon" {
			t.Errorf("tasks %v", tasks)
		}
		late := given.times[1].Sub(due)
		t.Logf("worked %s after it was due", late)
		if late < -time.Millisecond {
			t.Errorf("worked %s before it was due", -late)
		}
	})
}

func TestTwoWorkersShareTheWork(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const jobs = 200
		var mu sync.Mutex
		worked := map[string]int{}
		by := [2]int{}
		done := make(chan struct{})
		begun := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		var once [2]sync.Once
		for i := range by {
			k.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: func(_ context.Context, task queue.Task) error {
				// Neither goes on before the other one has work, too.
				once[i].Do(func() { close(begun[i]) })
				<-begun[1-i]
				mu.Lock()
				defer mu.Unlock()
				worked[task.ID]++
				by[i]++
				if by[0]+by[1] == jobs {
					close(done)
				}
				return nil
			}}, queue.Options{Workers: 2})
		}
		for i := range jobs {
			k.insert(true, idv.Job{Kind: idv.JobDelivery, ID: fmt.Sprint(i)})
		}
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("not all was worked")
		}
		mu.Lock()
		defer mu.Unlock()
		t.Logf("shared %d and %d", by[0], by[1])
		if len(worked) != jobs {
			t.Errorf("%d of %d were worked", len(worked), jobs)
		}
		for id, times := range worked {
			if times != 1 {
				t.Errorf("%s was worked %d times", id, times)
			}
		}
	})
}

func TestStopWaitsForWhatIsAtWork(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		begun, finish := make(chan struct{}), make(chan struct{})
		var finished bool
		q := k.work(map[idv.JobKind]queue.Handler{idv.JobFetch: func(ctx context.Context, _ queue.Task) error {
			close(begun)
			<-finish
			finished = ctx.Err() == nil
			return nil
		}}, queue.Options{})
		k.insert(true, idv.Job{Kind: idv.JobFetch, ID: "one"})
		<-begun
		stopped := make(chan error)
		go func() { stopped <- stop(q) }()
		close(finish)
		if err := <-stopped; err != nil || !finished {
			t.Errorf("stopped with %v, finished %v", err, finished)
		}
	})
}

func TestStopEndsWhatDoesNotEnd(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		begun := make(chan struct{})
		again := newLog()
		handler := func(ctx context.Context, task queue.Task) error {
			if task.Attempt > 1 {
				again.add(task)
				return nil
			}
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		}
		q := k.work(map[idv.JobKind]queue.Handler{idv.JobFetch: handler}, queue.Options{})
		k.insert(true, idv.Job{Kind: idv.JobFetch, ID: "one"})
		<-begun
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err := q.Stop(ended); err != nil {
			t.Errorf("Stop: %v", err)
		}
		// The next process takes it up.
		k.work(map[idv.JobKind]queue.Handler{idv.JobFetch: handler}, queue.Options{})
		again.wait(t, 1)
	})
}

func TestLogsTellIDsOnly(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		var mu sync.Mutex
		var written bytes.Buffer
		given := newLog()
		q := k.work(map[idv.JobKind]queue.Handler{idv.JobFetch: func(_ context.Context, task queue.Task) error {
			given.add(task)
			if task.Attempt == 1 {
				panic("CANARY")
			}
			return nil
		}}, queue.Options{Logger: slog.New(slog.NewTextHandler(&lockedWriter{mu: &mu, to: &written}, nil))})
		k.insert(true, idv.Job{Kind: idv.JobFetch, ID: "ses_1"})
		given.wait(t, 2)
		if err := stop(q); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if said := written.String(); strings.Contains(said, "CANARY") || !strings.Contains(said, "id=ses_1") {
			t.Errorf("log:\n%s", said)
		}
		var kept int
		if err := k.db.QueryRow("SELECT count(*) FROM river_job WHERE CAST(errors AS text) LIKE '%CANARY%'").Scan(&kept); err != nil || kept != 0 {
			t.Errorf("the value of the panic is kept: %d, %v", kept, err)
		}
	})
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

func TestNewNeedsADatabaseAndHandlers(t *testing.T) {
	handlers := map[idv.JobKind]queue.Handler{idv.JobFetch: func(context.Context, queue.Task) error { return nil }}
	if _, err := queue.New(queue.Handles{}, handlers, queue.Options{}); err == nil {
		t.Error("no database")
	}
	if _, err := queue.New(queue.Handles{}, nil, queue.Options{}); err == nil {
		t.Error("no handlers")
	}
	if _, err := queue.NewInserter("mysql"); err == nil {
		t.Error("no such engine")
	}
}

// BenchmarkLatency measures from before the transaction of a job to its handler.
func BenchmarkLatency(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"postgres": enginetest.Postgres, "sqlite": enginetest.SQLite} {
		b.Run(engine, func(b *testing.B) {
			k := open(b, url(b))
			begun := make(chan time.Time)
			k.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: func(context.Context, queue.Task) error {
				begun <- time.Now()
				return nil
			}}, queue.Options{})
			var delays []time.Duration
			for b.Loop() {
				at := time.Now()
				k.insert(true, idv.Job{Kind: idv.JobDelivery, ID: "whd_1"})
				delays = append(delays, (<-begun).Sub(at))
			}
			slices.Sort(delays)
			b.ReportMetric(float64(delays[len(delays)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(delays[len(delays)*99/100].Microseconds()), "p99-µs")
		})
	}
}
