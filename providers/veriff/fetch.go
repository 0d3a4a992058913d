package veriff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// Fetch reads the decision (page /docs/v1sessionsiddecision-1). While there is
// none, the attempts tell how far the user is.
func (p *provider) Fetch(ctx context.Context, ref idv.Ref) (idv.Update, error) {
	if !payload.IsRef(string(ref)) {
		return idv.Update{}, errNotARef()
	}
	var m message
	if err := p.ask(ctx, ref, "/decision", &m); err != nil {
		return idv.Update{}, err
	}
	v := m.Verification
	if v == nil {
		return p.undecided(ctx, ref)
	}
	if v.ID != "" && !strings.EqualFold(string(v.ID), string(ref)) {
		return idv.Update{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, HTTPStatus: http.StatusOK, Err: errors.New("the answer is about another session"),
		}
	}
	u := m.about(p.echo)
	u.Ref, u.EventType = ref, ""
	u = v.say(u)
	if u.Partial {
		// There is nobody else to ask, and what stands there is true now.
		u.Partial, u.Why = false, ""
	}
	return u, nil
}

// Pace: Veriff documents no limit for reads. Users of its portal may change a
// decision afterwards.
func (p *provider) Pace() idv.Pace { return idv.Pace{Reverses: true} }

// attempt is one try of the user (page /docs/v1sessionsidattempts).
type attempt struct {
	ID          text `json:"id"`
	Status      text `json:"status"`
	CreatedTime text `json:"createdTime"`
}

// undecided reads the attempts of a session without a decision. Old integrations
// may never be given one, nor the attempts: then nothing moves.
func (p *provider) undecided(ctx context.Context, ref idv.Ref) (idv.Update, error) {
	var answer struct {
		Verifications *[]attempt `json:"verifications"`
	}
	err := p.ask(ctx, ref, "/attempts", &answer)
	var failure *idv.ProviderError
	u := idv.Update{Ref: ref}
	switch {
	case errors.As(err, &failure) && (failure.Kind == idv.KindUnauthorized || failure.Kind == idv.KindNotFound || failure.Kind == idv.KindRejected):
		u.Why = "Veriff gives neither a decision nor the attempts"
		return u, nil
	case err != nil:
		return idv.Update{}, err
	case answer.Verifications == nil:
		u.Why = "Veriff gives no decision and no list of attempts"
		return u, nil
	}
	a := newest(*answer.Verifications)
	if payload.IsRef(string(a.ID)) {
		u.Attempt = string(a.ID)
	}
	return a.say(u), nil
}

// newest gives the last attempt that the user began: one that is only created
// says nothing where there was another before. Without any, the session waits.
func newest(list []attempt) attempt {
	begun := slices.DeleteFunc(slices.Clone(list), func(a attempt) bool { return a.Status == "created" })
	switch {
	case len(begun) > 0:
		return slices.MaxFunc(begun, func(a, b attempt) int { return a.CreatedTime.time().Compare(b.CreatedTime.time()) })
	case len(list) > 0:
		return list[0]
	default:
		return attempt{Status: "created"}
	}
}

// say takes progress from an attempt, and never a verdict: that is the
// decision's to tell.
func (a attempt) say(u idv.Update) idv.Update {
	u.ProviderStatus = word(a.Status)
	status, known := statusOf(a.Status)
	switch {
	case !known:
		u.Unknown, u.Why = true, fmt.Sprintf("the attempt's status %s is not in the tables", quoted(a.Status))
	case status.Decided() || status.Ended():
		u.Why = "the attempt is " + u.ProviderStatus + ", but Veriff gives no decision"
	default:
		u.Status = status
		u.Reasons = reasons(status, u.ProviderStatus)
	}
	return u
}

// ask reads part of a session, signed by its id.
func (p *provider) ask(ctx context.Context, ref idv.Ref, part string, out any) error {
	var raw json.RawMessage
	if err := p.http.Read(ctx, "/v1/sessions/"+url.PathEscape(string(ref))+part, &raw, p.signID(ref)); err != nil {
		return explained(err)
	}
	if err := read(raw, out); err != nil {
		return &idv.ProviderError{Kind: idv.KindUnavailable, HTTPStatus: http.StatusOK, Err: err}
	}
	return nil
}
