package watch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/watch"
)

// desk answers for users' statuses, and can be out of order.
type desk struct {
	mu      sync.Mutex
	users   map[string]idv.UserVerification
	trouble error
	asked   [][]string
}

func (d *desk) Verifications(_ context.Context, users []string) ([]idv.UserVerification, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, users)
	if d.trouble != nil {
		return nil, d.trouble
	}
	var found []idv.UserVerification
	for _, user := range users {
		if v, ok := d.users[user]; ok {
			found = append(found, v)
		}
	}
	return found, nil
}

// set has a user come to a version, which changes by time alone at changesAt.
func (d *desk) set(user string, version int64, changesAt time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users[user] = idv.UserVerification{ExternalUserID: user, Version: version, Verification: idv.Verification{ChangesAt: changesAt}}
}

func (d *desk) read(user string) idv.UserVerification {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.users[user]
}

func (d *desk) breakDown(trouble error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = trouble
}

func (d *desk) times() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.asked)
}

// open gives a hub that runs and looks at nobody of itself.
func open(t *testing.T, change ...func(*watch.Options)) (*watch.Hub, *desk) {
	t.Helper()
	d := &desk{users: map[string]idv.UserVerification{}}
	o := watch.Options{Reader: d, Again: time.Hour}
	for _, c := range change {
		c(&o)
	}
	h := watch.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return h, d
}

func watchOf(t *testing.T, h *watch.Hub, user string) *watch.Watch {
	t.Helper()
	w, err := h.Watch(user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// next waits for at most a minute.
func next(t *testing.T, w *watch.Watch, seen idv.UserVerification) idv.UserVerification {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	v, err := w.Next(ctx, seen, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestWhoWaitsIsToldOnceOfEachVersion(t *testing.T) {
	h, d := open(t)
	w := watchOf(t, h, "user-1")
	seen := d.read("user-1")
	for version := int64(1); version <= 100; version++ {
		d.set("user-1", version, time.Time{})
		h.Changed([]string{idv.WakeKey("user-2"), idv.WakeKey("user-1")})
		if seen = next(t, w, seen); seen.Version != version {
			t.Fatalf("told of %d, want %d", seen.Version, version)
		}
	}
	// Heard of late, an old version is no news.
	h.Changed([]string{idv.WakeKey("user-1")})
	d.set("user-1", 101, time.Time{})
	h.Changed([]string{idv.WakeKey("user-1")})
	if seen = next(t, w, seen); seen.Version != 101 {
		t.Errorf("told of %d", seen.Version)
	}
	for _, users := range d.asked {
		if len(users) != 1 || users[0] != "user-1" {
			t.Fatalf("looked at %v, for whom nobody waits", users)
		}
	}
}

// A change between the beginning of a watch and the caller's own read, or right
// after it, is never missed, whoever else waits for the same user.
func TestNoChangeIsMissed(t *testing.T) {
	h, d := open(t)
	const changes, watchers = 300, 8
	var all sync.WaitGroup
	for range watchers {
		all.Go(func() {
			for seen := (idv.UserVerification{}); seen.Version < changes; {
				w, err := h.Watch("user-1")
				if err != nil {
					t.Error(err)
					return
				}
				if v := d.read("user-1"); v.Version > seen.Version {
					seen = v
				} else if seen, err = w.Next(t.Context(), v, time.Minute); err != nil {
					t.Error(err)
				}
				w.Close()
			}
		})
	}
	for version := range int64(changes) {
		d.set("user-1", version+1, time.Time{})
		h.Changed([]string{idv.WakeKey("user-1")})
	}
	all.Wait()
	if n := h.Waiting(); n != 0 {
		t.Errorf("%d still wait", n)
	}
}

// However many wait, everybody is looked at with few queries.
func TestManyAreLookedAtTogether(t *testing.T) {
	h, d := open(t)
	const users = 2_500
	var all sync.WaitGroup
	for i := range users {
		user := fmt.Sprint("user-", i)
		w := watchOf(t, h, user)
		all.Go(func() { next(t, w, idv.UserVerification{}) })
		d.set(user, 1, time.Time{})
	}
	h.Missed()
	all.Wait()
	if n := d.times(); n < 3 || n > 5 {
		t.Errorf("%d queries", n)
	}
	for _, users := range d.asked {
		if len(users) > 1_000 {
			t.Errorf("a query about %d users", len(users))
		}
	}
}

// A database that is away delays and loses nothing.
func TestTroubleLosesNothing(t *testing.T) {
	h, d := open(t)
	w := watchOf(t, h, "user-1")
	d.breakDown(errors.New("away"))
	d.set("user-1", 1, time.Time{})
	h.Changed([]string{idv.WakeKey("user-1")})
	eventually(t, "it was tried twice", func() bool { return d.times() > 1 })
	d.breakDown(nil)
	if v := next(t, w, idv.UserVerification{}); v.Version != 1 {
		t.Errorf("told of %d", v.Version)
	}
}

// Even what nobody told of comes out.
func TestEverybodyIsLookedAtAgain(t *testing.T) {
	h, d := open(t, func(o *watch.Options) { o.Again = 5 * time.Millisecond })
	w := watchOf(t, h, "user-1")
	d.set("user-1", 1, time.Time{})
	if v := next(t, w, idv.UserVerification{}); v.Version != 1 {
		t.Errorf("told of %d", v.Version)
	}
}

// A status that changes by time alone is looked at then, and not before.
func TestTimeAlone(t *testing.T) {
	h, d := open(t)
	w, other := watchOf(t, h, "user-1"), watchOf(t, h, "user-2")
	at := time.Now().Add(100 * time.Millisecond)
	d.set("user-1", 1, at)
	d.set("user-2", 1, at.Add(100*time.Millisecond))
	first, second := d.read("user-1"), d.read("user-2")
	d.set("user-1", 2, time.Time{})
	d.set("user-2", 2, time.Time{})
	told := make(chan time.Time, 1)
	go func() {
		next(t, other, second)
		told <- time.Now()
	}()
	if v := next(t, w, first); v.Version != 2 || time.Now().Before(at) {
		t.Errorf("told of %d, too early: %t", v.Version, time.Now().Before(at))
	}
	if (<-told).Before(second.ChangesAt) {
		t.Error("the other one was told too early")
	}
}

func TestWaitingEnds(t *testing.T) {
	h, _ := open(t, func(o *watch.Options) { o.Most = 1 })
	w := watchOf(t, h, "user-1")
	if _, err := h.Watch("user-1"); !errors.Is(err, watch.ErrFull) {
		t.Errorf("one too many: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Next(ctx, idv.UserVerification{}, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := w.Next(t.Context(), idv.UserVerification{}, time.Millisecond); !errors.Is(err, watch.ErrQuiet) {
		t.Errorf("quiet: %v", err)
	}
	w.Close()
	w.Close() // a second time changes nothing
	if n := h.Waiting(); n != 0 {
		t.Errorf("%d wait", n)
	}
	w = watchOf(t, h, "user-1")
	h.Close()
	h.Close()
	if _, err := w.Next(t.Context(), idv.UserVerification{}, time.Minute); !errors.Is(err, watch.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestWakeKeySaysNothingOfTheUser(t *testing.T) {
	// The first 64 bits of SHA-256("abc"), by FIPS 180-4, appendix B.1.
	if got := idv.WakeKey("abc"); got != "ba7816bf8f01cfea" || strings.Contains(got, "abc") {
		t.Errorf("WakeKey = %s", got)
	}
}
