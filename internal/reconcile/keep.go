package reconcile

import (
	"context"
	"time"
)

// batch is how many rows are worked on before others have their turn.
const batch = 200

// lapse writes down the approvals that have lapsed, so that they need not be read
// to be told.
func (r *Reconciler) lapse(ctx context.Context) {
	r.untilDone(ctx, "statuses of users that lapsed could not be written", r.Keeper.LapseUsers)
}

// sweep forgets idempotency keys that are out of date, and personal data that is
// not kept any longer.
func (r *Reconciler) sweep(ctx context.Context) {
	r.untilDone(ctx, "old idempotency keys could not be forgotten", r.Keeper.SweepKeys)
	r.drop(ctx, "old results could not be removed", r.Retain.Results, r.Keeper.DropResults)
	r.drop(ctx, "old webhooks could not be removed", r.Retain.Webhooks, r.Keeper.DropWebhooks)
}

func (r *Reconciler) drop(ctx context.Context, complaint string, keptFor time.Duration, work func(context.Context, time.Time, int) (int, error)) {
	if keptFor <= 0 {
		return
	}
	before := r.Now().Add(-keptFor)
	r.untilDone(ctx, complaint, func(ctx context.Context, limit int) (int, error) { return work(ctx, before, limit) })
}

// untilDone works batch after batch while they are full.
func (r *Reconciler) untilDone(ctx context.Context, complaint string, work func(context.Context, int) (int, error)) {
	for ctx.Err() == nil {
		n, err := work(ctx, batch)
		if err != nil && ctx.Err() == nil {
			r.Logger.WarnContext(ctx, complaint, "error", err.Error())
		}
		if err != nil || n < batch {
			return
		}
	}
}
