package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const lease = 30 * time.Second

func (k *kit) claim(key *idv.IdempotencyKey) idv.Claim {
	k.t.Helper()
	claim, err := k.ClaimKey(k.t.Context(), *key, lease)
	if err != nil {
		k.t.Fatalf("ClaimKey: %v", err)
	}
	return claim
}

func TestClaimKey(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		one, other := key("k1", "cancel"), key("k1", "refresh")
		expect := func(when string, key *idv.IdempotencyKey, want idv.Claim) {
			t.Helper()
			if diff := cmp.Diff(want, k.claim(key)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		expect("at first", one, idv.Claim{Kind: idv.ClaimNew})
		expect("in flight", one, idv.Claim{Kind: idv.ClaimSameKey})
		expect("in flight, another request", other, idv.Claim{Kind: idv.ClaimMismatch})
		k.pass(lease)
		expect("after the lease, another request", other, idv.Claim{Kind: idv.ClaimMismatch})
		expect("after the lease", one, idv.Claim{Kind: idv.ClaimNew})
		expect("in flight again", one, idv.Claim{Kind: idv.ClaimSameKey})

		answer := idv.Answer{Status: 409, Body: []byte("{}\xff\x00")}
		if err := k.AnswerKey(t.Context(), *one, answer); err != nil {
			t.Fatal(err)
		}
		expect("answered", one, idv.Claim{Kind: idv.ClaimReplay, Answer: answer})
		expect("answered, another request", other, idv.Claim{Kind: idv.ClaimMismatch})
		k.pass(24*time.Hour - time.Millisecond)
		expect("within a day", one, idv.Claim{Kind: idv.ClaimReplay, Answer: answer})
		k.pass(time.Millisecond)
		expect("after a day", other, idv.Claim{Kind: idv.ClaimNew})

		if err := k.ForgetKey(t.Context(), *other); err != nil {
			t.Fatal(err)
		}
		expect("forgotten", one, idv.Claim{Kind: idv.ClaimNew})
		if err := k.ForgetKey(t.Context(), *key("never", "seen")); err != nil {
			t.Errorf("forgetting what is not there: %v", err)
		}
	})
}

func TestAnswerWithoutAClaimIsKept(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		one := key("k1", "cancel")
		for _, answer := range []idv.Answer{{Status: 200, Body: []byte("a")}, {Status: 201, Body: []byte("b")}} {
			if err := k.AnswerKey(t.Context(), *one, answer); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(idv.Claim{Kind: idv.ClaimReplay, Answer: answer}, k.claim(one)); diff != "" {
				t.Errorf("claim (-want +got):\n%s", diff)
			}
		}
	})
}

func TestParallelClaimsOfOneKey(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const calls = 40
		names := []string{"k1", "k2", "k3", "k4"}
		claims := make([]idv.Claim, calls)
		errs := make([]error, calls)
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				claims[i], errs[i] = k.ClaimKey(t.Context(), *key(names[i%len(names)], "body"), lease)
			})
		}
		wg.Wait()
		fresh := map[string]int{}
		for i, claim := range claims {
			switch {
			case errs[i] != nil:
				t.Error(errs[i])
			case claim.Kind == idv.ClaimNew:
				fresh[names[i%len(names)]]++
			case claim.Kind != idv.ClaimSameKey:
				t.Errorf("claim = %s", claim.Kind)
			}
		}
		for _, name := range names {
			if fresh[name] != 1 {
				t.Errorf("%s was claimed %d times", name, fresh[name])
			}
		}
	})
}
