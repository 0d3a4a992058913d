package veriff

import (
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// verification is what Veriff decided (page /docs/decision-webhook).
type verification struct {
	ID           text     `json:"id"`
	AttemptID    text     `json:"attemptId"`
	VendorData   text     `json:"vendorData"`
	Status       text     `json:"status"`
	Code         text     `json:"code"`
	ReasonCode   text     `json:"reasonCode"`
	DecisionTime text     `json:"decisionTime"`
	Person       person   `json:"person"`
	Document     document `json:"document"`
	RiskScore    struct {
		Score text `json:"score"`
	} `json:"riskScore"`
	RiskLabels []riskLabel `json:"riskLabels"`
	Biometric  struct {
		MatchedSessionID text `json:"matchedSessionId"`
	} `json:"biometricAuthentication"`
	Additional additional `json:"additionalVerifiedData"`
}

// say reads the decision into an update that knows the session already.
func (v verification) say(u idv.Update) idv.Update {
	u.ProviderStatus, u.OccurredAt = word(v.Status), v.DecisionTime.time()
	status, known := v.status()
	if !known {
		u.Unknown = true
		u.Why = fmt.Sprintf("the status %s with code %s is not in the tables", quoted(v.Status), quoted(v.Code))
		return u
	}
	u.Status = status
	u.Reasons = reasons(status, word(v.Status), reasonOf(v.ReasonCode).named(v.ReasonCode))
	u.Result = v.result(status)
	u.DocumentExpiresAt = idv.AfterDay(v.Document.ValidUntil.day())
	if byCode, ok := codeStatus(v.Code); ok && byCode != status {
		// The status is what counts; the code is told for somebody to ask Veriff.
		u.Notice = &idv.Notice{Kind: idv.NoticeContradiction, Facts: map[string]string{
			"status": word(v.Status), "code": word(v.Code),
		}}
		u.Why = "the code says something else than the status, which counts"
	}
	return dated(u)
}

// status goes by the status word. Without one the code decides, except that it
// never approves.
func (v verification) status() (idv.Status, bool) {
	status, known := statusOf(v.Status)
	if known {
		return status, true
	}
	if legacy, ok := legacyStatus(v.Code); ok {
		return legacy, true
	}
	if v.Status != "" {
		return "", false
	}
	if v.Code == "9121" {
		return idv.InReview, true
	}
	status, known = codeStatus(v.Code)
	return status, known && status != idv.Approved
}

// dated marks a verdict without a time, which cannot be put in order by itself:
// the truth is fetched.
func dated(u idv.Update) idv.Update {
	verdict := u.Status.Decided() || u.Status == idv.ResubmissionRequested
	if verdict && u.OccurredAt.IsZero() {
		u.Partial, u.Why = true, "a verdict without a time"
	}
	return u
}
