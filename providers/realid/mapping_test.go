package realid_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// fetch reads a check with the given members from a Real ID that answers so.
func fetch(t *testing.T, over idv.Settings, members string) idv.Update {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"check":{"id":"7TWFOC-auPI",%s}}`, members)
	}))
	defer server.Close()
	s := idv.Settings{"BASE_URL": server.URL}
	for key, value := range over {
		s[key] = value
	}
	u, err := account(t, s).Fetch(t.Context(), "7TWFOC-auPI")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func normalize(t *testing.T, body string) idv.Update {
	t.Helper()
	updates, err := account(t, nil).(idv.WebhookReader).Normalize(idv.Webhook{Body: []byte(body), ReceivedAt: receivedAt()})
	if err != nil || len(updates) != 1 {
		t.Fatalf("%s: %d updates, error %v", body, len(updates), err)
	}
	return updates[0]
}

// TestSteps goes through the provider reference's table, step by step, in both
// spellings, as a read and as a webhook.
func TestSteps(t *testing.T) {
	for want, words := range map[idv.Status]string{
		idv.Created:    "draft",
		idv.Pending:    "delivered",
		idv.InProgress: "opened id submitted_id back_id submitted_back_id submitted_proof_of_address submitted_face submitted_photo face_match",
		idv.InReview:   "in_review",
		idv.Approved:   "completed manually_approved",
		idv.Declined:   "failed manually_rejected",
	} {
		for step := range strings.FieldsSeq(words) {
			for _, said := range []string{step, strings.ReplaceAll(step, "_", "-"), strings.ToUpper(step)} {
				if u := fetch(t, nil, fmt.Sprintf(`"step":%q`, said)); u.Status != want || u.Unknown || u.Partial || u.ProviderStatus != said {
					t.Errorf("%s is read as %q (unknown %v, partial %v)", said, u.Status, u.Unknown, u.Partial)
				}
				u := normalize(t, fmt.Sprintf(`{"event":"check.submitted-photo","check":{"id":"x","step":%q}}`, said))
				if u.Status != want || u.Unknown || !u.Partial {
					t.Errorf("webhook: %s is read as %q (unknown %v, partial %v)", said, u.Status, u.Unknown, u.Partial)
				}
			}
		}
	}
	for _, step := range []string{"approved", "passed", "completed_", "xcompleted", "COMPLETED\u0000", "ſubmitted_id", "true", "manually approved"} {
		if u := fetch(t, nil, fmt.Sprintf(`"step":%q,"result":{"success":true}`, strings.ReplaceAll(step, "\x00", "0"))); !u.Unknown || u.Status != "" || u.Why == "" {
			t.Errorf("%q is read as %q, unknown %v", step, u.Status, u.Unknown)
		}
	}
}

// TestEvents: what an event without a step says, and that none of it counts
// before the check was read.
func TestEvents(t *testing.T) {
	for event, want := range map[string]idv.Status{
		"check.delivered": idv.Pending, "check.created": idv.Pending, "check.opened": idv.InProgress,
		"check.submitted-photo": idv.InProgress, "check.completed": idv.Approved, "check.failed": idv.Declined,
	} {
		u := normalize(t, fmt.Sprintf(`{"event":%q,"check":{"id":"x","testing":true}}`, event))
		if u.Status != want || !u.Partial || u.Unknown || u.EventType != event {
			t.Errorf("%s: %+v", event, u)
		}
		folded := idv.Fold([]idv.Observation{u.Observation(idv.SourceWebhook, "f", receivedAt())})
		if folded.Status != idv.Created {
			t.Errorf("%s counts by itself: %s", event, folded.Status)
		}
	}
	for event, want := range map[string]idv.NoticeKind{
		"customer.data_request": idv.NoticeDataRequest, "customer.data_deletion_request": idv.NoticeDataErasure,
		"customer.manual_review_requested": idv.NoticeReviewRequested,
	} {
		u := normalize(t, fmt.Sprintf(`{"event":%q,"check":{"id":"x","step":"failed","testing":true},"customer":{"email":"a@b.example"}}`, event))
		if u.Notice == nil || u.Notice.Kind != want || len(u.Notice.Facts) != 0 || u.Status != "" || u.Partial || u.Unknown {
			t.Errorf("%s: %+v", event, u)
		}
	}
}

// TestFailureCodes goes through the reference's list. What is a matter of the
// picture is worth another try.
func TestFailureCodes(t *testing.T) {
	for code, want := range map[string]idv.ReasonCode{
		"InvalidIdError":                  idv.ReasonDocumentInvalid,
		"FaceMatchError":                  idv.ReasonFaceMismatch,
		"InvalidIdPhotoError":             idv.ReasonDocumentUnreadable,
		"MissingIdFieldsError":            idv.ReasonDataMissing,
		"UnsupportedIdPhotoError":         idv.ReasonDocumentNotSupported,
		"BlacklistedDocument":             idv.ReasonFraudSuspected,
		"IdPhotoForHeadshot":              idv.ReasonFaceNotVisible,
		"UnreadableIdError":               idv.ReasonDocumentUnreadable,
		"InvalidUserPhotoError":           idv.ReasonFaceNotVisible,
		"ExpiredIdError":                  idv.ReasonDocumentExpired,
		"IdOutOfFocus":                    idv.ReasonDocumentUnreadable,
		"DarkIdPhoto":                     idv.ReasonDocumentUnreadable,
		"OverExposedIdPhoto":              idv.ReasonDocumentUnreadable,
		"ShippingAddressCrossCheckFailed": idv.ReasonDataMismatch,
		"BillingNameCrossCheckFailed":     idv.ReasonNameMismatch,
		"LastNameCrossCheckFailed":        idv.ReasonNameMismatch,
		"ShippingNameCrossCheckFailed":    idv.ReasonNameMismatch,
		"CreditCardNameCrossCheckFailed":  idv.ReasonNameMismatch,
		"UnderageIdError":                 idv.ReasonAgeRestriction,
		"FaceNotFoundError":               idv.ReasonFaceNotVisible,
		"MultipleFacesError":              idv.ReasonFaceNotVisible,
		"SuspiciousIdPhoto":               idv.ReasonDocumentNotGenuine,
		"InvalidRequestError":             idv.ReasonProviderError,
		"AuthenticationError":             idv.ReasonProviderError,
		"ConnectionError":                 idv.ReasonProviderError,
		"UnknownSystemError":              idv.ReasonProviderError,
		"SomethingNew":                    idv.ReasonNotSpecified,
	} {
		u := fetch(t, nil, fmt.Sprintf(`"step":"failed","result":{"success":false,"errors":[%q]}`, code))
		if u.Status != idv.Declined || len(u.Reasons) != 1 || u.Reasons[0].Code != want || u.Reasons[0].ProviderCode != code {
			t.Errorf("%s: %s %+v", code, u.Status, u.Reasons)
		}
	}
	for code := range strings.FieldsSeq("InvalidIdPhotoError UnreadableIdError IdOutOfFocus DarkIdPhoto OverExposedIdPhoto " +
		"InvalidUserPhotoError FaceNotFoundError MultipleFacesError IdPhotoForHeadshot UnsupportedIdPhotoError") {
		u := fetch(t, nil, fmt.Sprintf(`"step":"failed","result":{"errors":[%q]}`, code))
		if !u.Reasons[0].Retryable {
			t.Errorf("%s is not worth another try", code)
		}
	}
}

func TestTestChecksNeverCount(t *testing.T) {
	for _, tt := range []struct {
		mode, members string
		test          bool
	}{
		{"", `"testing":true`, true},
		{"live", `"rules":{"testing":true}`, true},
		{"live", `"rules":{"testing":false}`, false},
		{"live", `"rules":{"testing":"true"}`, false},
		{"test", `"rules":{"testing":true}`, false},
		{"test", `"testing":false`, true},
		{"test", `"rules":{}`, false},
	} {
		u := fetch(t, idv.Settings{"MODE": tt.mode}, tt.members+`,"step":"completed","result":{"success":true,"document":{"birth_date":"1994-02-17"}}`)
		if u.Test != tt.test || (u.Result == nil) != tt.test {
			t.Errorf("mode %q, %s: test %v, result %v", tt.mode, tt.members, u.Test, u.Result)
		}
	}
	reader := account(t, idv.Settings{"MODE": "live"}).(idv.WebhookReader)
	updates, err := reader.Normalize(idv.Webhook{Body: []byte(workedBody)})
	if err != nil || len(updates) != 1 || !updates[0].Test || updates[0].Partial {
		t.Errorf("a test check's webhook at a live account: %+v, %v", updates, err)
	}
}
