package inbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// match looks for the session by the provider's id, then by ours where the
// provider echoes it. A session that is known by another id of the provider is
// not the one. If there is none, it says why.
func (b *Inbox) match(ctx context.Context, provider string, u idv.Update) (x idv.Session, why string, err error) {
	if u.Ref != "" {
		x, err := b.Sessions.SessionByRef(ctx, provider, u.Ref)
		if !errors.Is(err, idv.ErrNotFound) {
			return x, "", err
		}
	}
	if u.SessionID == "" {
		return x, fmt.Sprintf("no session of ours is known at %s by the id %q", provider, u.Ref), nil
	}
	x, err = b.Sessions.Session(ctx, u.SessionID)
	switch {
	case errors.Is(err, idv.ErrNotFound):
		return x, fmt.Sprintf("no session of ours is known at %s by the id %q, and none is %s", provider, u.Ref, u.SessionID), nil
	case err != nil:
		return x, "", err
	case x.Provider != provider:
		return x, fmt.Sprintf("it names %s, which is a session at %s", u.SessionID, x.Provider), nil
	case x.Ref != "" && x.Ref != u.Ref && u.Ref != "":
		return x, fmt.Sprintf("it names %s, which is known at %s by another id than %q", u.SessionID, provider, u.Ref), nil
	}
	return x, "", nil
}

// wantsFetch: the truth of an update that asks for it is asked for, and so is
// the result of a decision that came without one. Where the provider's webhooks
// cannot be told from late ones, take sees to contradictions.
func (b *Inbox) wantsFetch(ctx context.Context, x idv.Session, u idv.Update) (bool, error) {
	if !x.RedactedAt.IsZero() {
		return false, nil
	}
	if u.Partial || u.Ask {
		return true, nil
	}
	if !u.Status.Decided() || u.Result != nil || u.Unknown || u.Test {
		return false, nil
	}
	has, err := b.Sessions.HasResult(ctx, x.ID)
	return !has, err
}

func contradicts(u idv.Update, x idv.Session) bool {
	return u.Status.Decided() && x.State.Decision != nil && x.State.Decision.Outcome != u.Status
}

func (b *Inbox) repeats(provider string) bool {
	r, ok := b.Providers[provider].(idv.Repeater)
	return ok && r.Repeats()
}
