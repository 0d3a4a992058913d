package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestDeliveryBacklog(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		backlog := func() []idv.DeliveryBacklog {
			t.Helper()
			got, err := k.DeliveryBacklog(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := backlog(); len(got) != 0 {
			t.Errorf("an empty database has a backlog: %v", got)
		}
		first := k.now()
		for _, d := range []struct {
			provider string
			state    idv.DeliveryState
		}{
			{"kora", idv.DeliveryReceived},
			{"kora", idv.DeliveryReceived},
			{"kora", idv.DeliveryParked},
			{"kora", idv.DeliveryProcessed},
			{"veriff", idv.DeliveryUnmatched},
			{"veriff", idv.DeliveryReceived},
		} {
			one := id.New("whd")
			if _, err := k.SaveDelivery(t.Context(), idv.Delivery{ID: one, Provider: d.provider, Digest: one, State: idv.DeliveryReceived, ReceivedAt: k.now()}); err != nil {
				t.Fatal(err)
			}
			if d.state != idv.DeliveryReceived {
				if err := k.MarkDelivery(t.Context(), idv.DeliveryOutcome{ID: one, State: d.state}); err != nil {
					t.Fatal(err)
				}
			}
			k.pass(time.Minute)
		}
		want := []idv.DeliveryBacklog{
			{Provider: "kora", State: idv.DeliveryParked, Count: 1, Oldest: kept(first.Add(2 * time.Minute))},
			{Provider: "kora", State: idv.DeliveryReceived, Count: 2, Oldest: kept(first)},
			{Provider: "veriff", State: idv.DeliveryReceived, Count: 1, Oldest: kept(first.Add(5 * time.Minute))},
			{Provider: "veriff", State: idv.DeliveryUnmatched, Count: 1, Oldest: kept(first.Add(4 * time.Minute))},
		}
		if diff := cmp.Diff(want, backlog()); diff != "" {
			t.Error(diff)
		}
	})
}
