package kora

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// statusOf reads a status word: the state machine of the page
// docs.korastratum.com/idv/verification-flow, and the older words that the
// vendor's SDKs still know. "expired" is read by expiry.
func statusOf(status string) (idv.Status, bool) {
	switch normal(status) {
	case "pending": // also while the user is capturing
		return idv.Pending, true
	case "document_required", "selfie_required", "liveness_required":
		return idv.InProgress, true
	case "processing":
		return idv.Processing, true
	case "manual_review", "review_required":
		return idv.InReview, true
	case "verified", "approved":
		return idv.Approved, true
	case "rejected":
		return idv.Declined, true
	case "failed": // documented as an error of processing, not as a refusal
		return idv.Failed, true
	case "expired":
		return idv.Expired, true
	default:
		return "", false
	}
}

// decisionOf reads a decision word of the page
// docs.korastratum.com/idv/guides/server-integration. What is said after a
// human review is not published.
func decisionOf(decision string) (idv.Status, bool) {
	switch normal(decision) {
	case "auto_approve":
		return idv.Approved, true
	case "auto_reject":
		return idv.Declined, true
	case "manual_review":
		return idv.InReview, true
	default:
		return "", false
	}
}

// reasonOf reads a decision code. The codes are those of the vendor's React
// Native SDK 1.10.8.
func reasonOf(code string) idv.Reason {
	code = word(code)
	ours := idv.ReasonNotSpecified
	switch strings.ToUpper(code) {
	case "DOCUMENT_UNREADABLE", "DOCUMENT_QUALITY":
		ours = idv.ReasonDocumentUnreadable
	case "DOCUMENT_EXPIRED":
		ours = idv.ReasonDocumentExpired
	case "FACE_MISMATCH":
		ours = idv.ReasonFaceMismatch
	case "LIVENESS_FAILED":
		ours = idv.ReasonLivenessFailed
	case "NAME_MISMATCH":
		ours = idv.ReasonNameMismatch
	case "SCORE_LOW":
		ours = idv.ReasonScoreLow
	case "EYEWEAR":
		ours = idv.ReasonFaceNotVisible
	case "DATA_INCONSISTENT":
		ours = idv.ReasonDataMismatch
	}
	return idv.NewReason(ours, code)
}

// eventStatus gives what an event says by its very name, empty if its data say
// it.
func eventStatus(eventType string) (status idv.Status, ok bool) {
	switch eventType {
	case "verification.completed":
		return "", true
	case "verification.verified":
		return idv.Approved, true
	case "verification.rejected":
		return idv.Declined, true
	default:
		return "", false
	}
}

func normal(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
