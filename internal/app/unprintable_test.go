package app

import (
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
