package idenfy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// normalize reads a body that must give exactly one update.
func normalize(t *testing.T, r idv.WebhookReader, event, body string) idv.Update {
	t.Helper()
	w := idv.Webhook{Header: http.Header{}, Body: []byte(body), ReceivedAt: receivedAt()}
	if event != "" {
		w.Header.Set("Idenfy-Event-Type", event)
	}
	updates, err := r.Normalize(w)
	if err != nil || len(updates) != 1 {
		t.Fatalf("%s: %d updates, error %v", body, len(updates), err)
	}
	return updates[0]
}

// said is a webhook with a final outcome and the members of a status.
func said(overall, details string) string {
	return fmt.Sprintf(`{"final":true,"scanRef":%q,"finishTime":1772619790,"status":{"overall":%q%s}}`, ref, overall, details)
}

// TestOveralls goes through the table of statuses, word by word and by what
// `final` says.
func TestOveralls(t *testing.T) {
	r := reader(t, signingKey)
	for overall, want := range map[string][3]idv.Status{ // final true, false, absent
		"ACTIVE":          {idv.Pending, idv.InReview, idv.Pending},
		"REVIEWING":       {idv.InReview, idv.InReview, idv.InReview},
		"APPROVED":        {idv.Approved, idv.InReview, idv.Approved},
		"DENIED":          {idv.Declined, idv.InReview, idv.Declined},
		"SUSPECTED":       {idv.InReview, idv.InReview, idv.InReview},
		"EXPIRED":         {idv.Expired, idv.Expired, idv.Expired},
		"EXPIRED-DELETED": {idv.Expired, idv.Expired, idv.Expired},
		"DELETED":         {idv.Expired, idv.Expired, idv.Expired},
		"ARCHIVED":        {idv.Expired, idv.Expired, idv.Expired},
	} {
		for i, final := range []string{"true", "false", "null"} {
			for _, event := range []string{
				"", "IDENTIFICATION", "IDENTIFICATION_AUTO_FINISHED", "IDENTIFICATION_MANUAL_FINISHED", "IDENTIFICATION_RESUBMITTED",
				"ID_VERIFICATION", "ID_VERIFICATION_AUTO_FINISHED", " id_verification_manual_finished ",
			} {
				u := normalize(t, r, event, fmt.Sprintf(`{"final":%s,"scanRef":%q,"status":{"overall":%q}}`, final, ref, overall))
				if u.Status != want[i] || u.Unknown || u.Partial || u.ProviderStatus != overall || !strings.HasPrefix(u.EventType, "IDENTIFICATION") {
					t.Errorf("%s, final %s, event %q: %+v", overall, final, event, u)
				}
			}
		}
	}
}

func TestUnknownOverallsMoveNothing(t *testing.T) {
	r := reader(t, signingKey)
	for _, overall := range []string{"approved", "APPROVED_", "VERIFIED", "АPPROVED", "Amara Okafor", strings.Repeat("A", 100), ""} {
		for _, event := range []string{"", "IDENTIFICATION_EXPIRED"} {
			u := normalize(t, r, event, said(overall, ""))
			if u.Status != "" || !u.Unknown || u.Why == "" || strings.Contains(u.Why+u.ProviderStatus, "Amara") {
				t.Errorf("%q is read as %+v", overall, u)
			}
		}
	}
}

