package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// verdict is how the scoring ended.
type verdict struct {
	decision, reason, code string
	overall                float64
	passed                 bool
}

// verdictOf gives the verdict of a session that was scored. A human's verdict
// leaves the decision of the scoring on record.
func verdictOf(s emulator.Session) (verdict, bool) {
	v := verdict{}
	switch {
	case s.Status == idv.Approved, s.Status == idv.Expired && !s.DecidedAt.IsZero():
		v = verdict{decision: "auto_approve", reason: "All checks passed", overall: 96.3, passed: true}
	case s.Status == idv.InReview:
		v = verdict{decision: "manual_review", reason: "Borderline score", overall: 74.8, passed: true}
	case s.Status == idv.Declined && s.Fraud:
		v = verdict{decision: "auto_reject", reason: "Document tampering detected", overall: 31.2}
	case s.Status == idv.Declined:
		v = verdict{decision: "auto_reject", reason: "Verification rejected", code: s.Reason, overall: 42.5}
	default:
		return v, false
	}
	if s.Reviewed {
		v.decision, v.overall = "manual_review", 74.8
	}
	return v, true
}

type envelope struct {
	ID           string    `json:"id"`
	EventType    string    `json:"eventType"`
	ResourceType string    `json:"resourceType"`
	ResourceID   string    `json:"resourceId"`
	TenantID     string    `json:"tenantId"`
	Timestamp    time.Time `json:"timestamp"`
	Data         any       `json:"data"`
}

type outcome struct {
	VerificationID string  `json:"verificationId"`
	ExternalID     string  `json:"externalId"`
	Status         string  `json:"status"`
	Decision       string  `json:"decision"`
	Reason         string  `json:"decisionReason"`
	Score          float64 `json:"overallScore"`
}

type alert struct {
	VerificationID string `json:"verificationId"`
	ExternalID     string `json:"externalId"`
	AlertType      string `json:"alertType"`
	Severity       string `json:"severity"`
}

// Tell gives the webhooks of a step. Kora sends none for the beginning, a
// failure or an expiry. What follows a review comes without a new scoring.
func (k *kora) Tell(s emulator.Session, step emulator.Step) []emulator.Message {
	scored := []string{"verification.completed"}
	if s.Reviewed && step != emulator.Review {
		scored = nil
	}
	switch step {
	case emulator.Approve:
		return k.results(s, append(scored, "verification.verified"))
	case emulator.Decline:
		return k.results(s, append(scored, "verification.rejected"))
	case emulator.Review:
		return k.results(s, scored)
	case emulator.Fraud:
		raised := k.message(s, "fraud_alert.created", "fraud_alert", "alt_"+uuid.NewString(), alert{
			VerificationID: s.ID, ExternalID: s.ExternalUserID, AlertType: "document_tampering", Severity: "high",
		})
		return append([]emulator.Message{raised}, k.results(s, append(scored, "verification.rejected"))...)
	default:
		return nil
	}
}

func (k *kora) results(s emulator.Session, eventTypes []string) []emulator.Message {
	v, ok := verdictOf(s)
	if !ok {
		return nil
	}
	var messages []emulator.Message
	for _, eventType := range eventTypes {
		messages = append(messages, k.message(s, eventType, "verification", s.ID, outcome{
			VerificationID: s.ID, ExternalID: s.ExternalUserID, Status: statusWord(s.Status),
			Decision: v.decision, Reason: v.reason, Score: v.overall,
		}))
	}
	return messages
}

// message goes to the tenant's endpoint and to that of the verification.
func (k *kora) message(s emulator.Session, eventType, resource, id string, data any) emulator.Message {
	e := envelope{
		ID: "evt_" + uuid.NewString(), EventType: eventType, ResourceType: resource, ResourceID: id,
		TenantID: k.o.Settings["TENANT_ID"], Timestamp: s.UpdatedAt, Data: data,
	}
	body, _ := json.Marshal(e) // plain values always marshal
	urls := []string{k.o.WebhookURL}
	if own := s.Fields["callbackUrl"]; own != k.o.WebhookURL {
		urls = append(urls, own)
	}
	return emulator.Message{
		URLs: urls, Event: eventType, Body: body,
		Header: http.Header{"X-Webhook-Id": {e.ID}, "X-Event-Type": {eventType}},
	}
}

// Sign signs by the scheme with a timestamp, or by the older one.
func (k *kora) Sign(m emulator.Message, at time.Time) http.Header {
	secrets := k.o.Settings.List("WEBHOOK_SECRET")
	if len(secrets) == 0 {
		return http.Header{}
	}
	mac := hmac.New(sha256.New, []byte(secrets[0]))
	if k.o.Settings[BodySignature] == "true" {
		mac.Write(m.Body)
		return http.Header{"X-Kora-Signature": {hex.EncodeToString(mac.Sum(nil))}}
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac.Write([]byte(timestamp + "."))
	mac.Write(m.Body)
	return http.Header{
		"X-Signature":           {hex.EncodeToString(mac.Sum(nil))},
		"X-Signature-Algorithm": {"sha256"},
		"X-Timestamp":           {timestamp},
	}
}
