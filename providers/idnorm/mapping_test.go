package idnorm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// TestStatusWords goes through the provider reference's table, word by word.
func TestStatusWords(t *testing.T) {
	r := reader(t, nil)
	for want, words := range map[idv.Status]string{
		idv.Pending:               "CREATED PENDING NOT_STARTED NEW",
		idv.InProgress:            "STARTED IN_PROGRESS OPENED",
		idv.Processing:            "PROCESSING SUBMITTED",
		idv.InReview:              "IN_REVIEW REVIEW MANUAL_REVIEW NEEDS_REVIEW",
		idv.Approved:              "APPROVED PASSED VERIFIED SUCCESS",
		idv.Declined:              "REJECTED DECLINED DENIED FAILED",
		idv.ResubmissionRequested: "RESUBMISSION_REQUESTED RETRY",
		idv.Expired:               "EXPIRED",
		idv.Canceled:              "CANCELED CANCELLED ABANDONED",
		idv.Failed:                "ERROR",
		"":                        "UNDEFINED UNSPECIFIED",
	} {
		for word := range strings.FieldsSeq(words) {
			for _, said := range []string{word, "STATUS_" + word, "SESSION_STATUS_" + word, " status_" + strings.ToLower(word) + " "} {
				u := normalize(t, r, fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":%q}}`, ref, said))
				if u.Status != want || u.Unknown || u.Partial || u.ProviderStatus != said {
					t.Errorf("%q is read as %q (unknown %v, partial %v, word %q), want %q", said, u.Status, u.Unknown, u.Partial, u.ProviderStatus, want)
				}
			}
		}
	}
}

func TestNoStatusMovesNothing(t *testing.T) {
	for _, update := range []string{`{}`, `{"status":""}`, `{"status":null}`} {
		u := normalize(t, reader(t, nil), fmt.Sprintf(`{"id":%q,"sessionUpdate":%s}`, ref, update))
		if u.Status != "" || u.Unknown || u.Why == "" {
			t.Errorf("%s is read as %q, unknown %v, why %q", update, u.Status, u.Unknown, u.Why)
		}
	}
}

func TestUnknownWordsMoveNothing(t *testing.T) {
	for _, word := range []string{
		"STATUS_FOO", "STATUS_STATUS_APPROVED", "APPROVED_", "NOT_APPROVED", "PAſſED", "VERıFıED", "1", "true",
		"STATUS", "STATUS_SESSION_STATUS_APPROVED", "APPROVED\u0000", "ΑPPROVED",
	} {
		u := normalize(t, reader(t, nil), fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":%s}}`, ref, jsonString(word)))
		if u.Status != "" || !u.Unknown || u.Why == "" {
			t.Errorf("%q is read as %q, unknown %v, why %q", word, u.Status, u.Unknown, u.Why)
		}
		if strings.ContainsRune(u.ProviderStatus+u.Why, 0) {
			t.Errorf("%q keeps a control character", word)
		}
	}
	long := normalize(t, reader(t, nil), fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":%q}}`, ref, strings.Repeat("é", 5000)))
	if n := len([]rune(long.ProviderStatus)); n > 101 || !long.Unknown {
		t.Errorf("a word of 5000 characters is kept with %d", n)
	}
}

func TestCompleted(t *testing.T) {
	const (
		none    = `null`
		passed  = `{"documentVerification":{"mrz":"CHECK_PASSED"},"aml":{"result":"RESULT_CLEAR"},"poa":{"check":"CHECK_SKIPPED"}}`
		failed  = `{"documentVerification":{"mrz":"CHECK_PASSED"},"faceMatch":{"faceMatch":"CHECK_FAILED"}}`
		unknown = `{"documentVerification":{"mrz":"CHECK_PASSED"},"faceMatch":{"faceMatch":"CHECK_MAYBE"}}`
		notRun  = `{"documentVerification":{"mrz":"CHECK_UNDEFINED"},"aml":{}}`
		other   = `{"documentVerification":{"mrz":"CHECK_PASSED"},"voice":{"match":"CHECK_FAILED"}}`
		extra   = `{"documentVerification":{"mrz":"CHECK_PASSED","issuer":"UTO"},"score":0.9,"ageEstimate":{"age":31}}`
		broken  = `{"documentVerification":{"mrz":"CHECK_PASSED"},"aml":"RESULT_CLEAR"}`
	)
	type want struct {
		status idv.Status
		ask    bool
		notice bool
	}
	var (
		approved      = want{status: idv.Approved}
		review        = want{status: idv.InReview}
		contradiction = want{status: idv.InReview, notice: true}
		ask           = want{status: idv.InReview, ask: true}
		doubtful      = want{status: idv.Approved, notice: true}
	)
	for _, c := range []struct {
		settings idv.Settings
		want     map[string]want
	}{
		{nil, map[string]want{
			none: ask, passed: approved, failed: contradiction, unknown: review, notRun: ask,
			other: contradiction, extra: approved, broken: review, `[]`: review, `"x"`: review, `{}`: ask,
		}},
		{idv.Settings{"COMPLETED_MEANS": "approved"}, map[string]want{none: approved, passed: approved, failed: doubtful}},
		{idv.Settings{"COMPLETED_MEANS": "in_review"}, map[string]want{none: review, passed: review, failed: review}},
		{idv.Settings{"STATUS_MAP": "STATUS_COMPLETED = processing"}, map[string]want{none: {status: idv.Processing}, passed: {status: idv.Processing}}},
	} {
		r := reader(t, c.settings)
		for kyc, want := range c.want {
			u := normalize(t, r, fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":"STATUS_COMPLETED","kyc":%s}}`, ref, kyc))
			if u.Status != want.status || u.Partial || u.Ask != want.ask || (u.Notice != nil) != want.notice {
				t.Errorf("%v, kyc %s: %q, ask %v, notice %v; want %+v", c.settings, kyc, u.Status, u.Ask, u.Notice, want)
			}
			if u.Notice != nil && u.Notice.Kind != idv.NoticeContradiction {
				t.Errorf("kyc %s: notice %q", kyc, u.Notice.Kind)
			}
			if c.settings == nil && u.Status == idv.InReview && u.Why == "" {
				t.Errorf("kyc %s: in review, and nobody knows why", kyc)
			}
		}
	}
}

func TestStatusMap(t *testing.T) {
	r := reader(t, idv.Settings{"STATUS_MAP": "FOO=in_review, status_bar=check_results,FAILED=failed,PASSED=none"})
	for word, want := range map[string]idv.Status{
		"STATUS_FOO": idv.InReview, "BAR": idv.Approved, "FAILED": idv.Failed, "STATUS_PASSED": "", "APPROVED": idv.Approved,
	} {
		body := fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":%q,"kyc":{"aml":{"result":"OK"}}}}`, ref, word)
		if u := normalize(t, r, body); u.Status != want || u.Unknown {
			t.Errorf("%q is read as %q, unknown %v", word, u.Status, u.Unknown)
		}
	}
}

func TestReasons(t *testing.T) {
	r := reader(t, nil)
	for leaf, want := range map[string]idv.ReasonCode{
		"documentVerification.mrz":                      idv.ReasonDocumentInvalid,
		"documentVerification.barcode":                  idv.ReasonDocumentInvalid,
		"documentVerification.dataIntegrity":            idv.ReasonDocumentNotGenuine,
		"documentVerification.documentLiveness":         idv.ReasonDocumentNotGenuine,
		"documentVerification.allRequiredFieldsPresent": idv.ReasonDataMissing,
		"documentVerification.ageRestriction":           idv.ReasonAgeRestriction,
		"faceMatch.faceMatch":                           idv.ReasonFaceMismatch,
		"faceMatch.passiveLiveness":                     idv.ReasonLivenessFailed,
		"liveness.userAction":                           idv.ReasonLivenessFailed,
		"liveness.passiveLiveness":                      idv.ReasonLivenessFailed,
		"ageEstimate.ageRestriction":                    idv.ReasonAgeRestriction,
		"ipAnalysis.conditionsCheck":                    idv.ReasonLocationRestricted,
		"poa.check":                                     idv.ReasonAddressNotVerified,
		"aml.result":                                    idv.ReasonWatchlistMatch,
		"voice.match":                                   idv.ReasonNotSpecified,
	} {
		group, name, _ := strings.Cut(leaf, ".")
		u := normalize(t, r, fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":"STATUS_REJECTED","kyc":{%q:{%q:"CHECK_FAILED","x":"CHECK_PASSED"}}}}`, ref, group, name))
		if u.Status != idv.Declined || len(u.Reasons) != 1 || u.Reasons[0].Code != want || u.Reasons[0].ProviderCode != leaf+"=CHECK_FAILED" {
			t.Errorf("%s: %q, %+v", leaf, u.Status, u.Reasons)
		}
	}
	for word, want := range map[string]idv.ReasonCode{
		"STATUS_REJECTED":  idv.ReasonNotSpecified,
		"RETRY":            idv.ReasonNotSpecified,
		"STATUS_EXPIRED":   idv.ReasonSessionExpired,
		"STATUS_CANCELLED": idv.ReasonUserCanceled,
		"STATUS_ERROR":     idv.ReasonProviderError,
	} {
		u := normalize(t, r, fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":%q,"kyc":{"aml":{"result":"CLEAR"}}}}`, ref, word))
		if len(u.Reasons) != 1 || u.Reasons[0].Code != want || u.Reasons[0].ProviderCode != word {
			t.Errorf("%s: %+v", word, u.Reasons)
		}
	}
	u := normalize(t, r, fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":"FAILED","kyc":{"faceMatch":{"passiveLiveness":"FAIL"},"liveness":{"passiveLiveness":"FAIL"},"poa":{"check":"FAIL"}}}}`, ref))
	if len(u.Reasons) != 2 {
		t.Errorf("three failed checks of two kinds give %+v", u.Reasons)
	}
}

func TestCheckWords(t *testing.T) {
	words := map[idv.CheckStatus]string{
		idv.CheckPassed:  "PASSED PASS OK SUCCESS VALID CLEAR APPROVED",
		idv.CheckFailed:  "FAILED FAIL INVALID REJECTED HIT NOT_PASSED",
		idv.CheckNotRun:  "UNDEFINED UNSPECIFIED SKIPPED NOT_RUN",
		idv.CheckUnclear: "MAYBE PASSED_ CHECK_PASSED RESULT_OK PAſſED STATUS 1 true",
	}
	for want, list := range words {
		for word := range strings.FieldsSeq(list) {
			for _, said := range []string{"CHECK_" + word, "RESULT_" + word, "STATUS_" + word, "check_" + strings.ToLower(word)} {
				if got := checkOf(t, jsonString(said)); got != want {
					t.Errorf("%q is read as %q, want %q", said, got, want)
				}
			}
		}
	}
	for raw, want := range map[string]idv.CheckStatus{
		`"PASSED"`: idv.CheckPassed, `"failed"`: idv.CheckFailed, `""`: idv.CheckNotRun, `"CHECK_"`: idv.CheckNotRun,
		`" PASSED"`: idv.CheckUnclear, `1`: idv.CheckUnclear, `true`: idv.CheckUnclear, `{"result":"PASSED"}`: idv.CheckUnclear, `["PASSED"]`: idv.CheckUnclear,
	} {
		if got := checkOf(t, raw); got != want {
			t.Errorf("%s is read as %q, want %q", raw, got, want)
		}
	}
}

// checkOf gives the status of the one check in a webhook.
func checkOf(t *testing.T, word string) idv.CheckStatus {
	t.Helper()
	u := normalize(t, reader(t, nil), fmt.Sprintf(`{"id":%q,"sessionUpdate":{"status":"PENDING","kyc":{"faceMatch":{"faceMatch":%s}}}}`, ref, word))
	if u.Result == nil || len(u.Result.Checks) != 1 || u.Result.Checks[0].Kind != idv.CheckFaceMatch {
		t.Fatalf("%s: result %+v", word, u.Result)
	}
	return u.Result.Checks[0].Status
}
