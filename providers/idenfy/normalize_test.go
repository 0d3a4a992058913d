package idenfy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func fixture(t *testing.T, name string) idv.Update {
	t.Helper()
	event, _, _ := strings.Cut(name, ".")
	body, err := os.ReadFile("testdata/webhook/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return normalize(t, reader(t, signingKey), strings.ToUpper(event), string(body))
}

// folded is the status that webhooks amount to, in every order and twice.
func folded(t *testing.T, updates ...idv.Update) idv.State {
	t.Helper()
	var heard []idv.Observation
	for i, u := range updates {
		heard = append(heard, u.Observation(idv.SourceWebhook, fmt.Sprint(i), receivedAt().Add(time.Duration(i)*time.Minute)))
	}
	state := idv.Fold(heard)
	slices.Reverse(heard)
	if again := idv.Fold(append(heard, heard...)); again.Status != state.Status {
		t.Errorf("in another order it is %q, not %q", again.Status, state.Status)
	}
	return state
}

// What is preliminary is never the last word, whatever comes when.
func TestPreliminaryNeverDecides(t *testing.T) {
	prelim := fixture(t, "identification_auto_finished.prelim")
	denied := fixture(t, "identification_manual_finished.denied")
	approved := fixture(t, "identification_auto_finished.final")
	if got := folded(t, prelim); got.Status != idv.InReview || got.Decision != nil {
		t.Errorf("preliminary: %+v", got)
	}
	if got := folded(t, prelim, denied); got.Status != idv.Declined || got.Decision.Version != 1 {
		t.Errorf("preliminary, then denied: %+v", got)
	}
	if got := folded(t, approved, prelim); got.Status != idv.Approved {
		t.Errorf("approved, then a late preliminary one: %+v", got)
	}
	if got := folded(t, approved, denied); got.Status != idv.Declined || got.Decision.RevisedFrom != idv.Approved || !got.EverApproved {
		t.Errorf("approved, then denied by a human: %+v", got)
	}
}

func TestEndsYieldToDecisions(t *testing.T) {
	approved := fixture(t, "identification_auto_finished.final")
	for _, name := range []string{
		"identification_expired.expired", "identification_expired.after_handing_in", "identification_cancelled.cancelled", "identification.deleted",
	} {
		end := fixture(t, name)
		if got := folded(t, approved, end); got.Status != idv.Approved || got.Decision.Version != 1 {
			t.Errorf("%s beside an approval: %+v", name, got)
		}
	}
	if got := folded(t, fixture(t, "identification_cancelled.cancelled")); got.Status != idv.Canceled {
		t.Errorf("canceled: %+v", got)
	}
	// The time ran out, the pictures are there: what comes of them is asked for.
	if got := folded(t, fixture(t, "identification_expired.after_handing_in")); got.Decision != nil {
		t.Errorf("decided by an expiry: %+v", got)
	}
}

// A webhook neither names nor surely dates its event.
func TestRepeats(t *testing.T) {
	if r, ok := reader(t, signingKey).(idv.Repeater); !ok || !r.Repeats() {
		t.Error("contradicting decisions would be ordered by a time that they may share")
	}
}

func TestEventTypes(t *testing.T) {
	r := reader(t, signingKey)
	expiring := fmt.Sprintf(`{"scanRef":%q,"expirationThreshold":"DOCUMENT_EXPIRED","documentExpiration":"2026-03-01"}`, ref)
	for _, c := range []struct {
		event, body string
		want        string
		status      idv.Status
		notice      bool
		unknown     bool
		partial     bool
	}{
		{"", said("APPROVED", ""), "IDENTIFICATION", idv.Approved, false, false, false},
		{"ID_VERIFICATION_CANCELED", said("APPROVED", ""), "IDENTIFICATION_CANCELLED", idv.Canceled, false, false, false},
		{"IDENTIFICATION_CANCELED", said("NEW_WORD", ""), "IDENTIFICATION_CANCELLED", idv.Canceled, false, false, false},
		{"ID_VERIFICATION_EXPIRED", said("EXPIRED", ""), "IDENTIFICATION_EXPIRED", idv.Expired, false, false, false},
		{"IDENTIFICATION_EXPIRED", said("APPROVED", ""), "IDENTIFICATION_EXPIRED", idv.Approved, false, false, true},
		{"IDENTIFICATION_EXPIRED", said("SUSPECTED", `,"fraudTags":["DUPLICATE_FACE"]`), "IDENTIFICATION_EXPIRED", idv.InReview, false, false, true},
		{"IDENTIFICATION_EXPIRED", said("ACTIVE", ""), "IDENTIFICATION_EXPIRED", idv.Pending, false, false, true},
		{"DOCUMENT_EXPIRATION", expiring, "DOCUMENT_EXPIRATION", "", true, false, false},
		{"", expiring, "DOCUMENT_EXPIRATION", "", true, false, false},
		// The header is not signed: it makes no decision of what is none, and no
		// notice of a decision.
		{"IDENTIFICATION_MANUAL_FINISHED", expiring, "IDENTIFICATION_MANUAL_FINISHED", "", false, true, false},
		{"DOCUMENT_EXPIRATION", said("APPROVED", ""), "DOCUMENT_EXPIRATION", "", false, true, false},
		{"VIDEO_CALL_FINISHED", said("APPROVED", ""), "VIDEO_CALL_FINISHED", "", false, false, false},
		{"AML_MONITORING", said("APPROVED", ""), "AML_MONITORING", "", false, true, false},
		{"Amara Okafor", said("APPROVED", ""), "", "", false, true, false},
	} {
		u := normalize(t, r, c.event, c.body)
		if u.EventType != c.want || u.Status != c.status || (u.Notice != nil) != c.notice || u.Unknown != c.unknown || u.Partial != c.partial {
			t.Errorf("%s: %s: %+v", c.event, c.body, u)
		}
		if (u.Unknown || u.Partial) && (u.Why == "" || strings.Contains(strings.ToUpper(u.Why), "AMARA")) {
			t.Errorf("%s: why %q", c.event, u.Why)
		}
		if u.Partial && (u.Result != nil || u.Notice != nil || !u.DocumentExpiresAt.IsZero()) {
			t.Errorf("%s tells more than that the truth is asked for: %+v", c.event, u)
		}
	}
}

func TestTimesAndIDs(t *testing.T) {
	r := reader(t, signingKey)
	for finish, want := range map[string]time.Time{
		`1772619790`:        time.Date(2026, 3, 4, 10, 23, 10, 0, time.UTC),
		`"1772619790"`:      time.Date(2026, 3, 4, 10, 23, 10, 0, time.UTC),
		`null`:              {},
		`0`:                 {},
		`-1772619790`:       {},
		`1772619790.5`:      {},
		`1772619790000`:     {},
		`99999999999999999`: {},
		`"2026-03-04"`:      {},
	} {
		u := normalize(t, r, "", fmt.Sprintf(`{"final":true,"scanRef":%q,"finishTime":%s,"status":{"overall":"APPROVED"}}`, ref, finish))
		if !u.OccurredAt.Equal(want) {
			t.Errorf("%s is read as %s", finish, u.OccurredAt)
		}
	}
	for externalRef, want := range map[string]string{
		sessionID: sessionID, "sess_8f3a2c": "", "": "", strings.ToUpper(sessionID): "", sessionID + "0": "",
		sessionID[:29]: "", "evt_" + sessionID[4:]: "", "ses_01k9abcdefghjkmnpqrstvwx/z": "",
	} {
		u := normalize(t, r, "", fmt.Sprintf(`{"final":true,"scanRef":%q,"externalRef":%q,"status":{"overall":"APPROVED"}}`, ref, externalRef))
		if u.SessionID != want {
			t.Errorf("%q names %q", externalRef, u.SessionID)
		}
	}
	for _, scanRef := range []string{`""`, `null`, `7`, `{}`, `"a\u0000b"`, `"` + strings.Repeat("a", 256) + `"`} {
		u := normalize(t, r, "", `{"final":true,"scanRef":`+scanRef+`,"status":{"overall":"APPROVED"}}`)
		if u.Ref != "" || !u.Unknown || u.Status != "" || u.Why == "" {
			t.Errorf("scanRef %s: %+v", scanRef, u)
		}
	}
}

func TestNotUnderstood(t *testing.T) {
	for _, body := range []string{``, ` `, `null`, `[]`, `"x"`, `1`, `{`, `{"scanRef":"r1"}{}`, "\x00", "\xff"} {
		updates, err := reader(t, signingKey).Normalize(idv.Webhook{Header: http.Header{}, Body: []byte(body)})
		if !errors.Is(err, idv.ErrNotUnderstood) || updates != nil {
			t.Errorf("%q: %+v, %v", body, updates, err)
		}
	}
}

// FuzzEvent goes through every type of event, where FuzzNormalize has none.
func FuzzEvent(f *testing.F) {
	for body, event := range fixtureEvents() {
		f.Add(event, body)
	}
	r := reader(f, signingKey)
	f.Fuzz(func(t *testing.T, event, body string) {
		w := idv.Webhook{Header: http.Header{"Idenfy-Event-Type": {event}}, Body: []byte(body), ReceivedAt: receivedAt()}
		updates, err := r.Normalize(w)
		if err != nil {
			if !errors.Is(err, idv.ErrNotUnderstood) {
				t.Fatalf("wrong error %v", err)
			}
			return
		}
		for _, u := range updates {
			switch {
			case u.Status != "" && !u.Status.Valid():
				t.Fatalf("status %q", u.Status)
			case u.Unknown && (u.Status != "" || u.Why == ""):
				t.Fatalf("unknown, and yet %+v", u)
			case u.Status == idv.Approved && !u.Partial && (u.ProviderStatus != "APPROVED" || deniesFinal(t, body)):
				t.Fatalf("approved without a last word: %+v", u)
			case strings.ContainsRune(u.EventType+u.ProviderStatus+u.Why+u.SessionID+string(u.Ref), 0):
				t.Fatalf("keeps a control character: %+v", u)
			}
		}
	})
}

// deniesFinal reports whether `final` is there and is no yes.
func deniesFinal(t *testing.T, body string) bool {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Fatal(err)
	}
	return members["final"] != nil && members["final"] != true
}
