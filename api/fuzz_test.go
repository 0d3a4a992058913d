package api

import (
	"bytes"
	stdjson "encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
)

func contextOf(r *http.Request) echo.Context { return echo.New().NewContext(r, httptest.NewRecorder()) }

// Tags that are written as RFC 9110 has them are known one by one, whatever else
// is there, and of what is not written so no tag is made up.
func FuzzIfNoneMatch(f *testing.F) {
	for _, seed := range []string{``, `*`, `"a"`, `W/"a", "b"`, `"a",,"b"`, `"a`, `a"b"`, `W/`, `"a" "b"`, "\"\xff\"", `"a,b"`, `, ,`, `"*"`} {
		f.Add(seed, "7-x")
	}
	f.Fuzz(func(t *testing.T, header, tag string) {
		k := knownOf(http.Header{"If-None-Match": {header}})
		for _, known := range k.tags {
			if !strings.Contains(header, known) || strings.Count(known, `"`) != 2 {
				t.Errorf("%q: made up %q", header, known)
			}
		}
		if k.any && !strings.Contains(header, "*") {
			t.Errorf("%q stands for everything", header)
		}
		if strings.Contains(tag, `"`) {
			return
		}
		for _, value := range []string{`"` + tag + `"`, `W/"` + tag + `"`, `"other" ,	W/"` + tag + `"`} {
			if !knownOf(http.Header{"If-None-Match": {value}}).has(`"` + tag + `"`) {
				t.Errorf("%q does not have %q", value, tag)
			}
		}
	})
}

// What a query is read as, it says: once, by a name that is known.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "limit=1", "limit=0", "limit=1&limit=2", "wait=60", "wait=61", "wait=-0", "cursor=x", "cursor=c2VzXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm", "a;b", "%zz", "limit=%31", "limit=+1", "LIMIT=1", "limit", "=&="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q := newQuery(raw, "limit", "wait", "cursor")
		limit, wait, page := q.limit(), q.seconds("wait", maxWait), q.page("ses")
		if limit < 1 || limit > maxLimit || page.Limit != limit+1 || wait < 0 || wait.Seconds() > maxWait {
			t.Errorf("%q: limit %d, wait %v", raw, limit, wait)
		}
		err := q.err()
		if _, err := render(err); err != nil {
			t.Errorf("%q: the mistakes cannot be told: %v", raw, err)
		}
		if err != nil {
			return
		}
		values, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatalf("%q was taken: %v", raw, err)
		}
		for name, given := range values {
			if len(given) != 1 || !slices.Contains([]string{"limit", "wait", "cursor"}, name) {
				t.Errorf("%q was taken", raw)
			}
		}
		if page.After != "" && !id.Valid("ses", page.After) {
			t.Errorf("%q: after %q", raw, page.After)
		}
	})
}

// A key is one to 255 printable characters of ASCII that neither begins nor ends
// with a blank, and names its request: another body is another one.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"", "a", " a", "a ", "a b", "é", "a\tb", "\x7f", strings.Repeat("a", 255), strings.Repeat("a", 256), "\xff"} {
		f.Add(seed, []byte("{}"), []byte(""))
	}
	f.Fuzz(func(t *testing.T, key string, one, two []byte) {
		wanted := len(key) >= 1 && len(key) <= 255 && strings.Trim(key, " ") == key
		for i := range len(key) {
			wanted = wanted && key[i] >= ' ' && key[i] <= '~'
		}
		r := httptest.NewRequest(http.MethodPost, "/v1/sessions", nil)
		r.Header[headerIdempotencyKey] = []string{key}
		got, err := idempotencyKey(contextOf(r), one)
		if (err == nil) != wanted {
			t.Fatalf("%q: %v", key, err)
		}
		if err != nil {
			return
		}
		other, err := idempotencyKey(contextOf(r), two)
		if err != nil || bytes.Equal(got.Request, other.Request) != bytes.Equal(one, two) {
			t.Errorf("%q with %q and %q: the same request, or another: %v", key, one, two, err)
		}
	})
}

// A body that is taken says to everybody else's decoder what it says to ours.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"externalUserId":"a"}`, `{"externalUserId":"a","externalUserId":"b"}`, `{"ExternalUserId":"a"}`, `{"externalUserId":null}`, `{"user":{"email":"a@b.example"},"metadata":{"a":"b"}}`,
		`{"documentTypes":["passport"],"expiresInSeconds":60,"reverify":true}`, `{"expiresInSeconds":6e1}`, "{\"externalUserId\":\"\xff\"}", `{"externalUserId":"\ud800"}`, `{}{}`, `[]`, `null`, "\ufeff{}", `{"a":{"a":{"a":[[[`, `{"metadata":{"a":"b","a":"c"}}`,
	} {
		f.Add([]byte(seed))
	}
	s := &server{validate: newValidation()}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var ours, theirs sessionRequest
		if err := s.accept(contextOf(r), &ours); err != nil {
			if _, err := render(classify(err)); err != nil {
				t.Errorf("%q: the mistakes cannot be told: %v", body, err)
			}
			return
		}
		strict := stdjson.NewDecoder(bytes.NewReader(body))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&theirs); err != nil || !reflect.DeepEqual(ours, theirs) || !validUserID(ours.ExternalUserID) {
			t.Errorf("%q: %+v, and by others %+v: %v", body, ours, theirs, err)
		}
	})
}
