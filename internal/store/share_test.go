package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/store"
)

func TestReadsAreToldApart(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		var all sync.WaitGroup
		for i := range 60 {
			known := fmt.Sprint("known-", i)
			session := k.created(known)
			if i%2 == 0 {
				k.say(session.ID, idv.InReview)
			}
		}
		for i := range 600 {
			all.Go(func() {
				known, unknown := fmt.Sprint("known-", i%60), fmt.Sprint("unknown-", i)
				want := idv.UserPending
				if i%2 == 0 {
					want = idv.UserInReview
				}
				v, err := k.Verification(t.Context(), known)
				if err != nil || v.ExternalUserID != known || v.Status != want {
					t.Errorf("%s: %+v, %v", known, v, err)
				}
				v, err = k.Verification(t.Context(), unknown)
				if err != nil || v.ExternalUserID != unknown || v.Status != idv.UserUnverified || v.Version != 0 {
					t.Errorf("%s: %+v, %v", unknown, v, err)
				}
			})
		}
		all.Wait()
	})
}

// One row that cannot be read fails alone, wherever it is read with others.
func TestBadRowFailsAlone(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		for _, user := range []string{"good", "bad", "fine"} {
			k.created(user)
		}
		if _, err := k.DB().ExecContext(t.Context(), "UPDATE users SET reasons = '5' WHERE external_user_id = 'bad'"); err != nil {
			t.Fatal(err)
		}
		if v, err := k.Verification(t.Context(), "bad"); err == nil {
			t.Errorf("bad: %+v", v)
		}
		found, err := k.Verifications(t.Context(), []string{"good", "bad", "fine", "nobody"})
		var names []string
		for _, v := range found {
			names = append(names, v.ExternalUserID)
		}
		slices.Sort(names)
		if err == nil || !slices.Equal(names, []string{"fine", "good"}) {
			t.Errorf("found %v, %v", names, err)
		}
	})
}

// Reads that come while others are on their way share one query, in which a user
// is asked for once.
func TestReadsThatWaitTogetherShareAQuery(t *testing.T) {
	var mu sync.Mutex
	var asked [][]string
	gate := make(chan struct{})
	started := make(chan struct{}, 10)
	read, waiting, end := store.ShareReads(func(_ context.Context, names []string) error {
		mu.Lock()
		asked = append(asked, names)
		mu.Unlock()
		started <- struct{}{}
		<-gate
		return nil
	})
	defer end()
	var all sync.WaitGroup
	ask := func(name string) {
		all.Go(func() {
			if found, err := read(t.Context(), name); !found || err != nil {
				t.Errorf("%s: %t, %v", name, found, err)
			}
		})
	}
	// Two readers are busy, and the rest gathers.
	for i := range 2 {
		ask(fmt.Sprint("early-", i))
		<-started
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := read(gone, "gone"); !errors.Is(err, context.Canceled) {
		t.Errorf("gone: %v", err)
	}
	for i := range 100 {
		ask(fmt.Sprint("late-", i%10))
	}
	eventually(t, "all wait", func() bool { return waiting() >= 100 })
	close(gate)
	all.Wait()
	if n := len(asked); n > 4 {
		t.Errorf("%d queries", n)
	}
	for _, names := range asked[2:] {
		sorted := slices.Compact(slices.Sorted(slices.Values(names)))
		if len(sorted) != len(names) || slices.Contains(names, "gone") {
			t.Errorf("asked for %v", names)
		}
	}
}

func TestTroubleWithAQueryIsToldToItsReaders(t *testing.T) {
	broken := errors.New("broken")
	read, _, end := store.ShareReads(func(_ context.Context, names []string) error {
		if slices.Contains(names, "bad") {
			return broken
		}
		return nil
	})
	var all sync.WaitGroup
	for i := range 200 {
		name := []string{"good", "bad"}[i%2]
		all.Go(func() {
			if _, err := read(t.Context(), name); (name == "bad") != errors.Is(err, broken) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	end()
	if _, err := read(t.Context(), "good"); !errors.Is(err, idv.ErrBusy) {
		t.Errorf("after the end: %v", err)
	}
}