// A decision needs a plain yes in `final`, or its absence where the settings
// take that for one.
func TestFinal(t *testing.T) {
	const manual = `,"manualDocument":"DOC_VALIDATED","manualFace":"FACE_MATCH"`
	for _, c := range []struct {
		settings       idv.Settings
		final, details string
		overall        string
		want           idv.Status
	}{
		{nil, `"true"`, "", "APPROVED", idv.InReview},
		{nil, `1`, "", "APPROVED", idv.InReview},
		{nil, `{}`, manual, "APPROVED", idv.InReview},
		{nil, `false`, manual, "APPROVED", idv.InReview},
		{nil, `null`, "", "APPROVED", idv.Approved},
		{idv.Settings{"ABSENT_FINAL": "in_review"}, `null`, "", "APPROVED", idv.InReview},
		{idv.Settings{"ABSENT_FINAL": "in_review"}, `null`, "", "DENIED", idv.InReview},
		{idv.Settings{"ABSENT_FINAL": "in_review"}, `null`, manual, "APPROVED", idv.Approved},
		{idv.Settings{"ABSENT_FINAL": "in_review"}, `null`, `,"manualDocument":"","manualFace":null`, "APPROVED", idv.InReview},
		{idv.Settings{"ABSENT_FINAL": "in_review"}, `true`, "", "APPROVED", idv.Approved},
		{idv.Settings{"ABSENT_FINAL": "in_review", "REVIEW_SUCCESSFUL": "false"}, `null`, "", "APPROVED", idv.Approved},
		{idv.Settings{"REVIEW_SUCCESSFUL": "true"}, `null`, "", "APPROVED", idv.InReview},
		{idv.Settings{"REVIEW_SUCCESSFUL": "true"}, `null`, "", "DENIED", idv.Declined},
		{idv.Settings{"REVIEW_SUCCESSFUL": "true"}, `null`, manual, "APPROVED", idv.Approved},
		{idv.Settings{"REVIEW_FAILED": "true"}, `null`, "", "DENIED", idv.InReview},
		{idv.Settings{"REVIEW_FAILED": "true"}, `null`, "", "APPROVED", idv.Approved},
		{idv.Settings{"SUSPECTED_MEANS": "declined"}, `true`, "", "SUSPECTED", idv.Declined},
		{idv.Settings{"SUSPECTED_MEANS": "declined"}, `false`, "", "SUSPECTED", idv.InReview},
	} {
		r := account(t, "http://127.0.0.1:1", c.settings).(idv.WebhookReader)
		u := normalize(t, r, "", fmt.Sprintf(`{"final":%s,"scanRef":%q,"status":{"overall":%q%s}}`, c.final, ref, c.overall, c.details))
		if u.Status != c.want || u.Unknown || (u.Status == idv.InReview) && u.Result != nil {
			t.Errorf("%v, final %s, %s%s: %+v", c.settings, c.final, c.overall, c.details, u)
		}
	}
}

