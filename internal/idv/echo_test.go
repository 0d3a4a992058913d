package idv_test

import (
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const echoedID = "ses_01k9abcdefghjkmnpqrstvwxyz"

func TestEchoWrites(t *testing.T) {
	req := idv.StartRequest{ExternalUserID: "a~b", SessionID: echoedID}
	for e, want := range map[idv.Echo]string{
		idv.EchoBoth:    "a~b~" + echoedID,
		idv.EchoUser:    "a~b",
		idv.EchoSession: echoedID,
		idv.EchoNone:    "",
	} {
		if got := e.Write(req); got != want {
			t.Errorf("%s writes %q", e, got)
		}
	}
}

func TestEchoNamesASession(t *testing.T) {
	for _, tt := range []struct {
		echo         idv.Echo
		echoed, want string
	}{
		{idv.EchoBoth, "user-1~" + echoedID, echoedID},
		{idv.EchoBoth, "a~b~" + echoedID, echoedID},
		{idv.EchoBoth, "a~ses_0~" + echoedID, echoedID},
		{idv.EchoBoth, "~" + echoedID, echoedID},
		{idv.EchoBoth, "", ""},
		{idv.EchoBoth, "~", ""},
		{idv.EchoBoth, "#1234", ""},
		{idv.EchoBoth, echoedID, ""},
		{idv.EchoBoth, echoedID + "~user-1", ""},
		{idv.EchoBoth, "user-1~" + echoedID + "~", ""},
		{idv.EchoSession, echoedID, echoedID},
		{idv.EchoSession, "user-1~" + echoedID, ""},
		{idv.EchoUser, "user-1~" + echoedID, ""},
		{idv.EchoUser, echoedID, ""},
		{idv.EchoNone, "user-1~" + echoedID, ""},
		{idv.EchoNone, echoedID, ""},
	} {
		if got := tt.echo.SessionID(tt.echoed); got != tt.want {
			t.Errorf("%s: %q names %q, want %q", tt.echo, tt.echoed, got, tt.want)
		}
	}
}

func TestIsSessionID(t *testing.T) {
	if !idv.IsSessionID(echoedID) {
		t.Errorf("%s is one", echoedID)
	}
	for _, id := range []string{
		"", "ses_", "sess_8f3a2c", echoedID[4:], "evt_" + echoedID[4:], echoedID[:29], echoedID + "0", " " + echoedID,
		strings.ToUpper(echoedID), "ses_01k9abcdefghjkmnpqrstvwx/z", "ses_01k9abcdefghjkmnpqrstvwx\x00z",
		// Crockford leaves these four letters out.
		"ses_01k9abcdefghjkmnpqrstvwxyi", "ses_01k9abcdefghjkmnpqrstvwxyl",
		"ses_01k9abcdefghjkmnpqrstvwxyo", "ses_01k9abcdefghjkmnpqrstvwxyu",
	} {
		if idv.IsSessionID(id) {
			t.Errorf("%q is none", id)
		}
	}
}

func FuzzEcho(f *testing.F) {
	f.Add("user-1", echoedID)
	f.Add("a~b", "ses_0")
	f.Fuzz(func(t *testing.T, user, session string) {
		req := idv.StartRequest{ExternalUserID: user, SessionID: session}
		for _, e := range []idv.Echo{idv.EchoBoth, idv.EchoUser, idv.EchoSession, idv.EchoNone} {
			want := ""
			if idv.IsSessionID(session) && (e == idv.EchoBoth || e == idv.EchoSession) {
				want = session
			}
			// What is no session of ours may hold a ~ and one behind it.
			if got := e.SessionID(e.Write(req)); got != want && !strings.Contains(session, "~") {
				t.Errorf("%s: %q, %q come back as %q", e, user, session, got)
			}
		}
	})
}
