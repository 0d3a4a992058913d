package kora

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

const (
	// lifetime is how long a verification waits for its user, by the page
	// docs.korastratum.com/idv/verification-flow.
	lifetime = 24 * time.Hour
	// clockSkew is how much earlier than our record a verification may have been
	// created by Kora's clock and still be ours.
	clockSkew = 2 * time.Minute
)

// creation is the body of POST /verifications.
type creation struct {
	ExternalID        string `json:"externalId"`
	Tier              string `json:"tier"`
	CallbackURL       string `json:"callbackUrl,omitempty"` // takes webhooks; no browser goes there
	ExpectedFirstName string `json:"expectedFirstName,omitempty"`
	ExpectedLastName  string `json:"expectedLastName,omitempty"`
}

// Start creates a verification.
func (p *provider) Start(ctx context.Context, req idv.StartRequest) (idv.Started, error) {
	body := creation{ExternalID: req.ExternalUserID, Tier: p.settings.tier}
	if p.settings.sendCallbackURL {
		body.CallbackURL = req.WebhookURL
	}
	if p.settings.sendExpectedName {
		body.ExpectedFirstName, body.ExpectedLastName = req.Prefill.FirstName, req.Prefill.LastName
	}
	var answer object
	err := p.http.Write(ctx, http.MethodPost, "/verifications", body, &answer,
		httpclient.Header("Idempotency-Key", req.SessionID),
		httpclient.Header("X-Request-ID", req.SessionID))
	if err != nil {
		return idv.Started{}, p.explained(err)
	}
	if answer.Text("id") == "" {
		return idv.Started{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, Ambiguous: true, Err: errors.New("the answer has no verification id"),
		}
	}
	return p.started(answer, req), nil
}

// started reads a verification that waits for its user. What a create says can
// never be a decision.
func (p *provider) started(v object, req idv.StartRequest) idv.Started {
	id := v.Text("id")
	status, ok := statusOf(v.Text("status"))
	if !ok || !status.Open() {
		status = idv.Pending
	}
	s := idv.Started{
		Ref:            idv.Ref(id),
		Launch:         idv.Launch{VerificationID: id},
		ProviderStatus: word(v.Text("status")),
		Status:         status,
		CreatedAt:      v.Time("createdAt"),
	}
	if !req.At.IsZero() {
		s.ExpiresAt = req.At.Add(lifetime).UTC().Truncate(time.Millisecond)
	}
	if p.settings.launchURL != "" {
		s.Launch.URL = fill(p.settings.launchURL, id, req.CallbackURL)
	}
	return s
}

// Find lists the verifications that a create whose answer was lost may have
// made: those of the user that are not older than the session, wherever they
// stand by now.
func (p *provider) Find(ctx context.Context, req idv.StartRequest) ([]idv.Started, error) {
	var answer json.RawMessage
	if err := p.http.Read(ctx, "/subjects/"+url.PathEscape(req.ExternalUserID)+"/verifications", &answer); err != nil {
		return nil, p.explained(err)
	}
	var found []idv.Started
	for _, v := range listed(answer) {
		if p.candidate(v, req) {
			found = append(found, p.started(v, req))
		}
	}
	return found, nil
}

// listed reads the list in each of the forms in which it may come; its paging
// is not published.
func listed(body []byte) []object {
	switch answer := payload.Parse(body).(type) {
	case []any:
		return payload.Objects[dialect](answer)
	case map[string]any:
		if list := object(answer).Objects("verifications"); list != nil {
			return list
		}
		return object(answer).Objects("data")
	default:
		return nil
	}
}

func (p *provider) candidate(v object, req idv.StartRequest) bool {
	user, tenant := v.Text("externalId"), v.Text("tenantId")
	created := v.Time("createdAt")
	return v.Text("id") != "" &&
		!created.IsZero() && !created.Before(req.At.Add(-clockSkew)) &&
		(user == "" || user == req.ExternalUserID) &&
		(tenant == "" || strings.EqualFold(tenant, p.settings.tenantID))
}
