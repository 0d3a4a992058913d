package veriff

import (
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// statusOf reads a status word (page
// /docs/verification-session-status-codes-table; inflow_completed is on an older
// page, tier_1_approved in the guide of 2019).
func statusOf(status text) (idv.Status, bool) {
	switch status {
	case "created":
		return idv.Pending, true
	case "started":
		return idv.InProgress, true
	case "submitted", "inflow_completed":
		return idv.Processing, true
	case "review":
		return idv.InReview, true
	case "resubmission_requested":
		return idv.ResubmissionRequested, true
	case "approved":
		return idv.Approved, true
	case "declined":
		return idv.Declined, true
	case "expired", "abandoned":
		return idv.Expired, true
	case "tier_1_approved":
		return "", true
	default:
		return "", false
	}
}

// codeStatus reads a code that stands for one status. 9121 does not: its pages
// contradict each other. 9104 is two statuses to Veriff and one to us.
func codeStatus(code text) (idv.Status, bool) {
	switch code {
	case "7001":
		return idv.InProgress, true
	case "7002":
		return idv.Processing, true
	case "9001":
		return idv.Approved, true
	case "9102":
		return idv.Declined, true
	case "9103":
		return idv.ResubmissionRequested, true
	case "9104":
		return idv.Expired, true
	default:
		return "", false
	}
}

// legacyStatus reads codes of retired products, whose status words are not
// published: intermediate results that a decision follows.
func legacyStatus(code text) (idv.Status, bool) {
	if code == "9151" || code == "9161" {
		return idv.Processing, true
	}
	return "", false
}

// actionOf reads an event webhook (page /docs/event-webhook). 7003 and 7005 were
// seen and move nothing.
func actionOf(action, code text) (idv.Status, bool) {
	switch action {
	case "started":
		return idv.InProgress, true
	case "submitted":
		return idv.Processing, true
	}
	if code == "7003" || code == "7005" {
		return "", true
	}
	if status, known := codeStatus(code); known && action == "" && strings.HasPrefix(string(code), "7") {
		return status, true
	}
	return "", false
}

// meaning is what a code or label is about, and our reason for it.
type meaning struct {
	reason idv.ReasonCode
	kind   idv.CheckKind
}

func (m meaning) named(code text) idv.Reason { return idv.NewReason(m.reason, word(code)) }

func unspecified() meaning { return meaning{idv.ReasonNotSpecified, idv.CheckOther} }

// reasonOf reads a reason code (pages
// /docs/verification-session-decision-codes-table, /docs/granular-reason-codes).
func reasonOf(code text) meaning {
	for _, row := range []struct {
		meaning
		codes []text
	}{
		// Declined.
		{meaning{idv.ReasonDocumentNotGenuine, idv.CheckDocument}, []text{"101", "102", "504", "505", "506", "507", "508"}},
		{meaning{idv.ReasonFaceMismatch, idv.CheckFaceMatch}, []text{"103", "120", "509"}},
		{meaning{idv.ReasonNameMismatch, idv.CheckData}, []text{"104"}},
		{meaning{idv.ReasonFraudSuspected, idv.CheckOther}, []text{"105", "106", "107", "111", "113", "127", "501", "502", "503"}},
		{meaning{idv.ReasonDuplicateUser, idv.CheckDuplicate}, []text{"108", "109", "110", "124"}},
		{meaning{idv.ReasonLocationRestricted, idv.CheckDevice}, []text{"112"}},
		{meaning{idv.ReasonDataMissing, idv.CheckData}, []text{"121", "122"}},
		{meaning{idv.ReasonRegistryMismatch, idv.CheckRegistry}, []text{"123"}},
		{meaning{idv.ReasonWatchlistMatch, idv.CheckAML}, []text{"126"}},
		{meaning{idv.ReasonDataMismatch, idv.CheckData}, []text{"128"}},
		{meaning{idv.ReasonProviderError, idv.CheckOther}, []text{"129"}},
		{meaning{idv.ReasonDocumentNotSupported, idv.CheckDocument}, []text{"510"}},
		{meaning{idv.ReasonDocumentExpired, idv.CheckDocument}, []text{"511"}},
		{meaning{idv.ReasonLivenessFailed, idv.CheckLiveness}, []text{"515", "526"}},
		{meaning{idv.ReasonAddressNotVerified, idv.CheckAddress}, []text{"527", "528"}},
		{meaning{idv.ReasonAgeRestriction, idv.CheckAge}, []text{"530", "531", "532", "533", "534", "535", "536"}},
		{meaning{idv.ReasonDocumentUnreadable, idv.CheckDocument}, []text{"537"}},
		{meaning{idv.ReasonTooManyAttempts, idv.CheckOther}, []text{"539"}},
		// Resubmission requested.
		{meaning{idv.ReasonDataMissing, idv.CheckOther}, []text{
			"201", "603", "625", "626", "627", "628", "629", "630", "631", "632", "633", "634", "635",
		}},
		{meaning{idv.ReasonDocumentUnreadable, idv.CheckDocument}, []text{"204", "614", "615", "619", "642"}},
		{meaning{idv.ReasonDocumentDamaged, idv.CheckDocument}, []text{"205", "621"}},
		{meaning{idv.ReasonDocumentNotSupported, idv.CheckDocument}, []text{"206", "602"}},
		{meaning{idv.ReasonDocumentExpired, idv.CheckDocument}, []text{"207", "620"}},
		{meaning{idv.ReasonDocumentMissing, idv.CheckDocument}, []text{"608", "609"}},
		{meaning{idv.ReasonFaceNotVisible, idv.CheckFaceMatch}, []text{"605", "606", "641"}},
	} {
		if slices.Contains(row.codes, code) {
			return row.meaning
		}
	}
	return unspecified()
}

// reasons gives what a status needs for a reason. given is what Veriff says of a
// refusal.
func reasons(status idv.Status, said string, given ...idv.Reason) []idv.Reason {
	switch status {
	case idv.Declined, idv.ResubmissionRequested:
		if len(given) == 0 {
			return []idv.Reason{unspecified().named("")}
		}
		return given
	case idv.Expired:
		return []idv.Reason{idv.NewReason(idv.ReasonSessionExpired, said)}
	default:
		return nil
	}
}

// documentTypes are the types of the page /docs/decision-webhook.
func documentTypes() map[string]idv.DocumentType {
	return map[string]idv.DocumentType{
		"PASSPORT":         idv.Passport,
		"ID_CARD":          idv.IDCard,
		"RESIDENCE_PERMIT": idv.ResidencePermit,
		"DRIVERS_LICENSE":  idv.DrivingLicense,
		"VISA":             idv.Visa,
		"OTHER":            idv.OtherDocument,
	}
}

// documentTypeOf reads a document type, which full auto writes in lower case.
func documentTypeOf(name text) *idv.DocumentType {
	if name == "" {
		return nil
	}
	kind, known := documentTypes()[strings.ToUpper(string(name))]
	if !known {
		kind = idv.OtherDocument
	}
	return &kind
}

func sexOf(gender text) string {
	switch strings.ToUpper(string(gender)) {
	case "M", "MALE":
		return "male"
	case "F", "FEMALE":
		return "female"
	case "X":
		return "other"
	default:
		return ""
	}
}

// riskKind reads the category of a risk label.
func riskKind(category text) idv.CheckKind {
	switch category {
	case "client_data_mismatch":
		return idv.CheckData
	case "cross-links":
		return idv.CheckDuplicate
	case "device", "network":
		return idv.CheckDevice
	case "document":
		return idv.CheckDocument
	default: // images, session, person
		return idv.CheckOther
	}
}

// insightOf reads the label of an insight (page /docs/full-auto-webhook).
func insightOf(label text) meaning {
	switch label {
	case "documentFrontFullyVisible", "documentBackFullyVisible", "documentImageQualitySufficient":
		return meaning{idv.ReasonDocumentUnreadable, idv.CheckDocument}
	case "documentFrontImageAvailable", "documentBackImageAvailable":
		return meaning{idv.ReasonDocumentMissing, idv.CheckDocument}
	case "documentAccepted", "documentRecognised":
		return meaning{idv.ReasonDocumentNotSupported, idv.CheckDocument}
	case "documentNotExpired":
		return meaning{idv.ReasonDocumentExpired, idv.CheckDocument}
	case "physicalDocumentPresent", "validDocumentAppearance":
		return meaning{idv.ReasonDocumentNotGenuine, idv.CheckDocument}
	case "faceImageAvailable", "faceImageQualitySufficient":
		return meaning{idv.ReasonFaceNotVisible, idv.CheckFaceMatch}
	case "faceLiveness":
		return meaning{idv.ReasonLivenessFailed, idv.CheckLiveness}
	case "faceSimilarToPortrait":
		return meaning{idv.ReasonFaceMismatch, idv.CheckFaceMatch}
	case "faceNotInBlocklist":
		return meaning{idv.ReasonFraudSuspected, idv.CheckOther}
	case "allowedIpLocation":
		return meaning{idv.ReasonLocationRestricted, idv.CheckDevice}
	case "expectedTrafficBehaviour":
		return meaning{idv.ReasonFraudSuspected, idv.CheckDevice}
	default:
		return unspecified()
	}
}

// insightStatus reads the result of an insight. Likely is not sure.
func insightStatus(result text) idv.CheckStatus {
	switch result {
	case "yes":
		return idv.CheckPassed
	case "no":
		return idv.CheckFailed
	case "notApplicable":
		return idv.CheckNotRun
	default: // likelyYes
		return idv.CheckUnclear
	}
}
