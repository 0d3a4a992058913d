package outbox

import (
	"context"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// lane sends to one endpoint. It shares nothing with the lanes of others but the
// database, so that an endpoint that hangs delays nobody but itself.
type lane struct {
	endpointID string
	due        chan struct{}
	free       chan struct{} // one for each message that may be taken besides
	line       chan struct{} // held by each try that runs
}

func (o *Outbox) laneOf(taking, sending context.Context, endpointID string) *lane {
	l, there := o.lanes[endpointID]
	if !there {
		l = &lane{endpointID: endpointID, due: make(chan struct{}, 1), free: make(chan struct{}, atHand), line: make(chan struct{}, inFlight)}
		l.release(atHand)
		o.lanes[endpointID] = l
		o.working.Go(func() { o.serve(taking, sending, l) })
	}
	return l
}

// nudge tells the lane that something is due.
func (l *lane) nudge() {
	select {
	case l.due <- struct{}{}:
	default:
	}
}

// occupy waits until one more message may be taken, and takes what else is free. It gives 0
// once ctx has ended.
func (l *lane) occupy(ctx context.Context) (n int) {
	select {
	case <-ctx.Done():
	case <-l.free:
		n = 1
	}
	if n == 0 || ctx.Err() != nil {
		l.release(n)
		return 0
	}
	for n = 1; ; n++ {
		select {
		case <-l.free:
		default:
			return n
		}
	}
}

func (l *lane) release(n int) {
	for range n {
		l.free <- struct{}{}
	}
}

// serve works a lane until taking ends.
func (o *Outbox) serve(taking, sending context.Context, l *lane) {
	for {
		select {
		case <-taking.Done():
			return
		case <-l.due:
		}
		for o.take(taking, sending, l) {
		}
	}
}

// take takes as much as may be at hand, and sends it in the background. It never
// waits for more. It reports whether there may be more.
func (o *Outbox) take(taking, sending context.Context, l *lane) bool {
	n := l.occupy(taking)
	if n == 0 {
		return false
	}
	// What the database gave is sent, so that it is asked with a context that does
	// not end in between.
	endpoint, messages, err := o.Store.ClaimMessages(sending, l.endpointID, n, lease)
	l.release(n - len(messages))
	if err != nil {
		o.Logger.WarnContext(sending, "nothing can be sent to an endpoint at present", "endpoint", l.endpointID, "error", err)
		return false
	}
	for _, m := range messages {
		o.working.Go(func() {
			defer l.release(1)
			l.line <- struct{}{}
			defer func() { <-l.line }()
			if settled, ok := o.try(sending, endpoint, m); ok {
				o.recorder.add(sending, settled)
			}
		})
	}
	return len(messages) > 0
}

// try sends a message once. It is not ok if that was given up.
func (o *Outbox) try(ctx context.Context, endpoint idv.Endpoint, m idv.Message) (settled idv.Settlement, ok bool) {
	attempt, answer := o.watched(ctx, endpoint, m)
	settled = idv.Settlement{
		EndpointID: m.EndpointID, EventID: m.Event.ID, Tries: m.Tries, Attempt: attempt,
		State: idv.MessageDelivered, Gone: answer.gone,
	}
	if attempt.Fault != "" {
		settled.State = idv.MessageFailed
		if pause, again := pauseAfter(m.Tries+1, answer.retryAfter); again {
			settled.State, settled.NextAt = idv.MessagePending, o.Now().Add(pause)
		}
	}
	return settled, ctx.Err() == nil
}

// watched sends a message once, and tells those who watch how that went.
func (o *Outbox) watched(ctx context.Context, endpoint idv.Endpoint, m idv.Message) (idv.Attempt, answer) {
	end := func(idv.Attempt) {}
	if o.Trace != nil {
		end = o.Trace(ctx, m)
	}
	attempt, answer := o.sender.send(ctx, endpoint, m.Event)
	end(attempt)
	if o.Observe != nil && ctx.Err() == nil {
		o.Observe(attempt)
	}
	return attempt, answer
}
