package kora

import (
	"context"
	"errors"
	"net/url"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Fetch reads a verification.
func (p *provider) Fetch(ctx context.Context, ref idv.Ref) (idv.Update, error) {
	var answer object
	if err := p.http.Read(ctx, "/verifications/"+url.PathEscape(string(ref)), &answer); err != nil {
		return idv.Update{}, p.explained(err)
	}
	if answer.Text("id") != string(ref) {
		return idv.Update{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, Err: errors.New("the answer is not about the verification that was asked for"),
		}
	}
	r := read(answer, teller{})
	if r.status == idv.Declined && len(r.reasons) == 0 {
		r.reasons = []idv.Reason{reasonOf("")}
	}
	// A verdict that was revised since may keep the time at which the first one
	// was reached. What stands here is no older than its last change.
	at := answer.Time("completedAt")
	if updated := answer.Time("updatedAt"); updated.After(at) {
		at = updated
	}
	if r.unsure {
		at = answer.Time("createdAt")
	}
	u := r.update(answer, ref, at)
	u.Result = resultOf(answer)
	if u.Result != nil && u.Result.Document != nil && u.Result.Document.ExpiresOn != nil {
		u.DocumentExpiresAt = idv.AfterDay(*u.Result.Document.ExpiresOn)
	}
	return u, nil
}
