package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// delivery is a webhook that just came.
func (k *kit) delivery(provider, body string) idv.Delivery {
	digest := sha256.Sum256([]byte(body))
	return idv.Delivery{
		ID:         id.New(id.Delivery),
		Provider:   provider,
		Digest:     hex.EncodeToString(digest[:]),
		State:      idv.DeliveryReceived,
		ReceivedAt: k.now(),
		Webhook: idv.Webhook{
			Header:     http.Header{"X-Signature": {"abc"}, "Content-Type": {"application/json"}},
			Body:       []byte(body),
			ReceivedAt: k.now(),
		},
	}
}

func (k *kit) delivered(provider, body string) idv.Delivery {
	k.t.Helper()
	d := k.delivery(provider, body)
	if isNew, err := k.SaveDelivery(k.t.Context(), d); err != nil || !isNew {
		k.t.Fatalf("SaveDelivery = %v, %v", isNew, err)
	}
	return d
}

func (k *kit) mark(outcome idv.DeliveryOutcome) {
	k.t.Helper()
	if err := k.MarkDelivery(k.t.Context(), outcome); err != nil {
		k.t.Fatalf("MarkDelivery: %v", err)
	}
}

func TestSaveDeliveryKeepsItOnce(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		d := k.delivery("kora", `{"name":"AMARA \u0000"}`+"\x00\xff")
		isNew, err := k.SaveDelivery(t.Context(), d)
		if err != nil || !isNew {
			t.Fatalf("SaveDelivery = %v, %v", isNew, err)
		}
		repeat := d
		repeat.ID = id.New(id.Delivery)
		isNew, err = k.SaveDelivery(t.Context(), repeat)
		if err != nil || isNew {
			t.Errorf("repetition: %v, %v", isNew, err)
		}
		elsewhere := d
		elsewhere.ID, elsewhere.Provider = id.New(id.Delivery), "idnorm"
		if isNew, err := k.SaveDelivery(t.Context(), elsewhere); err != nil || !isNew {
			t.Errorf("another provider: %v, %v", isNew, err)
		}
		if got := k.queued(idv.JobDelivery); !slices.Equal(got, []string{d.ID, elsewhere.ID}) {
			t.Errorf("jobs %v", got)
		}
		d.ReceivedAt = kept(d.ReceivedAt)
		d.Webhook.ReceivedAt = d.ReceivedAt
		got, err := k.Delivery(t.Context(), d.ID)
		d.Key = got.Key
		if diff := cmp.Diff(d, got); err != nil || diff != "" {
			t.Errorf("delivery: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestSaveDeliveryIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		d := k.delivery("kora", "body")
		k.jobs.breakDown(true)
		if isNew, err := k.SaveDelivery(t.Context(), d); isNew || !errors.Is(err, errBroken) {
			t.Errorf("SaveDelivery = %v, %v", isNew, err)
		}
		k.jobs.breakDown(false)
		if _, err := k.Delivery(t.Context(), d.ID); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("delivery: %v", err)
		}
		if isNew, err := k.SaveDelivery(t.Context(), d); err != nil || !isNew {
			t.Errorf("afterwards: %v, %v", isNew, err)
		}
	})
}

