package idnorm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func jsonString(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(b)
}

func TestDocumentExpired(t *testing.T) {
	r := reader(t, nil)
	for member, want := range map[string]time.Time{
		`{"expirationTimestamp":"2026-03-01T00:00:00Z"}`:             time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		`{"expirationTimestamp":"2026-03-01T02:00:00.123456+02:00"}`: time.Date(2026, 3, 1, 0, 0, 0, 123e6, time.UTC),
		`{"expirationTimestamp":"2026-03-01"}`:                       time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
		`{"expirationTimestamp":"soon"}`:                             signedAt,
		`{"expirationTimestamp":1767225600}`:                         signedAt,
		`{}`:                                                         signedAt,
	} {
		u := normalize(t, r, fmt.Sprintf(`{"id":%q,"documentExpired":%s}`, ref, member))
		if !u.DocumentExpiresAt.Equal(want) || u.Status != "" || u.Unknown || u.EventType != "documentExpired" ||
			u.Notice == nil || u.Notice.Kind != idv.NoticeDocumentExpired {
			t.Errorf("%s: %+v", member, u)
		}
	}
}

func TestAMLUpdated(t *testing.T) {
	u := normalize(t, reader(t, nil), fmt.Sprintf(`{"id":%q,"amlUpdated":{"result":"RESULT_HIT"}}`, ref))
	if u.Status != "" || u.Unknown || u.EventType != "amlUpdated" || u.Notice == nil ||
		u.Notice.Kind != idv.NoticeAMLChanged || u.Notice.Facts["result"] != "RESULT_HIT" || !u.DocumentExpiresAt.IsZero() {
		t.Errorf("%+v", u)
	}
}

// Integrations disagree on where things stand.
func TestFallbacks(t *testing.T) {
	r := reader(t, nil)
	for _, body := range []string{
		`{"sessionId":"R","status":"STATUS_COMPLETED","kyc":{"aml":{"result":"OK"}}}`,
		`{"id":"R","sessionId":"other","sessionUpdate":{"status":"APPROVED"},"status":"FAILED"}`,
		`{"id":"R","sessionUpdate":{"kyc":{"aml":{"result":"OK"}}},"status":"COMPLETED"}`,
		`{"id":"R","sessionUpdate":{"status":"COMPLETED"},"kyc":{"aml":{"result":"OK"}},"later":{"a":[1]}}`,
	} {
		u := normalize(t, r, strings.ReplaceAll(body, `"R"`, jsonString(ref)))
		if u.Ref != ref || u.Status != idv.Approved || u.EventType != "sessionUpdate" || !u.OccurredAt.Equal(signedAt) {
			t.Errorf("%s: %+v", body, u)
		}
	}
}

func TestSeveralMembers(t *testing.T) {
	updates, err := reader(t, nil).Normalize(genuine(fmt.Sprintf(
		`{"id":%q,"status":"FAILED","sessionUpdate":{"status":"APPROVED"},"documentExpired":{},"amlUpdated":{"result":"HIT"}}`, ref)))
	if err != nil || len(updates) != 3 {
		t.Fatalf("%+v, %v", updates, err)
	}
	if updates[0].Status != idv.Approved || updates[1].Status != "" || updates[2].Status != "" {
		t.Errorf("%+v", updates)
	}
	u := normalize(t, reader(t, nil), fmt.Sprintf(`{"id":%q,"status":"APPROVED","documentExpired":{}}`, ref))
	if u.Status != "" || u.EventType != "documentExpired" {
		t.Errorf("a stray status beside documentExpired counts: %+v", u)
	}
}

func TestNothingKnown(t *testing.T) {
	r := reader(t, nil)
	for body, wantRef := range map[string]idv.Ref{
		`{}`: "",
		`{"sessionUpdate":{"status":"APPROVED"}}`:                                         "",
		`{"id":"","sessionUpdate":{"status":"APPROVED"}}`:                                 "",
		`{"id":"..","sessionUpdate":{"status":"APPROVED"}}`:                               "",
		`{"id":"a\u0000b","sessionUpdate":{"status":"APPROVED"}}`:                         "",
		`{"id":"` + strings.Repeat("a", 256) + `","sessionUpdate":{"status":"APPROVED"}}`: "",
		`{"id":"r1"}`:                      "r1",
		`{"id":"r1","sessionUpdate":null}`: "r1",
		`{"id":"r1","sessionDeleted":{}}`:  "r1",
		`{"sessionId":"r1","status":null}`: "r1",
	} {
		u := normalize(t, r, body)
		if !u.Unknown || u.Status != "" || u.Ref != wantRef || u.Why == "" {
			t.Errorf("%s: %+v", body, u)
		}
	}
}

