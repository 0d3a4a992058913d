package idenfy

import (
	"context"
	"errors"
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Fetch reads where a session stands and, once there is an outcome, the data.
// iDenfy forbids regular polling ("may restrict your access", page
// kyc/data-retrieval) and allows 10,000 calls an hour in all: Fetch is for a
// refresh that somebody asks for, for what webhooks leave open, and for webhooks
// that never come, see Pace. The answer has no time of its own.
func (p *provider) Fetch(ctx context.Context, ref idv.Ref) (idv.Update, error) {
	about, err := p.ask(ctx, "/api/v2/status", ref)
	if err != nil {
		return idv.Update{}, err
	}
	overall := about.Text("status")
	if overall == "" {
		return idv.Update{}, unreadable("the answer has no status")
	}
	// A token that nobody used is no outcome, whatever `final` says of it.
	last := overall == active || p.lastWord(overall, about, about)
	u := p.judge(idv.Update{Ref: ref, SessionID: sessionIDOf(about)}, overall, about, last)
	u.Notice = nil // the webhook tells it; that it still holds is no news
	if !last || !hasOutcome(overall) {
		return u, nil
	}
	data, err := p.ask(ctx, "/api/v2/data", ref)
	var failure *idv.ProviderError
	switch {
	case err == nil:
		return withResult(u, about, data, about), nil
	case errors.As(err, &failure) && (failure.Kind == idv.KindNotFound || failure.Kind == idv.KindRejected):
		u.Why = "the status could be read, the data could not"
		return u, nil
	default:
		return idv.Update{}, err
	}
}

// Pace makes questions the fallback that iDenfy takes them for: long after a
// webhook should have come, ever more rarely, and of the 10,000 calls an hour
// less than half, for a question is up to two calls (page resources/rate-limits).
// A human may change an outcome in the dashboard.
func (p *provider) Pace() idv.Pace { return idv.Pace{Every: 15, PerMinute: 80, Reverses: true} }

// ask sends a question about a session. The answer must be about it.
func (p *provider) ask(ctx context.Context, path string, ref idv.Ref) (object, error) {
	var answer object
	if err := p.http.Read(ctx, path, &answer, httpclient.Post(scan{ScanRef: ref})); err != nil {
		return nil, err
	}
	if answer.Text("scanRef") != string(ref) {
		return nil, unreadable("the answer is not about the session that was asked for")
	}
	return answer, nil
}

func unreadable(why string) error {
	return &idv.ProviderError{Kind: idv.KindUnavailable, HTTPStatus: http.StatusOK, Err: errors.New(why)}
}
