package veriff_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func normalize(t testing.TB, over idv.Settings, body string) idv.Update {
	t.Helper()
	updates, err := reader(t, over).Normalize(idv.Webhook{Body: []byte(body)})
	if err != nil || len(updates) != 1 {
		t.Fatalf("%s: %d updates, error %v", body, len(updates), err)
	}
	return updates[0]
}

// decision is a decision webhook with the given members of verification.
func decision(t testing.TB, members map[string]any) idv.Update {
	t.Helper()
	all := map[string]any{"id": ref, "decisionTime": "2026-03-04T10:22:41.118Z"}
	for key, value := range members {
		all[key] = value
	}
	body, err := json.Marshal(map[string]any{"status": "success", "verification": all})
	if err != nil {
		t.Fatal(err)
	}
	return normalize(t, nil, string(body))
}

// TestStatusWords goes through the table of statuses and codes.
func TestStatusWords(t *testing.T) {
	for _, c := range []struct {
		word string
		code int
		want idv.Status
	}{
		{"created", 0, idv.Pending},
		{"started", 7001, idv.InProgress},
		{"submitted", 7002, idv.Processing},
		{"approved", 9001, idv.Approved},
		{"declined", 9102, idv.Declined},
		{"resubmission_requested", 9103, idv.ResubmissionRequested},
		{"review", 9121, idv.InReview},
		{"expired", 9104, idv.Expired},
		{"abandoned", 9104, idv.Expired},
		// Ambiguous codes say nothing against the status.
		{"abandoned", 9121, idv.Expired},
		{"declined", 9121, idv.Declined},
		{"inflow_completed", 0, idv.Processing},
		{"tier_1_approved", 7003, ""},
	} {
		u := decision(t, map[string]any{"status": c.word, "code": c.code})
		if u.Status != c.want || u.Unknown || u.Partial || u.ProviderStatus != c.word || u.Notice != nil {
			t.Errorf("%s (%d): %+v", c.word, c.code, u)
		}
		auto := normalize(t, nil, fmt.Sprintf(`{"eventType":"fullauto","sessionId":%q,"time":"2026-03-04T10:22:41.118Z","data":{"verification":{"decision":%q}}}`, ref, c.word))
		if auto.Status != c.want || auto.Unknown || auto.Partial || auto.ProviderStatus != c.word {
			t.Errorf("full auto %s: %+v", c.word, auto)
		}
	}
	for _, word := range []string{"APPROVED", "Approved", "approved_", "аpproved", "success", "9001", "true", "positive"} {
		if u := decision(t, map[string]any{"status": word, "code": 9001}); !u.Unknown || u.Status != "" || u.Why == "" || u.Result != nil {
			t.Errorf("%q: %+v", word, u)
		}
	}
	for _, code := range []int{9151, 9161} {
		if u := decision(t, map[string]any{"status": "intermediate", "code": code}); u.Unknown || u.Status != idv.Processing {
			t.Errorf("%d: %+v", code, u)
		}
	}
}

func TestCodeAlone(t *testing.T) {
	for code, want := range map[any]idv.Status{
		9102: idv.Declined, "9102": idv.Declined, 9103: idv.ResubmissionRequested, 9104: idv.Expired, 9121: idv.InReview,
		7001: idv.InProgress, 7002: idv.Processing, 9151: idv.Processing, 9161: idv.Processing,
		// An approval is never read off a code.
		9001: "", 0: "", 9999: "", true: "", nil: "",
	} {
		u := decision(t, map[string]any{"code": code})
		if u.Status != want || u.Unknown != (want == "") {
			t.Errorf("code %v: %+v", code, u)
		}
	}
}