func TestNotUnderstood(t *testing.T) {
	for _, body := range []string{
		``, ` `, `null`, `[]`, `"x"`, `1`, `{`, `{"id":"r1"`, `{"id":"r1"}{}`, `{"id":{}}`, "\x00", "\xff",
		`{"id":"r1","sessionUpdate":"APPROVED"}`, `{"id":"r1","sessionUpdate":{"status":{}}}`,
	} {
		updates, err := reader(t, nil).Normalize(genuine(body))
		if !errors.Is(err, idv.ErrNotUnderstood) || updates != nil {
			t.Errorf("%q: %+v, %v", body, updates, err)
		}
	}
}

func TestTimeOfEvent(t *testing.T) {
	w := genuine(exampleBody)
	w.Header.Set("Idnorm-Signature", "nonsense")
	updates, err := reader(t, nil).Normalize(w)
	if err != nil || len(updates) != 1 || !updates[0].OccurredAt.IsZero() {
		t.Errorf("without a signature that can be read: %+v, %v", updates, err)
	}
}

func TestEcho(t *testing.T) {
	both, user, session := idv.Settings(nil), idv.Settings{"EXTERNAL_USER_ID": "user"}, idv.Settings{"EXTERNAL_USER_ID": "session"}
	for _, c := range []struct {
		settings idv.Settings
		userID   string
		want     string
	}{
		{both, "user-1~" + sessionID, sessionID},
		{both, "a~b~" + sessionID, sessionID},
		{both, "~" + sessionID, sessionID},
		{both, sessionID, ""},
		{both, "user-1~" + sessionID + "~", ""},
		{both, sessionID + "~user-1", ""},
		{both, "user-1~" + sessionID[:29], ""},
		{both, "user-1~" + sessionID + "0", ""},
		{both, "user-1~" + strings.ToUpper(sessionID), ""},
		{both, "user-1~evt_" + sessionID[4:], ""},
		{both, "user-1", ""},
		{both, "", ""},
		{user, "user-1~" + sessionID, ""},
		{session, sessionID, sessionID},
		{session, "user-1~" + sessionID, ""},
	} {
		u := normalize(t, reader(t, c.settings), fmt.Sprintf(`{"id":%q,"userId":%q,"sessionUpdate":{"status":"PENDING"}}`, ref, c.userID))
		if u.SessionID != c.want {
			t.Errorf("%v: %q names %q, want %q", c.settings, c.userID, u.SessionID, c.want)
		}
	}
}

func FuzzEvent(f *testing.F) {
	f.Add(exampleBody)
	f.Add(`{"id":"r","userId":"u~` + sessionID + `","sessionUpdate":{"status":"STATUS_COMPLETED","kyc":{"aml":{"result":"RESULT_CLEAR"},"poa":{"check":1}}}}`)
	f.Add(`{"id":"r","documentExpired":{"expirationTimestamp":"2026-03-01T00:00:00Z"},"amlUpdated":{"result":"RESULT_HIT"}}`)
	f.Add(`{"sessionId":"r","status":"FAILED","kyc":[]}`)
	r := reader(f, nil)
	f.Fuzz(func(t *testing.T, body string) {
		w := genuine(body)
		first, err := r.Normalize(w)
		if err != nil {
			if !errors.Is(err, idv.ErrNotUnderstood) {
				t.Fatalf("wrong error %v", err)
			}
			return
		}
		if len(first) == 0 {
			t.Fatal("neither an update nor an error")
		}
		second, _ := r.Normalize(w)
		if !reflect.DeepEqual(first, second) {
			t.Fatal("twice is not the same")
		}
		for _, u := range first {
			switch {
			case u.Status != "" && !u.Status.Valid():
				t.Fatalf("status %q", u.Status)
			case u.Unknown && (u.Status != "" || u.Why == ""):
				t.Fatalf("unknown, and yet %+v", u)
			case u.Ref == "" && !u.Unknown:
				t.Fatalf("about nobody: %+v", u)
			case strings.ContainsRune(string(u.Ref)+u.SessionID+u.ProviderStatus+u.Why, 0):
				t.Fatalf("keeps a control character: %+v", u)
			case u.Status == idv.Approved && u.ProviderStatus == "":
				t.Fatalf("approved without a word: %+v", u)
			}
		}
	})
}
