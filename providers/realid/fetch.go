package realid

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Fetch reads a check. The answer does not say when it got to its step.
func (p *provider) Fetch(ctx context.Context, ref idv.Ref) (idv.Update, error) {
	var answer object
	if err := p.http.Read(ctx, path(ref), &answer); err != nil {
		return idv.Update{}, err
	}
	check := answer.Object("check")
	if check == nil {
		check = answer
	}
	if refOf(check) != ref {
		return idv.Update{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, Err: errors.New("the answer is not about the check that was asked for"),
		}
	}
	u := p.read(check)
	u.Ref, u.SessionID = ref, p.echo.SessionID(check.Object("order").Text("name"))
	if p.contradictsMode(answer, check) {
		// Kept, but nothing of it is about a person of this account.
		u.Test, u.Result, u.DocumentExpiresAt = true, nil, time.Time{}
	}
	return u, nil
}

// Pace: no event is documented for a review or a human's decision, nor any limit,
// and a human may turn every decision round.
func (p *provider) Pace() idv.Pace { return idv.Pace{Reverses: true} }

// Erase deletes all data of the check, for good (page api/checks). Real ID
// keeps that it was verified or failed, and tells the customer by e-mail (page
// for-merchants/deleting-data).
func (p *provider) Erase(ctx context.Context, ref idv.Ref) error {
	return p.http.Write(ctx, http.MethodDelete, path(ref), nil, nil)
}

func path(ref idv.Ref) string { return "/checks/" + url.PathEscape(string(ref)) }

// contradictsMode reports whether anything says that the check is of the other
// kind than the account. Samples put the flag in three places.
func (p *provider) contradictsMode(answer, check object) bool {
	for _, at := range []object{check, check.Object("rules")} {
		if testing, ok := at.Bool("testing"); ok && testing != p.test {
			return true
		}
	}
	live, ok := answer.Bool("live_mode")
	return ok && live == p.test
}
