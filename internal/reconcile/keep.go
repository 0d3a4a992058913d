package reconcile

import "context"

// batch is how many rows are worked on before others have their turn.
const batch = 200

// lapse writes down the approvals that have lapsed, so that they need not be read
// to be told.
func (r *Reconciler) lapse(ctx context.Context) {
	r.untilDone(ctx, "statuses of users that lapsed could not be written", r.Keeper.LapseUsers)
}

// sweep forgets idempotency keys that are out of date.
func (r *Reconciler) sweep(ctx context.Context) {
	r.untilDone(ctx, "old idempotency keys could not be forgotten", r.Keeper.SweepKeys)
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
