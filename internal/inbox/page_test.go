package inbox_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/inbox"
)

// archive has many deliveries, gives them page by page, and loses one between
// its listing and its queueing.
type archive struct {
	t      *testing.T
	ids    []string
	queued map[string]int
}

func (a *archive) Deliveries(_ context.Context, f idv.DeliveryFilter) ([]idv.Delivery, error) {
	if f.Page.Limit == 0 || f.Page.Limit > 1000 {
		a.t.Fatalf("a page of %d was asked for", f.Page.Limit)
	}
	var page []idv.Delivery
	for _, id := range a.ids {
		if (f.Page.After == "" || id > f.Page.After) && len(page) < f.Page.Limit {
			page = append(page, idv.Delivery{ID: id})
		}
	}
	return page, nil
}

func (a *archive) RequeueDelivery(_ context.Context, id, _ string) error {
	if id == a.ids[7] {
		return idv.ErrNotFound
	}
	a.queued[id]++
	return nil
}

// However many there are, they are taken page by page, each once.
func TestReplayGoesPageByPage(t *testing.T) {
	for _, n := range []int{8, 500, 1000, 1201} {
		a := &archive{t: t, queued: map[string]int{}}
		for i := range n {
			a.ids = append(a.ids, fmt.Sprintf("whd_%05d", i))
		}
		queued, err := inbox.Replay(t.Context(), a, idv.DeliveryFilter{}, "cli")
		must(t, err)
		if queued != n-1 || len(a.queued) != n-1 {
			t.Errorf("%d of %d were queued, %d different ones", queued, n, len(a.queued))
		}
	}
}
