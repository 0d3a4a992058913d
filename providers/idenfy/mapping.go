package idenfy

import (
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// The words of status.overall that are read by themselves somewhere.
const (
	active    = "ACTIVE"
	denied    = "DENIED"
	suspected = "SUSPECTED"
	expired   = "EXPIRED"
)

// statusOf reads status.overall (page resources/vocabulary and OpenAPI).
func (p *provider) statusOf(overall string) (idv.Status, bool) {
	switch overall {
	case active: // also while the user is capturing, which nothing tells
		return idv.Pending, true
	case "REVIEWING":
		return idv.InReview, true
	case "APPROVED":
		return idv.Approved, true
	case denied:
		return idv.Declined, true
	case suspected:
		return p.settings.suspected, true
	case expired, "EXPIRED-DELETED", "DELETED", "ARCHIVED": // the last three after any end: a decision stays
		return idv.Expired, true
	default:
		return "", false
	}
}

// hasOutcome reports whether there is more to read than the status: data of the
// person and the document.
func hasOutcome(overall string) bool {
	return overall == "APPROVED" || overall == denied || overall == suspected
}

// thresholdOf reads expirationThreshold (OpenAPI, DocumentExpirationWebhook).
func thresholdOf(threshold string) (idv.NoticeKind, bool) {
	switch threshold {
	case "DOCUMENT_EXPIRES_WITHIN_30_DAYS", "DOCUMENT_EXPIRES_WITHIN_7_DAYS", "DOCUMENT_EXPIRES_WITHIN_1_DAY":
		return idv.NoticeDocumentExpiring, true
	case "DOCUMENT_EXPIRED":
		return idv.NoticeDocumentExpired, true
	default:
		return "", false
	}
}

// documentTypeOf reads data.docType (OpenAPI). What proves an identity without
// being one of our documents is "other", as is a word that is not known.
func documentTypeOf(docType string) *idv.DocumentType {
	kind := idv.OtherDocument
	switch docType {
	case "":
		return nil
	case "PASSPORT", "NATIONAL_PASSPORT", "INTERNATIONAL_PASSPORT":
		kind = idv.Passport
	case "ID_CARD", "OLD_ID_CARD":
		kind = idv.IDCard
	case "DRIVER_LICENSE", "PROVISIONAL_DRIVER_LICENSE":
		kind = idv.DrivingLicense
	case "RESIDENCE_PERMIT":
		kind = idv.ResidencePermit
	case "VISA":
		kind = idv.Visa
	}
	return &kind
}

// documentWords are the words of a create for our document types.
func documentWords(types []idv.DocumentType) []string {
	words := map[idv.DocumentType]string{
		idv.Passport: "PASSPORT", idv.IDCard: "ID_CARD", idv.DrivingLicense: "DRIVER_LICENSE",
		idv.ResidencePermit: "RESIDENCE_PERMIT", idv.Visa: "VISA", idv.OtherDocument: "OTHER",
	}
	var list []string
	for _, t := range types {
		if w := words[t]; w != "" {
			list = append(list, w)
		}
	}
	return list
}

// sexOf reads data.docSex; UNDEFINED says nothing.
func sexOf(docSex string) string {
	switch docSex {
	case "MALE":
		return "male"
	case "FEMALE":
		return "female"
	default:
		return ""
	}
}
