package veriff

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// lifetime is how long a session waits for its user (page
// /docs/verification-session-status-codes-table). No field changes it.
const lifetime = 7 * 24 * time.Hour

// creation is the body of POST /v1/sessions (page /docs/v1sessions).
type creation struct {
	Verification newVerification `json:"verification"`
}

type newVerification struct {
	Callback   string      `json:"callback,omitempty"` // takes the browser, not webhooks
	Person     newPerson   `json:"person,omitzero"`
	Document   newDocument `json:"document,omitzero"`
	VendorData string      `json:"vendorData"`
	EndUserID  string      `json:"endUserId,omitempty"`
}

type newPerson struct {
	FirstName   string `json:"firstName,omitempty"`
	LastName    string `json:"lastName,omitempty"`
	DateOfBirth string `json:"dateOfBirth,omitempty"`
	Email       string `json:"email,omitempty"`
	PhoneNumber string `json:"phoneNumber,omitempty"`
}

type newDocument struct {
	Type    string `json:"type,omitempty"`
	Country string `json:"country,omitempty"`
}

// Start creates a session. Veriff takes no webhook URL, lifetime or locale.
func (p *provider) Start(ctx context.Context, req idv.StartRequest) (idv.Started, error) {
	user := req.Prefill
	body := creation{newVerification{
		Callback: req.CallbackURL,
		Person: newPerson{
			FirstName: user.FirstName, LastName: user.LastName, DateOfBirth: user.DateOfBirth,
			Email: user.Email, PhoneNumber: user.Phone,
		},
		Document:   newDocument{Type: onlyType(req.DocumentTypes), Country: req.Country},
		VendorData: p.echo.Write(req),
		EndUserID:  p.endUser.write(req.ExternalUserID),
	}}
	var raw json.RawMessage
	if err := p.http.Write(ctx, http.MethodPost, "/v1/sessions", body, &raw, p.signBody()); err != nil {
		return idv.Started{}, explained(err)
	}
	var answer struct {
		Verification struct{ ID, URL, Status text }
	}
	err := read(raw, &answer)
	v := answer.Verification
	if err != nil || !payload.IsRef(string(v.ID)) || !payload.IsPage(string(v.URL)) {
		return idv.Started{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, Ambiguous: true, Err: errors.New("the answer has no verification with an id and a url that can be used"),
		}
	}
	started := idv.Started{
		Ref:            idv.Ref(v.ID),
		Launch:         idv.Launch{URL: string(v.URL)},
		ProviderStatus: cmp.Or(word(v.Status), "created"),
		Status:         idv.Pending,
	}
	if !req.At.IsZero() {
		started.ExpiresAt = req.At.Add(lifetime).UTC().Truncate(time.Millisecond)
	}
	return started, nil
}

// onlyType gives the document type to ask for. The field holds one; where
// several would do, the user chooses.
func onlyType(types []idv.DocumentType) string {
	if len(types) != 1 {
		return ""
	}
	for name, kind := range documentTypes() {
		if kind == types[0] && kind != idv.Visa && kind != idv.OtherDocument {
			return name
		}
	}
	return ""
}
