package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestStatusLapsesWithoutBeingRead(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		for i := range 3 {
			x := k.running(fmt.Sprint("user-", i))
			k.say(x.ID, idv.Approved)
		}
		version := func() (sum int) {
			if err := k.DB().QueryRowContext(t.Context(), "SELECT sum(version) FROM users WHERE status = 'expired'").Scan(&sum); err != nil {
				return 0
			}
			return sum
		}
		before := k.user("user-0").Version
		k.pass(validFor - time.Millisecond)
		if n, err := k.LapseUsers(t.Context(), 2); err != nil || n != 0 {
			t.Fatalf("%d lapsed before their time, %v", n, err)
		}
		k.pass(time.Millisecond)
		for _, want := range []int{2, 1, 0} {
			if n, err := k.LapseUsers(t.Context(), 2); err != nil || n != want {
				t.Errorf("%d lapsed, want %d, %v", n, want, err)
			}
		}
		if got := version(); got != 3*int(before+1) {
			t.Errorf("versions add up to %d, want each to have risen once from %d", got, before)
		}
	})
}

func TestOldKeysAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		for i := range 5 {
			if _, err := k.ClaimKey(t.Context(), *key(fmt.Sprint("k", i), "request"), time.Second); err != nil {
				t.Fatal(err)
			}
		}
		k.pass(23 * time.Hour)
		k.created("user-1")
		if _, err := k.ClaimKey(t.Context(), *key("young", "request"), time.Second); err != nil {
			t.Fatal(err)
		}
		if n, err := k.SweepKeys(t.Context(), 10); err != nil || n != 0 {
			t.Fatalf("%d forgotten before their time, %v", n, err)
		}
		k.pass(time.Hour)
		for _, want := range []int{3, 2, 0} {
			if n, err := k.SweepKeys(t.Context(), 3); err != nil || n != want {
				t.Errorf("%d forgotten, want %d, %v", n, want, err)
			}
		}
		if n := k.count("idempotency_keys"); n != 1 {
			t.Errorf("%d keys are left, want the young one", n)
		}
	})
}