// documented are the words of the OpenAPI document, by the member that holds
// them, and the reason that each gives. Words that hold nobody back are under "".
func documented() map[string]map[idv.ReasonCode]string {
	document := map[idv.ReasonCode]string{
		"":                           "DOC_VALIDATED DOC_NOT_ANALYSED",
		idv.ReasonDataMismatch:       "DOC_INFO_MISMATCH",
		idv.ReasonDocumentMissing:    "DOC_NOT_FOUND DOC_SIDE_MISMATCH",
		idv.ReasonDocumentExpired:    "DOC_EXPIRED",
		idv.ReasonDocumentDamaged:    "DOC_DAMAGED",
		idv.ReasonDocumentNotGenuine: "DOC_FAKE DOC_SPOOF_DETECTED",
		idv.ReasonDocumentInvalid:    "DOC_PERSONAL_CODE_INVALID MRZ_INVALID",
		idv.ReasonProviderError:      "DOC_ERROR",
		idv.ReasonNotSpecified:       "AUTO_UNVERIFIABLE DOC_NEW_WORD",
		idv.ReasonDocumentNotSupported: "DOC_NOT_SUPPORTED COUNTRY_NOT_SUPPORTED COUNTRY_MISMATCH DOC_TYPE_MISMATCH" +
			" DOC_SUBTYPE_MISMATCH DOC_NOT_ALLOWED",
		idv.ReasonDocumentUnreadable: "DOC_NOT_FULLY_VISIBLE DOC_FACE_NOT_FOUND DOC_TOO_BLURRY DOC_GLARED DOC_FACE_GLARED" +
			" MRZ_NOT_FOUND MRZ_OCR_READING_ERROR BARCODE_NOT_FOUND DOC_NAME_ERROR DOC_SURNAME_ERROR DOC_EXPIRY_ERROR" +
			" DOC_DOB_ERROR DOC_PERSONAL_NUMBER_ERROR DOC_NUMBER_ERROR DOC_DATE_OF_ISSUE_ERROR DOC_SEX_ERROR" +
			" DOC_NATIONALITY_ERROR EID_FAILED NFC_INIT_FAILED NFC_FAILED NFC_TIMEOUT",
	}
	face := map[idv.ReasonCode]string{
		"":                       "FACE_MATCH FACE_NOT_CHECKED FACE_NOT_ANALYSED",
		idv.ReasonFaceMismatch:   "FACE_MISMATCH",
		idv.ReasonFaceNotVisible: "NO_FACE_FOUND TOO_MANY_FACES FACE_TOO_BLURRY FACE_GLARED FACE_UNCERTAIN",
		idv.ReasonProviderError:  "FACE_ERROR",
		idv.ReasonNotSpecified:   "AUTO_UNVERIFIABLE FACE_NEW_WORD",
		idv.ReasonLivenessFailed: "FAKE_FACE",
	}
	return map[string]map[idv.ReasonCode]string{
		"autoDocument": document, "manualDocument": document, "autoFace": face, "manualFace": face,
		"additionalSteps": {"": "VALID", idv.ReasonDocumentInvalid: "INVALID", idv.ReasonDocumentMissing: "NOT_FOUND"},
		"fraudTags": {
			idv.ReasonFraudSuspected: "FACE_IN_BLACKLIST DOC_FACE_IN_BLACKLIST DATA_BLACKLISTED DATA_IN_BLACKLIST FACE_BLACKLISTED" +
				" DOC_FACE_BLACKLISTED VIRTUAL_CAMERA DEV_TOOLS_OPENED FACE_SUSPECTED",
			idv.ReasonDuplicateUser:      "DUPLICATE_FACE DUPLICATE_DOC_FACE DUPLICATE_PERSONAL_DATA",
			idv.ReasonAddressNotVerified: "ADDRESS_UNVERIFIED",
			idv.ReasonDocumentNotGenuine: "PORTRAIT_SUBSTITUTION DOC_MOBILE_PHOTO DOC_PRINT_SPOOFED",
			idv.ReasonLivenessFailed:     "FAKE_PHOTO",
			idv.ReasonWatchlistMatch:     "AML_SUSPECTION SANCTIONS_SUSPECTION CRIMINAL_SUSPECTED",
			idv.ReasonDocumentInvalid:    "LID_SUSPECTION",
			idv.ReasonProviderError:      "AML_FAILED LID_FAILED SANCTIONS_FAILED CRIMINAL_CHECK_FAILED RC_FAILED DL_FAILED",
			idv.ReasonNotSpecified:       "AUTO_UNVERIFIABLE NEW_TAG",
		},
		"mismatchTags": {
			idv.ReasonNameMismatch: "NAME SURNAME FULL_NAME",
			idv.ReasonDataMismatch: "DOCUMENT_NUMBER PERSONAL_CODE EXPIRY_DATE DATE_OF_BIRTH DATE_OF_ISSUE NATIONALITY SEX" +
				" DOC_INFO_MISMATCH ADDITIONAL_STEP_INFORMATION_MISMATCH",
			idv.ReasonAgeRestriction: "UNDER_AGE OVER_AGE",
			idv.ReasonDataMissing:    "UNKNOWN_AGE",
			idv.ReasonAddressNotVerified: "UTILITY_ADDRESS UTILITY_NAME EXPIRED_UTILITY_BILL NOT_SUPPORTED_POA_DOCUMENT_TYPE" +
				" NOT_SUPPORTED_POA_DOCUMENT_COUNTRY POA_COUNTRIES_MISMATCH POA_SCREENSHOT_DETECTED",
			idv.ReasonDocumentInvalid:  "INVALID_ADDITIONAL_STEP",
			idv.ReasonDocumentMissing:  "ADDITIONAL_STEP_NOT_FOUND",
			idv.ReasonDocumentExpired:  "EXPIRED_ADDITIONAL_STEP_INFORMATION",
			idv.ReasonRegistryMismatch: "REGISTRY_CENTER_INFO_MISMATCH DRIVER_LICENSE_INFO_MISMATCH",
			idv.ReasonNotSpecified:     "NEW_TAG",
		},
	}
}