func TestContradictionCountsAsTheStatus(t *testing.T) {
	for word, code := range map[string]int{"approved": 9102, "declined": 9001, "resubmission_requested": 9104, "review": 9001} {
		u := decision(t, map[string]any{"status": word, "code": code})
		if u.Unknown || u.Notice == nil || u.Notice.Kind != idv.NoticeContradiction || u.Why == "" ||
			u.Notice.Facts["status"] != word || u.Notice.Facts["code"] != fmt.Sprint(code) {
			t.Errorf("%s with %d: %+v", word, code, u)
		}
	}
	if u := decision(t, map[string]any{"status": "approved", "code": 9102}); u.Status != idv.Approved {
		t.Errorf("the status does not count: %+v", u)
	}
}

func TestUndatedVerdictsAreAskedFor(t *testing.T) {
	for word, want := range map[string]bool{
		"approved": true, "declined": true, "resubmission_requested": true,
		"review": false, "expired": false, "abandoned": false, "submitted": false,
	} {
		for _, at := range []any{nil, "", "yesterday", "null"} {
			if u := decision(t, map[string]any{"status": word, "decisionTime": at}); u.Partial != want || u.Unknown {
				t.Errorf("%s at %v: %+v", word, at, u)
			}
		}
		for _, at := range []string{"2026-03-04T10:22:41Z", "2026-03-04T10:22:41.118999Z", "2026-03-04T12:22:41.118+02:00"} {
			u := decision(t, map[string]any{"status": word, "decisionTime": at})
			if u.Partial || u.OccurredAt.Format("15:04:05") != "10:22:41" {
				t.Errorf("%s at %s: %+v", word, at, u)
			}
		}
	}
}

func TestFullAutoMayOnlyAsk(t *testing.T) {
	const body = `{"eventType":"fullauto","sessionId":"6f1d2c3b-4a59-4e87-b6c5-d4e3f2a1b0c9","time":"2026-03-04T10:22:41.118Z","data":{"verification":{"decision":"%s"}}}`
	asks := idv.Settings{"FULL_AUTO": "fetch"}
	if u := normalize(t, asks, fmt.Sprintf(body, "approved")); !u.Partial || u.Status != idv.Approved {
		t.Errorf("%+v", u)
	}
	if u := normalize(t, asks, fmt.Sprintf(body, "unheard")); u.Partial || !u.Unknown {
		t.Errorf("%+v", u)
	}
}

// TestReasonCodes goes through both tables of reason codes.
func TestReasonCodes(t *testing.T) {
	for status, table := range map[string]map[idv.ReasonCode]string{
		"declined": {
			idv.ReasonDocumentNotGenuine:   "101 102 504 505 506 507 508",
			idv.ReasonFaceMismatch:         "103 120 509",
			idv.ReasonNameMismatch:         "104",
			idv.ReasonFraudSuspected:       "105 106 107 111 113 127 501 502 503",
			idv.ReasonDuplicateUser:        "108 109 110 124",
			idv.ReasonLocationRestricted:   "112",
			idv.ReasonDataMissing:          "121 122",
			idv.ReasonRegistryMismatch:     "123",
			idv.ReasonWatchlistMatch:       "126",
			idv.ReasonDataMismatch:         "128",
			idv.ReasonProviderError:        "129",
			idv.ReasonDocumentNotSupported: "510",
			idv.ReasonDocumentExpired:      "511",
			idv.ReasonLivenessFailed:       "515 526",
			idv.ReasonAddressNotVerified:   "527 528",
			idv.ReasonAgeRestriction:       "530 531 532 533 534 535 536",
			idv.ReasonDocumentUnreadable:   "537",
			idv.ReasonTooManyAttempts:      "539",
			idv.ReasonNotSpecified:         "1 999 540 -1 1.5",
		},
		"resubmission_requested": {
			idv.ReasonDataMissing:          "201 603 625 626 627 628 629 630 631 632 633 634 635",
			idv.ReasonDocumentUnreadable:   "204 614 615 619 642",
			idv.ReasonDocumentDamaged:      "205 621",
			idv.ReasonDocumentNotSupported: "206 602",
			idv.ReasonDocumentExpired:      "207 620",
			idv.ReasonFaceNotVisible:       "605 606 641",
			idv.ReasonDocumentMissing:      "608 609",
			idv.ReasonNotSpecified:         "202 600",
		},
	} {
		for want, codes := range table {
			for code := range strings.FieldsSeq(codes) {
				for _, value := range []any{code, json.Number(code)} {
					u := decision(t, map[string]any{"status": status, "reason": "AMARA OKAFOR", "reasonCode": value})
					if len(u.Reasons) != 1 || u.Reasons[0].Code != want || u.Reasons[0].ProviderCode != code {
						t.Errorf("%s %v: %+v", status, value, u.Reasons)
					}
					failed := u.Result != nil && len(u.Result.Checks) == 1 && u.Result.Checks[0].Status == idv.CheckFailed
					if failed != (status == "declined") {
						t.Errorf("%s %v: %+v", status, value, u.Result)
					}
				}
			}
		}
		for _, none := range []any{nil, "", "null", map[string]any{}} {
			u := decision(t, map[string]any{"status": status, "reasonCode": none})
			if len(u.Reasons) != 1 || u.Reasons[0].Code != idv.ReasonNotSpecified || u.Reasons[0].ProviderCode != "" || u.Result != nil {
				t.Errorf("%s %v: %+v, %+v", status, none, u.Reasons, u.Result)
			}
		}
	}
	if u := decision(t, map[string]any{"status": "approved", "reasonCode": 101}); u.Reasons != nil {
		t.Errorf("an approval has reasons: %+v", u.Reasons)
	}
}