func TestParallelRepetitionsAreOneDelivery(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const calls = 50
		news := make([]bool, calls)
		errs := make([]error, calls)
		var wg sync.WaitGroup
		for i := range calls {
			d := k.delivery("kora", "same")
			wg.Go(func() {
				news[i], errs[i] = k.SaveDelivery(t.Context(), d)
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		fresh := 0
		for _, isNew := range news {
			if isNew {
				fresh++
			}
		}
		if jobs := k.queued(idv.JobDelivery); fresh != 1 || len(jobs) != 1 {
			t.Errorf("%d new, %d jobs", fresh, len(jobs))
		}
	})
}

func TestMarkAndRequeueDelivery(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		d := k.delivered("kora", "body")
		k.mark(idv.DeliveryOutcome{ID: d.ID, State: idv.DeliveryParked, Reason: "invalid JSON", EventType: "x"})
		k.mark(idv.DeliveryOutcome{ID: d.ID, State: idv.DeliveryUnmatched, Reason: "no session", EventType: "y", Ref: "ref-1", SessionID: "ses_1"})
		got, err := k.Delivery(t.Context(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.State != idv.DeliveryUnmatched || got.Reason != "no session" || got.EventType != "y" ||
			got.Ref != "ref-1" || got.SessionID != "ses_1" || got.Attempts != 2 {
			t.Errorf("marked: %+v", got)
		}
		session := k.created("user-42")
		k.apply(idv.Change{SessionID: session.ID, Delivery: &idv.DeliveryOutcome{ID: d.ID, State: idv.DeliveryProcessed, SessionID: session.ID}})
		if got, _ := k.Delivery(t.Context(), d.ID); got.State != idv.DeliveryProcessed || got.Reason != "" || got.Attempts != 3 {
			t.Errorf("applied: %+v", got)
		}
		if err := k.RequeueDelivery(t.Context(), d.ID, "key_1"); err != nil {
			t.Fatal(err)
		}
		if got, _ := k.Delivery(t.Context(), d.ID); got.State != idv.DeliveryReceived || got.Attempts != 3 {
			t.Errorf("requeued: %+v", got)
		}
		if jobs := k.queued(idv.JobDelivery); !slices.Equal(jobs, []string{d.ID, d.ID}) {
			t.Errorf("jobs %v", jobs)
		}
		for what, err := range map[string]error{
			"mark":    k.MarkDelivery(t.Context(), idv.DeliveryOutcome{ID: "whd_none", State: idv.DeliveryParked}),
			"requeue": k.RequeueDelivery(t.Context(), "whd_none", "key_1"),
		} {
			if !errors.Is(err, idv.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestRequeueDeliveryIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		d := k.delivered("kora", "body")
		k.mark(idv.DeliveryOutcome{ID: d.ID, State: idv.DeliveryParked})
		k.jobs.breakDown(true)
		if err := k.RequeueDelivery(t.Context(), d.ID, "key_1"); !errors.Is(err, errBroken) {
			t.Errorf("err = %v", err)
		}
		if got, err := k.Delivery(t.Context(), d.ID); err != nil || got.State != idv.DeliveryParked {
			t.Errorf("delivery %s, %v", got.State, err)
		}
	})
}

func TestDeliveriesNewestFirst(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		var want []string
		for i := range 7 {
			d := k.delivered([]string{"kora", "idnorm"}[i%2], string(rune('a'+i)))
			if d.Provider == "kora" {
				k.mark(idv.DeliveryOutcome{ID: d.ID, State: idv.DeliveryParked})
				want = append([]string{d.ID}, want...)
			}
			if i%3 == 0 { // several within one millisecond
				k.pass(time.Millisecond)
			}
		}
		k.delivered("kora", "not parked")
		var got []string
		filter := idv.DeliveryFilter{Provider: "kora", State: idv.DeliveryParked, Page: idv.Page{Limit: 2}}
		for {
			page, err := k.Deliveries(t.Context(), filter)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, d := range page {
				if d.Webhook.Body != nil || d.Webhook.Header != nil {
					t.Error("the list holds a webhook")
				}
				got = append(got, d.ID)
			}
			filter.Page.After = page[len(page)-1].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
		all, err := k.Deliveries(t.Context(), idv.DeliveryFilter{})
		if err != nil || len(all) != 8 {
			t.Errorf("%d deliveries, %v", len(all), err)
		}
	})
}

func BenchmarkSaveDelivery(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"postgres": enginetest.Postgres, "sqlite": enginetest.SQLite} {
		b.Run(engine, func(b *testing.B) {
			k := open(b, url(b))
			b.SetParallelism(16) // for each processor
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					d := k.delivery("kora", strings.Repeat(id.New("body"), 42))
					if _, err := k.SaveDelivery(b.Context(), d); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
