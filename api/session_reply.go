package api

import (
	"github.com/bonafide-idv/bonafide/internal/idv"
)

type sessionReply struct {
	ID                string            `json:"id" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	ExternalUserID    string            `json:"externalUserId" example:"user-42"`
	Provider          string            `json:"provider" example:"kora"`
	ProviderSessionID *string           `json:"providerSessionId" extensions:"x-nullable" example:"ver_abc123"`
	Status            idv.Status        `json:"status" example:"pending"`
	Launch            launchReply       `json:"launch"`
	CallbackURL       *string           `json:"callbackUrl" extensions:"x-nullable" example:"https://app.example.com/done"`
	Reasons           []reasonReply     `json:"reasons"`
	Decision          *decisionReply    `json:"decision" extensions:"x-nullable"`
	Metadata          map[string]string `json:"metadata" example:"plan:gold"`
	Reused            bool              `json:"reused" example:"false"`
	CreatedAt         string            `json:"createdAt" format:"date-time" example:"2026-11-20T09:00:00.000Z"`
	UpdatedAt         string            `json:"updatedAt" format:"date-time" example:"2026-11-20T09:00:00.412Z"`
	ExpiresAt         string            `json:"expiresAt" format:"date-time" example:"2026-11-23T09:00:00.000Z"`
	// When the person's data was erased: what is left is a tombstone.
	RedactedAt *string `json:"redactedAt,omitempty" format:"date-time" example:"2026-12-01T10:00:00.000Z"`
} // @name Session

// createdReply is a session as the call that makes it answers it.
type createdReply struct {
	// For the user's phone or browser: reads this user's status for an hour.
	ClientToken string `json:"clientToken" example:"eyJhbGciOiJIUzI1NiIsImtpZCI6IjNmMGMyYTU0LjIwNzc3In0.eyJzdWIiOiJ1c2VyLTQyIn0.c2lnbmF0dXJl"`
	sessionReply
} // @name CreatedSession

// launchReply is what an app needs to start the user's part: url for a hosted
// page, token and verificationId where the provider's mobile SDK wants them.
type launchReply struct {
	URL            *string `json:"url" extensions:"x-nullable" example:"https://verify.example.com/s/ver_abc123"`
	Token          *string `json:"token" extensions:"x-nullable" example:"st_example_abc"`
	VerificationID *string `json:"verificationId" extensions:"x-nullable" example:"ver_abc123"`
} // @name Launch

// reasonReply says why; message is safe to show to the user.
type reasonReply struct {
	Code         idv.ReasonCode `json:"code" example:"document_expired"`
	Retryable    bool           `json:"retryable" example:"true"`
	Message      string         `json:"message" example:"The document has expired. Please use one that is still valid."`
	ProviderCode *string        `json:"providerCode" extensions:"x-nullable" example:"DOCUMENT_EXPIRED"`
} // @name Reason

// decisionReply is what the provider decided; version rises with each later
// decision that changes the outcome, revisedFrom is the outcome before it.
type decisionReply struct {
	Outcome     idv.Status  `json:"outcome" enums:"approved,declined" example:"approved"`
	Version     int         `json:"version" minimum:"1" example:"1"`
	DecidedAt   string      `json:"decidedAt" format:"date-time" example:"2026-11-20T09:04:31.000Z"`
	RevisedFrom *idv.Status `json:"revisedFrom" extensions:"x-nullable" example:"declined"`
} // @name Decision

type sessionList struct {
	Data       []sessionReply `json:"data"`
	NextCursor *string        `json:"nextCursor" extensions:"x-nullable" example:"c2VzXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm"`
	HasMore    bool           `json:"hasMore" example:"true"`
} // @name SessionList

func sessionOf(x idv.Session, reused bool) sessionReply {
	metadata := x.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	r := sessionReply{
		ID:                x.ID,
		ExternalUserID:    x.ExternalUserID,
		Provider:          x.Provider,
		ProviderSessionID: orNull(string(x.Ref)),
		Status:            x.State.Status,
		Launch: launchReply{
			URL:            orNull(x.Launch.URL),
			Token:          orNull(x.Launch.Token),
			VerificationID: orNull(x.Launch.VerificationID),
		},
		CallbackURL: orNull(x.CallbackURL),
		Reasons:     reasonsOf(x.State.Reasons),
		Metadata:    metadata,
		Reused:      reused,
		CreatedAt:   stamp(x.CreatedAt),
		UpdatedAt:   stamp(x.UpdatedAt),
		ExpiresAt:   stamp(x.ExpiresAt),
		RedactedAt:  stampOrNull(x.RedactedAt),
	}
	if d := x.State.Decision; d != nil {
		r.Decision = &decisionReply{Outcome: d.Outcome, Version: d.Version, DecidedAt: stamp(d.DecidedAt), RevisedFrom: orNull(d.RevisedFrom)}
	}
	return r
}

func reasonsOf(reasons []idv.Reason) []reasonReply {
	list := []reasonReply{}
	for _, r := range reasons {
		list = append(list, reasonReply{Code: r.Code, Retryable: r.Retryable, Message: r.Message, ProviderCode: orNull(r.ProviderCode)})
	}
	return list
}
