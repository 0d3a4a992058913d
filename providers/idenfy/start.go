package idenfy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

const (
	// standardLife is how long an unused token lives when nobody says (OpenAPI;
	// older pages say a day).
	standardLife = time.Hour
	longestLife  = 30 * 24 * time.Hour
)

// creation is the body of POST /api/v2/token (OpenAPI, CreateToken).
type creation struct {
	ClientID         string   `json:"clientId"`
	TokenType        string   `json:"tokenType"`
	ExternalRef      string   `json:"externalRef"`
	FirstName        string   `json:"firstName,omitempty"`
	LastName         string   `json:"lastName,omitempty"`
	DateOfBirth      string   `json:"dateOfBirth,omitempty"`
	Country          string   `json:"country,omitempty"`
	Documents        []string `json:"documents,omitempty"`
	Locale           string   `json:"locale,omitempty"`
	SuccessURL       string   `json:"successUrl,omitempty"`
	ErrorURL         string   `json:"errorUrl,omitempty"`
	UnverifiedURL    string   `json:"unverifiedUrl,omitempty"`
	CallbackURL      string   `json:"callbackUrl,omitempty"` // takes webhooks; no browser goes there
	ExpiryTime       int64    `json:"expiryTime,omitempty"`
	SessionLength    int64    `json:"sessionLength,omitempty"`
	ReviewSuccessful *bool    `json:"reviewSuccessful,omitempty"`
	ReviewFailed     *bool    `json:"reviewFailed,omitempty"`
}

// Start creates a session. A second one for a user whose first is still active
// may be refused with HTTP 409.
func (p *provider) Start(ctx context.Context, req idv.StartRequest) (idv.Started, error) {
	body := p.creation(req)
	var answer object
	if err := p.http.Write(ctx, http.MethodPost, "/api/v2/token", body, &answer); err != nil {
		return idv.Started{}, err
	}
	ref, token := refOf(answer), answer.Text("authToken")
	if ref == "" || token == "" {
		return idv.Started{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, Ambiguous: true, Err: errors.New("the answer has no scanRef and authToken that can be used"),
		}
	}
	page := answer.Text("redirectUrl")
	if !payload.IsPage(page) {
		page = p.settings.baseURL + "/api/v2/redirect?authToken=" + url.QueryEscape(token)
	}
	started := idv.Started{Ref: ref, Launch: idv.Launch{URL: page, Token: token}, Status: idv.Pending}
	if !req.At.IsZero() {
		started.ExpiresAt = req.At.Add(lifeOf(answer, body)).UTC().Truncate(time.Millisecond)
	}
	return started, nil
}

func (p *provider) creation(req idv.StartRequest) creation {
	c := creation{
		ClientID:         clientID(req.ExternalUserID),
		TokenType:        p.settings.tokenType,
		ExternalRef:      req.SessionID,
		Country:          strings.ToLower(req.Country),
		Documents:        documentWords(req.DocumentTypes),
		Locale:           language(req.Locale),
		ExpiryTime:       int64(min(req.ExpiresIn, longestLife) / time.Second),
		SessionLength:    p.settings.sessionLength,
		ReviewSuccessful: p.settings.reviewSuccessful,
		ReviewFailed:     p.settings.reviewFailed,
	}
	if n := len(req.CallbackURL); n >= 5 && n <= 2048 {
		c.SuccessURL, c.ErrorURL, c.UnverifiedURL = req.CallbackURL, req.CallbackURL, req.CallbackURL
	}
	if p.settings.sendCallbackURL {
		c.CallbackURL = req.WebhookURL
	}
	if p.settings.sendPrefill {
		c.FirstName, c.LastName = name(req.Prefill.FirstName), name(req.Prefill.LastName)
		c.DateOfBirth = payload.Day(req.Prefill.DateOfBirth)
	}
	return c
}

// clientID is iDenfy's key of the user: up to 100 characters of ASCII. An id
// that is no such thing goes as its digest, the same in every session, because
// iDenfy takes two keys with one face for a duplicate.
func clientID(externalUserID string) string {
	odd := func(r rune) bool { return r < ' ' || r > '~' }
	if externalUserID != "" && len(externalUserID) <= 100 && !strings.ContainsFunc(externalUserID, odd) {
		return externalUserID
	}
	digest := sha256.Sum256([]byte(externalUserID))
	return "sha256-" + hex.EncodeToString(digest[:])
}

// name passes on what iDenfy takes for a name: up to 100 characters without
// digits and most of punctuation. Anything else would have the create refused.
func name(s string) string {
	s = strings.TrimSpace(s)
	if len([]rune(s)) > 100 || strings.ContainsAny(s, "0123456789~!@#$%^*()_+={}[]|\\:;\",<>/?`") {
		return ""
	}
	return s
}

// language is the language of a BCP 47 tag. iDenfy takes up to 7 characters and
// does not publish which regions it knows.
func language(locale string) string {
	tag, _, _ := strings.Cut(locale, "-")
	if len(tag) < 2 || len(tag) > 3 {
		return ""
	}
	return strings.ToLower(tag)
}

// lifeOf is how long the user may wait: the answer repeats every field with the
// value in effect.
func lifeOf(answer object, asked creation) time.Duration {
	effective, err := strconv.ParseInt(answer.Text("expiryTime"), 10, 64)
	if err != nil || effective < 0 || effective > int64(longestLife/time.Second) {
		effective = 0
	}
	return cmp.Or(time.Duration(cmp.Or(effective, asked.ExpiryTime))*time.Second, standardLife)
}