// TestInsights goes through the labels and results of full auto.
func TestInsights(t *testing.T) {
	type want struct {
		kind   idv.CheckKind
		reason idv.ReasonCode
	}
	results := map[string]idv.CheckStatus{
		"yes": idv.CheckPassed, "no": idv.CheckFailed, "likelyYes": idv.CheckUnclear, "notApplicable": idv.CheckNotRun, "maybe": idv.CheckUnclear,
	}
	for label, want := range map[string]want{
		"allowedIpLocation":              {idv.CheckDevice, idv.ReasonLocationRestricted},
		"expectedTrafficBehaviour":       {idv.CheckDevice, idv.ReasonFraudSuspected},
		"documentAccepted":               {idv.CheckDocument, idv.ReasonDocumentNotSupported},
		"documentBackFullyVisible":       {idv.CheckDocument, idv.ReasonDocumentUnreadable},
		"documentBackImageAvailable":     {idv.CheckDocument, idv.ReasonDocumentMissing},
		"documentFrontFullyVisible":      {idv.CheckDocument, idv.ReasonDocumentUnreadable},
		"documentFrontImageAvailable":    {idv.CheckDocument, idv.ReasonDocumentMissing},
		"documentImageQualitySufficient": {idv.CheckDocument, idv.ReasonDocumentUnreadable},
		"documentNotExpired":             {idv.CheckDocument, idv.ReasonDocumentExpired},
		"documentRecognised":             {idv.CheckDocument, idv.ReasonDocumentNotSupported},
		"physicalDocumentPresent":        {idv.CheckDocument, idv.ReasonDocumentNotGenuine},
		"validDocumentAppearance":        {idv.CheckDocument, idv.ReasonDocumentNotGenuine},
		"faceImageAvailable":             {idv.CheckFaceMatch, idv.ReasonFaceNotVisible},
		"faceImageQualitySufficient":     {idv.CheckFaceMatch, idv.ReasonFaceNotVisible},
		"faceLiveness":                   {idv.CheckLiveness, idv.ReasonLivenessFailed},
		"faceNotInBlocklist":             {idv.CheckOther, idv.ReasonFraudSuspected},
		"faceSimilarToPortrait":          {idv.CheckFaceMatch, idv.ReasonFaceMismatch},
		"somethingNew":                   {idv.CheckOther, idv.ReasonNotSpecified},
	} {
		for result, status := range results {
			u := normalize(t, nil, fmt.Sprintf(`{"eventType":"fullauto","sessionId":%q,"time":"2026-03-04T10:22:41Z",
				"data":{"verification":{"decision":"declined","insights":[{"label":%q,"result":%q}]}}}`, ref, label, result))
			if u.Result == nil || len(u.Result.Checks) != 1 || u.Result.Checks[0].Kind != want.kind || u.Result.Checks[0].Status != status {
				t.Errorf("%s=%s: %+v", label, result, u.Result)
				continue
			}
			reason := idv.NewReason(idv.ReasonNotSpecified, "")
			if result == "no" {
				reason = idv.NewReason(want.reason, label+"=no")
			}
			if len(u.Reasons) != 1 || u.Reasons[0] != reason {
				t.Errorf("%s=%s: %+v", label, result, u.Reasons)
			}
		}
	}
}

