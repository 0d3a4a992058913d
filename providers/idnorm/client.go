package idnorm

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// standardLife is how long a link lives when nobody says (guide, create_session).
const standardLife = 72 * time.Hour

// createRequest is the body of POST /api/v1/create_session (guide).
type createRequest struct {
	ConfigID          string `json:"configId"`
	CallbackURL       string `json:"callbackUrl,omitempty"`
	ExternalUserID    string `json:"externalUserId"`
	DurationInSeconds int64  `json:"durationInSeconds,omitempty"`
}

// createAnswer is the answer (three integrations read these names).
type createAnswer struct {
	SessionID       string `json:"sessionId"`
	VerificationURL string `json:"verificationUrl"`
	SessionToken    string `json:"sessionToken"`
}

// Start creates a session. IDNorm takes no prefill, locale, document types or
// webhook URL. The answer tells no expiry, so it is computed.
func (p *provider) Start(ctx context.Context, req idv.StartRequest) (idv.Started, error) {
	body := createRequest{
		ConfigID:          p.configID,
		CallbackURL:       req.CallbackURL,
		ExternalUserID:    p.echo.Write(req),
		DurationInSeconds: int64(req.ExpiresIn / time.Second),
	}
	var answer createAnswer
	if err := p.client.Write(ctx, http.MethodPost, "/api/v1/create_session", body, &answer); err != nil {
		return idv.Started{}, gatewayError(err, true)
	}
	if !payload.IsRef(answer.SessionID) || !payload.IsPage(answer.VerificationURL) {
		return idv.Started{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, Ambiguous: true, HTTPStatus: http.StatusOK,
			Err: errors.New("the answer has no sessionId and verificationUrl that can be used"),
		}
	}
	life := time.Duration(body.DurationInSeconds) * time.Second
	if life <= 0 {
		life = standardLife
	}
	return idv.Started{
		Ref:       idv.Ref(answer.SessionID),
		Launch:    idv.Launch{URL: answer.VerificationURL, Token: answer.SessionToken},
		Status:    idv.Pending,
		ExpiresAt: req.At.UTC().Add(life),
	}, nil
}

// Pace: IDNorm documents no limit, and nothing that turns a decision round.
func (p *provider) Pace() idv.Pace { return idv.Pace{} }

// Fetch reads a session (GET /api/v1/session/{id}, seen in two integrations).
// The answer has no time of its own.
func (p *provider) Fetch(ctx context.Context, ref idv.Ref) (idv.Update, error) {
	if !payload.IsRef(string(ref)) {
		return idv.Update{}, &idv.ProviderError{Kind: idv.KindRejected, Err: errors.New("the reference is not one of IDNorm's")}
	}
	var e event
	if err := p.client.Read(ctx, "/api/v1/session/"+url.PathEscape(string(ref)), &e); err != nil {
		return idv.Update{}, gatewayError(err, false)
	}
	if !e.isAbout(ref) {
		return idv.Update{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, HTTPStatus: http.StatusOK, Err: errors.New("the answer is about another session"),
		}
	}
	u := p.say(idv.Update{Ref: ref, SessionID: p.echo.SessionID(string(e.UserID))}, e.status(), e.checks())
	// There is nobody else to ask: what stands there is the whole truth.
	u.Ask = false
	return u, nil
}
