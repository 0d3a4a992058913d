package realid

import (
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// stepStatus reads a step: those of the vendor's WooCommerce plugin and
// dashboard. "completed" is read further by read.
func (p *provider) stepStatus(step string) (status idv.Status, known bool) {
	switch normal(step) {
	case "draft": // prepared, not sent
		return idv.Created, true
	case "delivered":
		return idv.Pending, true
	case "opened",
		"id", "submitted_id", "back_id", "submitted_back_id", "submitted_proof_of_address", "submitted_photo":
		return idv.InProgress, true
	case "submitted_face", "face_match": // often the last picture, but nothing says so
		return p.faceStep, true
	case "in_review":
		return idv.InReview, true
	case "completed", "manually_approved":
		return idv.Approved, true
	case "failed", "manually_rejected":
		return idv.Declined, true
	case "data_deleted": // what was decided stays so
		return "", true
	default:
		return "", false
	}
}

// event is what a webhook's type says by itself.
type event struct {
	status idv.Status
	notice idv.NoticeKind
}

// eventOf reads the type of a webhook: the page api/webhooks, whose list and
// whose sample call the first one differently.
func eventOf(eventType string) (e event, known bool) {
	switch normal(eventType) {
	case "check.delivered", "check.created":
		return event{status: idv.Pending}, true
	case "check.opened", "check.submitted_photo":
		return event{status: idv.InProgress}, true
	case "check.completed":
		return event{status: idv.Approved}, true
	case "check.failed":
		return event{status: idv.Declined}, true
	case "customer.data_request":
		return event{notice: idv.NoticeDataRequest}, true
	case "customer.data_deletion_request":
		return event{notice: idv.NoticeDataErasure}, true
	case "customer.manual_review_requested":
		return event{notice: idv.NoticeReviewRequested}, true
	default:
		return event{}, false
	}
}

// failure is what a failure code means, and which check it fails.
type failure struct {
	reason idv.ReasonCode
	check  idv.CheckKind
}

// failureOf reads a failure code of the vendor's dashboard.
func failureOf(code string) failure {
	switch code {
	case "InvalidIdError":
		return failure{idv.ReasonDocumentInvalid, idv.CheckDocument}
	case "InvalidIdPhotoError", "UnreadableIdError", "IdOutOfFocus", "DarkIdPhoto", "OverExposedIdPhoto":
		return failure{idv.ReasonDocumentUnreadable, idv.CheckDocument}
	case "UnsupportedIdPhotoError":
		return failure{idv.ReasonDocumentNotSupported, idv.CheckDocument}
	case "MissingIdFieldsError":
		return failure{idv.ReasonDataMissing, idv.CheckDocument}
	case "ExpiredIdError":
		return failure{idv.ReasonDocumentExpired, idv.CheckDocument}
	case "SuspiciousIdPhoto":
		return failure{idv.ReasonDocumentNotGenuine, idv.CheckDocument}
	case "BlacklistedDocument":
		return failure{idv.ReasonFraudSuspected, idv.CheckDocument}
	case "FaceMatchError":
		return failure{idv.ReasonFaceMismatch, idv.CheckFaceMatch}
	case "InvalidUserPhotoError", "FaceNotFoundError", "MultipleFacesError", "IdPhotoForHeadshot":
		return failure{idv.ReasonFaceNotVisible, idv.CheckFaceMatch}
	case "ShippingAddressCrossCheckFailed":
		return failure{idv.ReasonDataMismatch, idv.CheckAddress}
	case "BillingNameCrossCheckFailed", "LastNameCrossCheckFailed", "ShippingNameCrossCheckFailed", "CreditCardNameCrossCheckFailed":
		return failure{idv.ReasonNameMismatch, idv.CheckData}
	case "UnderageIdError":
		return failure{idv.ReasonAgeRestriction, idv.CheckAge}
	case "InvalidRequestError", "AuthenticationError", "ConnectionError", "UnknownSystemError":
		return failure{idv.ReasonProviderError, ""}
	default:
		return failure{idv.ReasonNotSpecified, ""}
	}
}

// technicalAlone reports whether there are codes, all of them of machinery.
func technicalAlone(codes []string) bool {
	return len(codes) > 0 && !slices.ContainsFunc(codes, func(code string) bool {
		return failureOf(code).reason != idv.ReasonProviderError
	})
}

// sexOf reads a sex, nil if it cannot be told.
func sexOf(s string) *string {
	switch normal(s) {
	case "f", "female":
		return idv.Text("female")
	case "m", "male":
		return idv.Text("male")
	case "x", "other":
		return idv.Text("other")
	default:
		return nil
	}
}

// normal is the form in which words are looked up: the vendor's own sources
// write some of them with dashes and some with underscores. Only ASCII is put
// in lower case, so that no other letter turns into one of a word we know.
func normal(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r == '-':
			return '_'
		default:
			return r
		}
	}, strings.TrimSpace(s))
}
