package app

import (
	"net/url"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// A mistake is told also where its name cannot be written down as it came.
func TestMistakesWithNamesThatAreNoText(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	for _, name := range []string{"%ff", "%ed%a0%80", "a%c3", "%00", "%e2%80%a8"} {
		a := w.call("GET", "/v1/sessions?"+name+"=1", nil).want(t, 400, "invalid_request")
		if errs := a.list("errors"); len(errs) != 1 || errs[0]["code"] != "unknown_parameter" {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	for _, body := range []string{"{\"\xff\":1}", "{\"metadata\":{\"\xff\":1}}", "{\"externalUserId\":\"u\",\"metadata\":{\"\xc3\":\"\"}}", `{"\ud800":1}`} {
		w.call("POST", "/v1/sessions", body).want(t, 400, "invalid_request")
	}
}

// The first and the last time that RFC 3339 can write are times, although they are
// in a year that it cannot write elsewhere on earth.
func TestTimesAtTheEdges(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		w.create("user-1", "kora")
		endpoint := w.call("POST", "/v1/endpoints", `{"url":"https://client.example/hook"}`).want(t, 201, "").text("id")
		for at, found := range map[string]int{"0000-01-01T00:00:00+14:00": 1, "0001-01-01T00:00:00Z": 1, "9999-12-31T23:59:59-12:00": 0} {
			if a := w.call("GET", "/v1/sessions?createdAfter="+url.QueryEscape(at), nil).want(t, 200, ""); len(a.list("data")) != found {
				t.Errorf("after %s: %s", at, a.raw)
			}
			w.call("POST", "/v1/endpoints/"+endpoint+"/resend", `{"from":"`+at+`"}`).want(t, 202, "")
		}
	})
}
