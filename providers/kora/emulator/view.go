package emulator

import (
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// verification is the read of a verification. The create shows its first rows.
type verification struct {
	ID           string     `json:"id"`
	ExternalID   string     `json:"externalId,omitempty"`
	TenantID     string     `json:"tenantId"`
	Status       string     `json:"status"`
	Tier         string     `json:"tier"`
	CreatedAt    time.Time  `json:"createdAt"`
	UpdatedAt    time.Time  `json:"updatedAt,omitzero"`
	CompletedAt  *time.Time `json:"completedAt,omitempty"`
	Document     *document  `json:"documentVerification,omitempty"`
	Face         *face      `json:"faceVerification,omitempty"`
	Liveness     *liveness  `json:"livenessVerification,omitempty"`
	Scores       *scores    `json:"scores,omitempty"`
	RiskSignals  []signal   `json:"riskSignals,omitempty"`
	RiskScore    *int       `json:"riskScore,omitempty"`
	Decision     string     `json:"decision,omitempty"`
	Reason       string     `json:"decisionReason,omitempty"`
	DecisionCode string     `json:"decisionCode,omitempty"`
}

type document struct {
	Type         string  `json:"documentType"`
	Number       string  `json:"documentNumber"`
	FirstName    string  `json:"firstName"`
	LastName     string  `json:"lastName"`
	DateOfBirth  string  `json:"dateOfBirth"`
	Expiration   string  `json:"expirationDate"`
	Country      string  `json:"issuingCountry"`
	MRZValid     bool    `json:"mrzValid"`
	Authenticity float64 `json:"authenticityScore"`
}

type face struct {
	Score      float64 `json:"matchScore"`
	Result     string  `json:"matchResult"`
	Confidence float64 `json:"confidence"`
}

type liveness struct {
	Score  float64     `json:"livenessScore"`
	IsLive bool        `json:"isLive"`
	Tests  []challenge `json:"challengeResults"`
}

type challenge struct {
	Type       string  `json:"type"`
	Passed     bool    `json:"passed"`
	Confidence float64 `json:"confidence"`
}

type scores struct {
	DocumentQuality float64 `json:"documentQuality"`
	DocumentAuth    float64 `json:"documentAuth"`
	FaceMatch       float64 `json:"faceMatch"`
	Liveness        float64 `json:"liveness"`
	NameMatch       float64 `json:"nameMatch"`
	DataConsistency float64 `json:"dataConsistency"`
	Screening       float64 `json:"screening"`
	Overall         float64 `json:"overall"`
}

type signal struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// statusWord is Kora's word. It has none for a capture that has begun, nor for
// one that was given up: both stay pending until they expire.
func statusWord(s idv.Status) string {
	switch s {
	case idv.Processing:
		return "processing"
	case idv.InReview:
		return "manual_review"
	case idv.Approved:
		return "verified"
	case idv.Declined:
		return "rejected"
	case idv.Failed:
		return "failed"
	case idv.Expired:
		return "expired"
	default:
		return "pending"
	}
}

func (k *kora) brief(s emulator.Session) verification {
	return verification{
		ID: s.ID, TenantID: k.o.Settings["TENANT_ID"], Status: statusWord(s.Status),
		Tier: s.Fields["tier"], CreatedAt: s.CreatedAt,
	}
}

func (k *kora) full(s emulator.Session) verification {
	v := k.brief(s)
	v.ExternalID, v.UpdatedAt = s.ExternalUserID, s.UpdatedAt
	verdict, ok := verdictOf(s)
	if !ok {
		return v
	}
	completed := s.SubmittedAt
	if !s.DecidedAt.IsZero() {
		completed = s.DecidedAt
	}
	overall := verdict.overall
	risk := 100 - int(overall)
	v.CompletedAt, v.RiskScore = &completed, &risk
	v.Decision, v.Reason, v.DecisionCode = verdict.decision, verdict.reason, verdict.code
	v.Document = &document{
		Type: "international_passport", Number: "A0000001", FirstName: "AMARA", LastName: "OKAFOR",
		DateOfBirth: "1994-02-17", Expiration: "2031-05-09", Country: "NGA",
		MRZValid: verdict.passed, Authenticity: overall,
	}
	v.Face = &face{Score: overall, Result: "match", Confidence: 0.97}
	v.Liveness = &liveness{Score: 95, IsLive: true, Tests: []challenge{{Type: "blink", Passed: true, Confidence: 0.98}}}
	v.Scores = &scores{
		DocumentQuality: 93, DocumentAuth: overall, FaceMatch: 97, Liveness: 95,
		NameMatch: 98, DataConsistency: 96, Screening: 100, Overall: overall,
	}
	switch verdict.code {
	case "DOCUMENT_EXPIRED":
		v.Document.Expiration = "2020-01-31"
	case "FACE_MISMATCH":
		v.Face.Result = "no_match"
	case "LIVENESS_FAILED":
		v.Liveness.IsLive = false
	}
	if s.Fraud {
		v.RiskSignals = []signal{{Code: "DOCUMENT_TAMPERING", Severity: "high", Message: "The document was altered"}}
	}
	return v
}
