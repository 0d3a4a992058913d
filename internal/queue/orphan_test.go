package queue_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/queue"
)

// doomed names the database of a process that is to be killed at its work.
const doomed = "BONAFIDE_TEST_DOOMED"

func TestMain(m *testing.M) {
	if url := os.Getenv(doomed); url != "" {
		workUntilKilled(url)
	}
	os.Exit(m.Run())
}

// workUntilKilled works one job for ever and says when it begins.
func workUntilKilled(url string) {
	t := &process{}
	k := open(t, url)
	k.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: func(_ context.Context, task queue.Task) error {
		fmt.Println(task.ID)
		select {}
	}}, queue.Options{})
	select {}
}

// process stands for the test where there is none.
type process struct{ testing.TB }

func (*process) Helper()           {}
func (*process) Cleanup(func())    {}
func (*process) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func TestWorkOfAKilledProcessIsTakenUpAtOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		k := open(t, url)
		k.insert(true, idv.Job{Kind: idv.JobDelivery, ID: "whd_1"})

		victim := exec.Command(os.Args[0])
		victim.Env = append(os.Environ(), doomed+"="+url)
		victim.Stderr = os.Stderr
		said, err := victim.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(said).ReadString('\n'); err != nil || line != "whd_1\n" {
			t.Errorf("the process works on %q, %v", line, err)
		}
		if err := victim.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = victim.Wait() // it was killed

		given := newLog()
		began := time.Now()
		k.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: func(_ context.Context, task queue.Task) error {
			given.add(task)
			return nil
		}}, queue.Options{})
		if task := given.wait(t, 1)[0]; task.ID != "whd_1" || task.Attempt != 2 {
			t.Errorf("task = %+v", task)
		}
		t.Logf("taken up after %s", time.Since(began))
	})
}

func TestWorkOfALivingProcessIsLeftToIt(t *testing.T) {
	url := enginetest.Postgres(t)
	k := open(t, url)
	begun, finish := make(chan struct{}), make(chan struct{})
	done := newLog()
	k.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: func(_ context.Context, task queue.Task) error {
		if task.ID == "whd_1" {
			close(begun) // a second time would panic
			<-finish
		}
		done.add(task)
		return nil
	}}, queue.Options{})
	k.insert(true, idv.Job{Kind: idv.JobDelivery, ID: "whd_1"})
	<-begun
	// Another process starts, and adopts what was left behind.
	other := open(t, url)
	other.work(map[idv.JobKind]queue.Handler{idv.JobDelivery: func(_ context.Context, task queue.Task) error {
		if task.ID == "whd_1" {
			t.Error("the job was taken from a living process")
		}
		done.add(task)
		return nil
	}}, queue.Options{})
	k.insert(true, idv.Job{Kind: idv.JobDelivery, ID: "whd_2"})
	done.wait(t, 1)
	close(finish)
	done.wait(t, 2)
}