func TestEveryDocumentedWord(t *testing.T) {
	r := reader(t, signingKey)
	for member, table := range documented() {
		for reason, words := range table {
			for word := range strings.FieldsSeq(words) {
				value := `"` + word + `"`
				if strings.HasSuffix(member, "Tags") {
					value = "[" + value + "]"
				}
				u := normalize(t, r, "", said("DENIED", fmt.Sprintf(`,%q:%s`, member, value)))
				want := idv.NewReason(reason, word)
				if reason == "" {
					want = idv.NewReason(idv.ReasonNotSpecified, "DENIED")
				}
				if len(u.Reasons) != 1 || u.Reasons[0] != want {
					t.Errorf("%s %s: %+v", member, word, u.Reasons)
				}
				if u.Result == nil || len(u.Result.Checks) != 1 || u.Result.Checks[0].Detail == nil ||
					*u.Result.Checks[0].Detail != member+": "+word {
					t.Fatalf("%s %s: result %+v", member, word, u.Result)
				}
				positive := word == "DOC_VALIDATED" || word == "FACE_MATCH" || word == "VALID"
				if got := u.Result.Checks[0].Status; (got == idv.CheckPassed) != positive {
					t.Errorf("%s %s is %s", member, word, got)
				}
			}
		}
	}
}

// What a human found goes before what the machine found.
func TestManualGoesBeforeAutomatic(t *testing.T) {
	u := normalize(t, reader(t, signingKey), "", said("DENIED",
		`,"autoDocument":"DOC_EXPIRED","manualDocument":"DOC_VALIDATED","autoFace":"FACE_MISMATCH","manualFace":""`))
	if len(u.Reasons) != 1 || u.Reasons[0].ProviderCode != "FACE_MISMATCH" {
		t.Errorf("%+v", u.Reasons)
	}
}

func TestSuspected(t *testing.T) {
	for means, want := range map[string]idv.Status{"": idv.InReview, "in_review": idv.InReview, "declined": idv.Declined} {
		r := account(t, "http://127.0.0.1:1", idv.Settings{"SUSPECTED_MEANS": means}).(idv.WebhookReader)
		u := normalize(t, r, "", said("SUSPECTED", `,"fraudTags":["DUPLICATE_FACE","Amara Okafor"],"mismatchTags":["NAME"]`))
		if u.Status != want || len(u.Reasons) != 3 || u.Notice == nil || u.Notice.Kind != idv.NoticeFraudAlert ||
			u.Notice.Facts["fraudTags"] != "DUPLICATE_FACE" || u.Notice.Facts["mismatchTags"] != "NAME" {
			t.Errorf("%q: %+v", means, u)
		}
		if u = normalize(t, r, "", said("SUSPECTED", `,"mismatchTags":["NAME"]`)); u.Notice != nil {
			t.Errorf("a mismatch is no fraud: %+v", u.Notice)
		}
	}
}

func TestDocumentTypes(t *testing.T) {
	r := reader(t, signingKey)
	for want, words := range map[idv.DocumentType]string{
		idv.Passport:        "PASSPORT NATIONAL_PASSPORT INTERNATIONAL_PASSPORT",
		idv.IDCard:          "ID_CARD OLD_ID_CARD",
		idv.DrivingLicense:  "DRIVER_LICENSE PROVISIONAL_DRIVER_LICENSE",
		idv.ResidencePermit: "RESIDENCE_PERMIT",
		idv.Visa:            "VISA",
		idv.OtherDocument: "PAN_CARD AADHAAR MILITARY_CARD ADDRESS_CARD SMART_ID CLEAR ONE_ID BANK_ID_SE BANK_ID_NO BANK_ID_CZ FTN" +
			" MIT_ID VERIMI LA_WALLET SAMSUNG_WALLET MOJE_ID_CZ YOTI_ID OTHER BORDER_CROSSING ASYLUM PHOTO_CARD PROOF_OF_AGE_CARD" +
			" TRAVEL_CARD SOCIAL_SECURITY_CARD VOTER_CARD DIPLOMATIC_ID WORK_PERMIT NEW_WORD",
	} {
		for word := range strings.FieldsSeq(words) {
			body := fmt.Sprintf(`{"final":true,"scanRef":%q,"status":{"overall":"APPROVED"},"data":{"docType":%q}}`, ref, word)
			u := normalize(t, r, "", body)
			if u.Result == nil || u.Result.Document == nil || *u.Result.Document.Type != want {
				t.Errorf("%s: %+v", word, u.Result)
			}
		}
	}
}

