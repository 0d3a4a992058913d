package inbox

import (
	"context"
	"errors"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// replayPage is how many deliveries are listed at once.
const replayPage = 500

// Lister lists the deliveries that a filter selects, newest first.
type Lister interface {
	Deliveries(ctx context.Context, f idv.DeliveryFilter) ([]idv.Delivery, error)
}

// Shelf lists deliveries and has them worked again.
type Shelf interface {
	Lister
	RequeueDelivery(ctx context.Context, id, by string) error
}

// Replay has every delivery that the filter selects worked again, as somebody
// wishes, and gives how many those are. One whose webhook was removed is left out.
func Replay(ctx context.Context, s Shelf, f idv.DeliveryFilter, by string) (n int, err error) {
	err = each(ctx, s, f, func(id string) error {
		err := s.RequeueDelivery(ctx, id, by)
		if err == nil {
			n++
		}
		return gone(err)
	})
	return n, err
}

// each visits the deliveries that the filter selects, page by page.
func each(ctx context.Context, l Lister, f idv.DeliveryFilter, visit func(id string) error) error {
	f.Page = idv.Page{Limit: replayPage}
	for {
		page, err := l.Deliveries(ctx, f)
		if err != nil {
			return err
		}
		for _, d := range page {
			if err := visit(d.ID); err != nil {
				return err
			}
		}
		if len(page) < replayPage {
			return nil
		}
		f.Page.After = page[len(page)-1].ID
	}
}

// gone makes nothing of a delivery that is not there any more, or not whole.
func gone(err error) error {
	if errors.Is(err, idv.ErrNotFound) || errors.Is(err, idv.ErrGone) {
		return nil
	}
	return err
}