func TestDocumentTypesAndSex(t *testing.T) {
	for name, want := range map[string]idv.DocumentType{
		"PASSPORT": idv.Passport, "ID_CARD": idv.IDCard, "RESIDENCE_PERMIT": idv.ResidencePermit, "DRIVERS_LICENSE": idv.DrivingLicense,
		"VISA": idv.Visa, "OTHER": idv.OtherDocument, "passport": idv.Passport, "id_card": idv.IDCard, "FISHING": idv.OtherDocument,
	} {
		u := decision(t, map[string]any{"status": "approved", "document": map[string]any{"type": name}})
		if u.Result == nil || u.Result.Document == nil || *u.Result.Document.Type != want {
			t.Errorf("%s: %+v", name, u.Result)
		}
	}
	for gender, want := range map[string]string{"M": "male", "MALE": "male", "F": "female", "f": "female", "FEMALE": "female", "X": "other"} {
		u := decision(t, map[string]any{"status": "approved", "person": map[string]any{"gender": gender}})
		if u.Result == nil || u.Result.Person == nil || u.Result.Person.Sex == nil || *u.Result.Person.Sex != want {
			t.Errorf("%s: %+v", gender, u.Result)
		}
	}
	if u := decision(t, map[string]any{"status": "approved", "person": map[string]any{"gender": "?"}, "document": "none"}); u.Result != nil {
		t.Errorf("%+v", u.Result)
	}
}

// What a webhook knows of the person stays out of everything but the result.
func TestNothingPersonalOutsideTheResult(t *testing.T) {
	const canary = "Canaria Quetzalcoatl"
	for _, body := range []string{
		`{"verification":{"id":"r1","status":"CANARY","code":"CANARY","decisionTime":"2026-03-04T10:22:41Z","reason":"CANARY","person":{"firstName":"CANARY","lastName":"CANARY"}}}`,
		`{"verification":{"id":"r1","status":"declined","reasonCode":"CANARY","decisionTime":"2026-03-04T10:22:41Z","person":{"firstName":"CANARY"}}}`,
		`{"checkType":"initial_result","matchStatus":"possible_match","sessionId":"r1","searchTerm":{"name":"CANARY"},"hits":[{"matchedName":"CANARY"}]}`,
		`{"eventType":"ine_registry","sessionId":"r1","data":{"status":"CANARY","details":{"name":"CANARY"}}}`,
		`{"type":"curp_registry","id":"r1","data":{"details":{"curp":"CANARY","statusCurp":"AN"}}}`,
		`{"eventType":"combined-ine-curp-registry","sessionId":"r1","data":{"details":{"ine":{"ineIdentifier":"CANARY"},"curp":{"curp":"CANARY"}}}}`,
		`{"eventType":"CANARY","sessionId":"r1","vendorData":"CANARY"}`,
		`{"id":"r1","action":"CANARY","code":7009}`,
		`{"eventType":"fullauto","sessionId":"r1","time":"2026-03-04T10:22:41Z","data":{"verification":{"decision":"CANARY"}}}`,
	} {
		// The quotes make it what no plain word is.
		u := normalize(t, nil, strings.ReplaceAll(body, "CANARY", canary+" “é”"))
		u.Result = nil
		text, err := json.Marshal(u)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "Canaria") {
			t.Errorf("%s: %s", body, text)
		}
	}
}
