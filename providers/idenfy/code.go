package idenfy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// meaning is what detail words or tags of iDenfy's say: what was looked at, how
// it ended, and why the user is held back, empty if that is no reason.
type meaning struct {
	kind   idv.CheckKind
	status idv.CheckStatus
	reason idv.ReasonCode
	words  string
}

// documentCodes are the words of autoDocument and manualDocument (OpenAPI). Only
// DOC_VALIDATED is positive.
func documentCodes() []meaning {
	const of = idv.CheckDocument
	return []meaning{
		{of, idv.CheckPassed, "", "DOC_VALIDATED"},
		{of, idv.CheckNotRun, "", "DOC_NOT_ANALYSED"},
		{of, idv.CheckUnclear, idv.ReasonProviderError, "DOC_ERROR"},
		{of, idv.CheckUnclear, idv.ReasonNotSpecified, "AUTO_UNVERIFIABLE"},
		{of, idv.CheckFailed, idv.ReasonDocumentMissing, "DOC_NOT_FOUND DOC_SIDE_MISMATCH"},
		{of, idv.CheckFailed, idv.ReasonDocumentUnreadable, "DOC_NOT_FULLY_VISIBLE DOC_FACE_NOT_FOUND DOC_TOO_BLURRY DOC_GLARED" +
			" DOC_FACE_GLARED MRZ_NOT_FOUND MRZ_OCR_READING_ERROR BARCODE_NOT_FOUND" +
			" DOC_NAME_ERROR DOC_SURNAME_ERROR DOC_EXPIRY_ERROR DOC_DOB_ERROR DOC_PERSONAL_NUMBER_ERROR DOC_NUMBER_ERROR" +
			" DOC_DATE_OF_ISSUE_ERROR DOC_SEX_ERROR DOC_NATIONALITY_ERROR EID_FAILED NFC_INIT_FAILED NFC_FAILED NFC_TIMEOUT"},
		{of, idv.CheckFailed, idv.ReasonDocumentExpired, "DOC_EXPIRED"},
		{of, idv.CheckFailed, idv.ReasonDocumentNotSupported, "DOC_NOT_SUPPORTED COUNTRY_NOT_SUPPORTED COUNTRY_MISMATCH" +
			" DOC_TYPE_MISMATCH DOC_SUBTYPE_MISMATCH DOC_NOT_ALLOWED"},
		{of, idv.CheckFailed, idv.ReasonDocumentDamaged, "DOC_DAMAGED"},
		{of, idv.CheckFailed, idv.ReasonDocumentNotGenuine, "DOC_FAKE DOC_SPOOF_DETECTED"},
		{of, idv.CheckFailed, idv.ReasonDocumentInvalid, "DOC_PERSONAL_CODE_INVALID MRZ_INVALID"},
		{of, idv.CheckFailed, idv.ReasonDataMismatch, "DOC_INFO_MISMATCH"},
	}
}

// faceCodes are the words of autoFace and manualFace (OpenAPI). Only FACE_MATCH
// is positive.
func faceCodes() []meaning {
	const of = idv.CheckFaceMatch
	return []meaning{
		{of, idv.CheckPassed, "", "FACE_MATCH"},
		{of, idv.CheckNotRun, "", "FACE_NOT_CHECKED FACE_NOT_ANALYSED"},
		{of, idv.CheckUnclear, idv.ReasonProviderError, "FACE_ERROR"},
		{of, idv.CheckUnclear, idv.ReasonNotSpecified, "AUTO_UNVERIFIABLE"},
		{of, idv.CheckUnclear, idv.ReasonFaceNotVisible, "FACE_UNCERTAIN"},
		{of, idv.CheckFailed, idv.ReasonFaceNotVisible, "NO_FACE_FOUND TOO_MANY_FACES FACE_TOO_BLURRY FACE_GLARED"},
		{of, idv.CheckFailed, idv.ReasonFaceMismatch, "FACE_MISMATCH"},
		{idv.CheckLiveness, idv.CheckFailed, idv.ReasonLivenessFailed, "FAKE_FACE"},
	}
}

