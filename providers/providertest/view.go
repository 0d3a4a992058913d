package providertest

import (
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// updateView is an idv.Update as the wanted files show it.
type updateView struct {
	Ref               idv.Ref      `json:"ref,omitempty"`
	SessionID         string       `json:"sessionId,omitempty"`
	EventType         string       `json:"eventType,omitempty"`
	OccurredAt        time.Time    `json:"occurredAt,omitzero"`
	ProviderStatus    string       `json:"providerStatus,omitempty"`
	Status            idv.Status   `json:"status,omitempty"`
	Attempt           string       `json:"attempt,omitempty"`
	Unknown           bool         `json:"unknown,omitempty"`
	Partial           bool         `json:"partial,omitempty"`
	Ask               bool         `json:"ask,omitempty"`
	Test              bool         `json:"test,omitempty"`
	Reasons           []idv.Reason `json:"reasons,omitempty"`
	Notice            *idv.Notice  `json:"notice,omitempty"`
	Result            *idv.Result  `json:"result,omitempty"`
	DocumentExpiresAt time.Time    `json:"documentExpiresAt,omitzero"`
	Why               string       `json:"why,omitempty"`
}

func viewOf(u idv.Update) updateView {
	return updateView{
		Ref: u.Ref, SessionID: u.SessionID, EventType: u.EventType, OccurredAt: u.OccurredAt,
		ProviderStatus: u.ProviderStatus, Status: u.Status, Attempt: u.Attempt,
		Unknown: u.Unknown, Partial: u.Partial, Ask: u.Ask, Test: u.Test,
		Reasons: u.Reasons, Notice: u.Notice, Result: u.Result,
		DocumentExpiresAt: u.DocumentExpiresAt, Why: u.Why,
	}
}

// startedView is an idv.Started as the wanted files show it. A time that the
// adapter computes from the clock is not in a fixture.
type startedView struct {
	Ref            idv.Ref    `json:"ref"`
	Launch         idv.Launch `json:"launch"`
	ProviderStatus string     `json:"providerStatus,omitempty"`
	Status         idv.Status `json:"status"`
	ExpiresAt      time.Time  `json:"expiresAt,omitzero"`
	CreatedAt      time.Time  `json:"createdAt,omitzero"`
}

func startedOf(s idv.Started) startedView {
	return startedView{
		Ref: s.Ref, Launch: s.Launch, ProviderStatus: s.ProviderStatus, Status: s.Status,
		ExpiresAt: s.ExpiresAt, CreatedAt: s.CreatedAt,
	}
}
