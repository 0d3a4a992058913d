package payload_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/payload"
)

type plain = payload.Object[payload.Plain]

// loud writes QUIET for quiet, takes "nil" for nothing and everything for the
// first of 2026.
type loud struct{ payload.Plain }

func (loud) Get(members map[string]any, key string) any {
	if key == "quiet" {
		return members["QUIET"]
	}
	return members[key]
}

func (loud) Text(s string) string { return payload.Unless(s, "nil") }

func (loud) Time(any) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestParseObjectTakesOneObject(t *testing.T) {
	for _, body := range []string{``, ` `, `null`, `[]`, `"x"`, `1`, `{`, `{"a":1}{}`, `{"a":1} x`, "\x00", "\xff"} {
		if o := payload.ParseObject[payload.Plain]([]byte(body)); o != nil {
			t.Errorf("%q is read as %v", body, o)
		}
	}
	for _, body := range []string{`{}`, " {\"a\":null}\n"} {
		if payload.ParseObject[payload.Plain]([]byte(body)) == nil {
			t.Errorf("%q is not read", body)
		}
	}
	var o plain
	if json.Unmarshal([]byte(`["secret"]`), &o) == nil {
		t.Error("a list is an object")
	}
	if err := json.Unmarshal([]byte(`{"id":12345678901234567890}`), &o); err != nil || o.Text("id") != "12345678901234567890" {
		t.Errorf("%v, %v", o, err)
	}
	var mistyped *json.UnmarshalTypeError
	if err := o.UnmarshalJSON([]byte(`"secret"`)); err == nil || errors.As(err, &mistyped) || err.Error() != "not a JSON object" {
		t.Error(err)
	}
}

func TestMembersOfAnotherTypeAreAbsent(t *testing.T) {
	o := payload.ParseObject[payload.Plain]([]byte(`{
		"s":" x ","n":1.50,"b":false,"z":null,"o":{"k":"v"},"l":[{"k":"1"},2,null,{"k":"3"}],
		"t":"2026-01-02T03:04:05.678912+01:00","e":""}`))
	for key, want := range map[string]string{"s": " x ", "n": "1.50", "b": "", "z": "", "o": "", "l": "", "none": ""} {
		if got := o.Text(key); got != want {
			t.Errorf("text %s is %q", key, got)
		}
	}
	if o.Text("none", "e", "n", "s") != "1.50" {
		t.Error("the first that says something is not taken")
	}
	if o.Number("n") != "1.50" || o.Number("s") != "" || o.Number("none") != "" {
		t.Error("numbers")
	}
	if value, ok := o.Bool("b"); value || !ok {
		t.Error("a boolean is not found")
	}
	if _, ok := o.Bool("s"); ok {
		t.Error("a string is a boolean")
	}
	if o.Object("o").Text("k") != "v" || o.Object("s") != nil || o.Object("none").Object("none").Text("k") != "" {
		t.Error("objects")
	}
	if list := o.Objects("l"); len(list) != 2 || list[0].Text("k") != "1" || list[1].Text("k") != "3" {
		t.Error("objects of a list")
	}
	if len(o.List("l")) != 4 || o.List("o") != nil || o.Objects("s") != nil {
		t.Error("lists")
	}
	if want := time.Date(2026, 1, 2, 2, 4, 5, 678e6, time.UTC); o.Time("t") != want || !o.Time("s").IsZero() || !o.Time("n").IsZero() {
		t.Errorf("times: %s", o.Time("t"))
	}
}

func TestDialectHoldsInside(t *testing.T) {
	o := payload.ParseObject[loud]([]byte(`{"in":{"QUIET":" NIL ","l":[{"QUIET":" x "}]}}`)).Object("in")
	if got := o.Text("quiet"); got != "" {
		t.Errorf("nothing is %q", got)
	}
	if got := o.Objects("l")[0].Text("quiet"); got != "x" {
		t.Errorf("a text is %q", got)
	}
	if o.Get("quiet") != " NIL " || o.Time("never").Year() != 2026 {
		t.Error("a member is not read by the dialect")
	}
}

func FuzzObject(f *testing.F) {
	for _, body := range []string{`{"a":{"a":[{"a":"2026-01-01T00:00:00Z"}]}}`, `{"a":1e999}`, `{"a":[[[]]]}`, `[{"a":1}]`, `{"a":tru`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o := payload.ParseObject[loud](body)
		if o != nil && !json.Valid(body) {
			t.Errorf("%q is no JSON", body)
		}
		for key := range o {
			o.Text(key, "quiet")
			o.Number(key)
			o.Bool(key)
			o.Object(key).Text(key)
			o.Objects(key)
			if at := plain(o).Time(key); at.Location() != time.UTC || at.Nanosecond()%1e6 != 0 {
				t.Errorf("%s is not to the millisecond in UTC", at)
			}
		}
	})
}