// fraudTags are the words of fraudTags (OpenAPI). *_FAILED says that a check
// could not be run, *_SUSPECTION that a human should look.
func fraudTags() []meaning {
	return []meaning{
		{idv.CheckOther, idv.CheckFailed, idv.ReasonFraudSuspected, "FACE_IN_BLACKLIST DOC_FACE_IN_BLACKLIST DATA_BLACKLISTED" +
			" DATA_IN_BLACKLIST FACE_BLACKLISTED DOC_FACE_BLACKLISTED"},
		{idv.CheckDuplicate, idv.CheckFailed, idv.ReasonDuplicateUser, "DUPLICATE_FACE DUPLICATE_DOC_FACE DUPLICATE_PERSONAL_DATA"},
		{idv.CheckDevice, idv.CheckFailed, idv.ReasonFraudSuspected, "VIRTUAL_CAMERA DEV_TOOLS_OPENED"},
		{idv.CheckAddress, idv.CheckFailed, idv.ReasonAddressNotVerified, "ADDRESS_UNVERIFIED"},
		{idv.CheckDocument, idv.CheckFailed, idv.ReasonDocumentNotGenuine, "PORTRAIT_SUBSTITUTION DOC_MOBILE_PHOTO DOC_PRINT_SPOOFED"},
		{idv.CheckLiveness, idv.CheckFailed, idv.ReasonLivenessFailed, "FAKE_PHOTO"},
		{idv.CheckLiveness, idv.CheckUnclear, idv.ReasonFraudSuspected, "FACE_SUSPECTED"},
		{idv.CheckAML, idv.CheckUnclear, idv.ReasonWatchlistMatch, "AML_SUSPECTION SANCTIONS_SUSPECTION"},
		{idv.CheckRegistry, idv.CheckUnclear, idv.ReasonWatchlistMatch, "CRIMINAL_SUSPECTED"},
		{idv.CheckRegistry, idv.CheckUnclear, idv.ReasonDocumentInvalid, "LID_SUSPECTION"}, // lost and invalid documents
		{idv.CheckAML, idv.CheckNotRun, idv.ReasonProviderError, "AML_FAILED SANCTIONS_FAILED"},
		{idv.CheckRegistry, idv.CheckNotRun, idv.ReasonProviderError, "LID_FAILED CRIMINAL_CHECK_FAILED RC_FAILED DL_FAILED"},
		{idv.CheckOther, idv.CheckUnclear, idv.ReasonNotSpecified, "AUTO_UNVERIFIABLE"},
	}
}

// mismatchTags are the words of mismatchTags (OpenAPI): what was given at the
// create, or is required, is not what was found.
func mismatchTags() []meaning {
	return []meaning{
		{idv.CheckData, idv.CheckFailed, idv.ReasonNameMismatch, "NAME SURNAME FULL_NAME"},
		{idv.CheckData, idv.CheckFailed, idv.ReasonDataMismatch, "DOCUMENT_NUMBER PERSONAL_CODE EXPIRY_DATE DATE_OF_BIRTH" +
			" DATE_OF_ISSUE NATIONALITY SEX DOC_INFO_MISMATCH"},
		{idv.CheckAge, idv.CheckFailed, idv.ReasonAgeRestriction, "UNDER_AGE OVER_AGE"},
		{idv.CheckAge, idv.CheckUnclear, idv.ReasonDataMissing, "UNKNOWN_AGE"},
		{idv.CheckAddress, idv.CheckFailed, idv.ReasonAddressNotVerified, "UTILITY_ADDRESS UTILITY_NAME EXPIRED_UTILITY_BILL" +
			" NOT_SUPPORTED_POA_DOCUMENT_TYPE NOT_SUPPORTED_POA_DOCUMENT_COUNTRY POA_COUNTRIES_MISMATCH POA_SCREENSHOT_DETECTED"},
		{idv.CheckOther, idv.CheckFailed, idv.ReasonDocumentInvalid, "INVALID_ADDITIONAL_STEP"},
		{idv.CheckOther, idv.CheckFailed, idv.ReasonDocumentMissing, "ADDITIONAL_STEP_NOT_FOUND"},
		{idv.CheckOther, idv.CheckFailed, idv.ReasonDataMismatch, "ADDITIONAL_STEP_INFORMATION_MISMATCH"},
		{idv.CheckOther, idv.CheckFailed, idv.ReasonDocumentExpired, "EXPIRED_ADDITIONAL_STEP_INFORMATION"},
		{idv.CheckRegistry, idv.CheckFailed, idv.ReasonRegistryMismatch, "REGISTRY_CENTER_INFO_MISMATCH DRIVER_LICENSE_INFO_MISMATCH"},
	}
}