// One bad value must not spoil the others, and none may be guessed.
func TestValuesThatSayNothing(t *testing.T) {
	r := reader(t, signingKey)
	for _, value := range []string{`null`, `""`, `"null"`, `"NULL"`, `"N/A"`, `" - "`, `{}`, `[]`, `true`} {
		var members []string
		for _, key := range strings.Fields("docFirstName docLastName docNumber docPersonalCode docExpiry docDob docDateOfIssue docType" +
			" docSex docNationality docIssuingCountry birthPlace authority address docTemporaryAddress fullName orgFirstName" +
			" orgLastName orgBirthPlace orgAuthority orgAddress orgTemporaryAddress clientIpProxyRiskLevel manualAddress") {
			members = append(members, fmt.Sprintf("%q:%s", key, value))
		}
		u := normalize(t, r, "", fmt.Sprintf(`{"final":true,"scanRef":%q,"status":{"overall":"APPROVED","autoFace":"FACE_MATCH"},"data":{%s},`+
			`"AML":%[3]s,"amlCheck":%[3]s,"gdcMatch":"true","addressVerification":%[3]s,"manualAddressMatch":true}`,
			ref, strings.Join(members, ","), value))
		if u.Status != idv.Approved || u.Result == nil || u.Result.Person != nil || u.Result.Document != nil || !u.DocumentExpiresAt.IsZero() {
			text, _ := json.Marshal(u)
			t.Errorf("%s: %s", value, text)
		}
	}
	for _, date := range []string{"31-05-09", "2031-05", "2031", "2031-13-01", "2031-02-30", "0000-00-00", "09.05.2031", "2031/05/09", "2031-5-9"} {
		u := normalize(t, r, "", fmt.Sprintf(`{"final":true,"scanRef":%q,"status":{"overall":"APPROVED"},"data":{"docFirstName":"A","docNumber":"1",`+
			`"docDob":%[2]q,"docExpiry":%[2]q,"docDateOfIssue":%[2]q}}`, ref, date))
		if u.Result.Person.DateOfBirth != nil || u.Result.Document.ExpiresOn != nil || u.Result.Document.IssuedOn != nil || !u.DocumentExpiresAt.IsZero() {
			t.Errorf("%s counts as a date", date)
		}
	}
}

func TestSexesAndParts(t *testing.T) {
	r := reader(t, signingKey)
	for word, want := range map[string]string{"MALE": "male", "FEMALE": "female", "UNDEFINED": "", "male": "", "X": ""} {
		u := normalize(t, r, "", fmt.Sprintf(`{"final":true,"scanRef":%q,"status":{"overall":"APPROVED"},"data":{"docFirstName":"A","docSex":%q}}`, ref, word))
		got := ""
		if u.Result.Person.Sex != nil {
			got = *u.Result.Person.Sex
		}
		if got != want {
			t.Errorf("%s is read as %q", word, got)
		}
	}
	for member, words := range map[string]map[string]idv.CheckStatus{
		`"addressVerification":{"status":%q}`: {
			"VERIFIED": idv.CheckPassed, "PARTIALLY_VERIFIED": idv.CheckUnclear, "UNVERIFIED": idv.CheckFailed, "NEW": idv.CheckUnclear,
		},
		`"bankCardVerification":{"status":%q}`: {"MATCH": idv.CheckPassed, "NO_MATCH": idv.CheckFailed, "NOT_COMPARED": idv.CheckNotRun},
		`"data":{"clientIpProxyRiskLevel":%q}`: {
			"VERY_LOW": idv.CheckPassed, "LOW": idv.CheckPassed, "MEDIUM": idv.CheckUnclear, "HIGH": idv.CheckFailed,
			"VERY_HIGH": idv.CheckFailed, "NOT_CHECKED": idv.CheckNotRun,
		},
	} {
		for word, want := range words {
			u := normalize(t, r, "", fmt.Sprintf(`{"final":true,"scanRef":%q,"status":{"overall":"APPROVED"},`+member+`}`, ref, word))
			if u.Result == nil || len(u.Result.Checks) != 1 || u.Result.Checks[0].Status != want {
				t.Errorf("%s %s: %+v", member, word, u.Result)
			}
		}
	}
}
