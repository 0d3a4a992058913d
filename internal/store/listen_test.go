package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// ear keeps what it heard.
type ear struct {
	mu     sync.Mutex
	heard  []string
	missed int
}

func (e *ear) Changed(keys []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, keys...)
}

func (e *ear) Missed() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.missed++
}

func (e *ear) times(user string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, key := range e.heard {
		if key == idv.WakeKey(user) {
			n++
		}
	}
	return n
}

func (e *ear) missings() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.missed
}

// listen listens until the test is over. It listens when it returns.
func (k *kit) listen() *ear {
	k.t.Helper()
	e := &ear{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.Listen(ctx, e)
	}()
	k.t.Cleanup(func() {
		cancel()
		<-ended
	})
	k.eventually("it listens", func() bool { return e.missings() == 1 })
	return e
}

func (k *kit) eventually(what string, holds func() bool) {
	k.t.Helper()
	eventually(k.t, what, holds)
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// What is kept is told, and what is not is not.
func TestChangesAreToldOnceTheyAreKept(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		e := k.listen()
		session := k.created("user-1")
		k.eventually("a create is heard of", func() bool { return e.times("user-1") == 1 })

		k.jobs.breakDown(true)
		if _, err := k.CreateSession(t.Context(), withJob(k.draft("user-2"))); !errors.Is(err, errBroken) {
			t.Fatalf("CreateSession: %v", err)
		}
		k.jobs.breakDown(false)
		k.say(session.ID, idv.Pending) // for the user that changes nothing
		k.say(session.ID, idv.InReview)
		k.eventually("a review is heard of", func() bool { return e.times("user-1") == 2 })

		k.say(session.ID, idv.Approved)
		k.eventually("an approval is heard of", func() bool { return e.times("user-1") == 3 })
		k.pass(validFor)
		if got := k.user("user-1").Status; got != idv.UserExpired {
			t.Fatalf("user is %s", got)
		}
		k.eventually("a lapse is heard of", func() bool { return e.times("user-1") == 4 })
		if n := e.times("user-2"); n != 0 {
			t.Errorf("what was not kept was told %d times", n)
		}
	})
}

func withJob(n idv.NewSession) idv.NewSession {
	n.Jobs = []idv.Job{{Kind: idv.JobSettle, ID: n.Session.ID}}
	return n
}

// Replicas hear of each other, also after the one connection that listens broke.
func TestReplicasHearOfEachOther(t *testing.T) {
	url := enginetest.Postgres(t)
	k, other := open(t, url), open(t, url)
	e := k.listen()
	other.created("user-1")
	k.eventually("the other one is heard", func() bool { return e.times("user-1") == 1 })
	for i, user := range []string{"user-2", "user-3"} {
		if _, err := k.DB().ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN bonafide_users' AND datname = current_database()"); err != nil {
			t.Fatal(err)
		}
		other.created(user)
		k.eventually("it says that it may have missed something", func() bool { return e.missings() == i+2 })
	}
	other.created("user-4")
	k.eventually("the other one is heard again", func() bool { return e.times("user-4") == 1 })
}

// However much there is to tell, nothing is left out: of too many it is told
// that everybody is worth looking at.
func TestMuchToTell(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		e := k.listen()
		for _, n := range []int{1, 500} {
			keys := make([]string, n)
			for i := range keys {
				keys[i] = idv.WakeKey(string(rune(i)))
			}
			k.Tell(keys)
			k.eventually("all are heard", func() bool {
				e.mu.Lock()
				defer e.mu.Unlock()
				return !slices.ContainsFunc(keys, func(key string) bool { return !slices.Contains(e.heard, key) })
			})
		}
		many := make([]string, 10_001)
		for i := range many {
			many[i] = idv.WakeKey(string(rune(i)))
		}
		before := e.missings()
		k.Tell(many)
		k.eventually("everybody is worth looking at", func() bool { return e.missings() > before })
	})
}