// additionalStep are the words of status.additionalSteps (OpenAPI).
func additionalStep() []meaning {
	return []meaning{
		{idv.CheckOther, idv.CheckPassed, "", "VALID"},
		{idv.CheckOther, idv.CheckFailed, idv.ReasonDocumentInvalid, "INVALID"},
		{idv.CheckOther, idv.CheckFailed, idv.ReasonDocumentMissing, "NOT_FOUND"},
	}
}

// find looks a word up; one that is not known is unclear and gives no reason of
// ours.
func find(table []meaning, code string, otherwise idv.CheckKind) meaning {
	for _, m := range table {
		if slices.Contains(strings.Fields(m.words), code) {
			return m
		}
	}
	return meaning{kind: otherwise, status: idv.CheckUnclear, reason: idv.ReasonNotSpecified}
}

// finding is one detail word or tag with its meaning.
type finding struct {
	meaning
	code   string
	detail string // for people: where it stands, and the word
}

// findings reads the details of a status: document and face, a human's word
// before the machine's, then the additional step and the tags. The list
// suspicionReasons is how older webhooks wrote tags.
func findings(details object) []finding {
	var found []finding
	add := func(table []meaning, otherwise idv.CheckKind, code, detail string) {
		if code != "" {
			found = append(found, finding{find(table, code, otherwise), payload.Word(code), detail})
		}
	}
	said := func(key string) string {
		if w := details.Text(key); w != "" {
			return joined(key, payload.Word(w))
		}
		return ""
	}
	verdict := func(table []meaning, kind idv.CheckKind, automatic, manual string) {
		code := cmp.Or(details.Text(manual), details.Text(automatic))
		add(table, kind, code, strings.Trim(said(automatic)+", "+said(manual), ", "))
	}
	verdict(documentCodes(), idv.CheckDocument, "autoDocument", "manualDocument")
	verdict(faceCodes(), idv.CheckFaceMatch, "autoFace", "manualFace")
	add(additionalStep(), idv.CheckOther, details.Text("additionalSteps"), said("additionalSteps"))
	tags := func(key string, table []meaning) {
		for _, tag := range words(details, key) {
			add(table, idv.CheckOther, tag, joined(key, payload.Word(tag)))
		}
	}
	tags("fraudTags", fraudTags())
	tags("mismatchTags", mismatchTags())
	tags("suspicionReasons", slices.Concat(fraudTags(), mismatchTags()))
	return found
}

// reasonsOf gives a reason for each finding that holds the user back, with
// iDenfy's own word.
func reasonsOf(overall string, details object) []idv.Reason {
	var reasons []idv.Reason
	for _, f := range findings(details) {
		if r := idv.NewReason(f.reason, f.code); f.reason != "" && !slices.Contains(reasons, r) {
			reasons = append(reasons, r)
		}
	}
	if len(reasons) == 0 {
		return []idv.Reason{idv.NewReason(idv.ReasonNotSpecified, payload.Word(overall))}
	}
	return reasons
}
