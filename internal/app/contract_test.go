package app

import (
	"encoding/base64"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/openapi"
)

// shelf holds one of everything that a path can name, and who may ask for it.
type shelf struct {
	*study
	known openapi.Known
	// keys are credentials that may call everything, may do nothing but read
	// metrics, and are a client token.
	keys map[string]string
	hook string // an endpoint that takes everything
	// spare is an endpoint that may be deleted. There is one at a time, since there
	// may be only so many.
	spare string
}

const someKey = `{"name":"of a shelf","scopes":["metrics:read"]}`

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{study: newStudy(t, "prompt", &prompt{})}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(hook.Close)
	s.hook = hook.URL

	made := s.call("POST", "/v1/sessions", `{"externalUserId":"user-42","metadata":{"plan":"gold"},"callbackUrl":"https://app.example.com/done"}`)
	session, ref := made["id"].(string), made["providerSessionId"].(string)
	s.call("POST", "/v1/webhooks/prompt", `{"ref":"`+ref+`","status":"in_review","notice":"data_request"}`)
	delivery := s.first("/v1/webhook-deliveries")["id"].(string)
	if _, err := s.app.inbox.Work(t.Context(), delivery, 1); err != nil {
		t.Fatal(err)
	}
	s.call("POST", "/v1/sessions/"+session+"/refresh", "")
	endpoint := s.endpoint()
	s.spare = s.endpoint()
	key := s.call("POST", "/v1/keys", someKey)["id"].(string)
	event, task := s.first("/v1/events")["id"].(string), s.first("/v1/privacy-tasks")["id"].(string)
	token := s.call("POST", "/v1/users/user-42/client-tokens", "")["clientToken"].(string)
	res, _, _ := s.send("GET", "/v1/users/user-42/verification", http.Header{"Authorization": {"Bearer " + bootstrapKey}}, nil)

	w := &world{t: t, app: s.app}
	s.keys = map[string]string{"all": bootstrapKey, "few": w.grant([]idv.Scope{idv.ScopeMetricsRead}, time.Time{}), "phone": token}
	s.known = openapi.Known{
		"externalUserId": {"user-42", "user-43", "a/b", "..", "Ünïcödé 漢"},
		"provider":       {"prompt"},
		"after":          {event},
		"object":         {session, "user-42"},
		"If-None-Match":  {res.Header.Get("ETag"), "W/" + res.Header.Get("ETag"), "*", `"1-x"`, `"1-x", ` + res.Header.Get("ETag")},
		"Last-Event-ID":  {"1", "2", "3", "4", "5"},
		"from":           {"2020-01-01T00:00:00Z", "2026-01-01T00:00:00.5+02:00"},
		"to":             {"2090-01-01T00:00:00Z"},
		"callbackUrl":    {"https://app.example.com/done", "http://localhost:3000/x?y=%20z"},
		"url":            {s.hook, "https://client.example/hook"},
		"country":        {"NG", "DE"}, "locale": {"en-NG", "de", "zh-Hant-TW"},
	}
	for kind, of := range map[string]string{"/v1/sessions/": session, "/v1/endpoints/": endpoint, "/v1/webhook-deliveries/": delivery, "/v1/privacy-tasks/": task, "/v1/keys/": key} {
		s.known[kind] = []string{of}
	}
	s.known["eventId"] = []string{event}
	return s
}

func (s *shelf) endpoint() string {
	s.tb.Helper()
	return s.call("POST", "/v1/endpoints", `{"url":"`+s.hook+`"}`)["id"].(string)
}

func (s *shelf) first(list string) map[string]any {
	s.tb.Helper()
	return s.call("GET", list, "")["data"].([]any)[0].(map[string]any)
}

// knownTo gives what means something to an operation. What it is going to end is
// made for it.
func (s *shelf) knownTo(operation string) openapi.Known {
	known := maps.Clone(s.known)
	_, path, _ := strings.Cut(operation, " ")
	for kind := range s.known {
		if ids := s.known[kind]; strings.HasPrefix(path, kind) {
			known["id"] = ids
			known["cursor"] = []string{base64.RawURLEncoding.EncodeToString([]byte(ids[0]))}
		}
	}
	lists := map[string]string{"/v1/sessions": "/v1/sessions/", "/v1/endpoints": "/v1/endpoints/", "/v1/webhook-deliveries": "/v1/webhook-deliveries/", "/v1/privacy-tasks": "/v1/privacy-tasks/", "/v1/keys": "/v1/keys/"}
	if ids := known[lists[path]]; ids != nil {
		known["cursor"] = []string{base64.RawURLEncoding.EncodeToString([]byte(ids[0]))}
	}
	switch operation {
	case "GET /v1/audit-log":
		known["cursor"] = []string{"1", "9223372036854775807"}
	case "GET /v1/endpoints/{id}/messages":
		known["cursor"] = []string{base64.RawURLEncoding.EncodeToString([]byte(known["eventId"][0]))}
	case "DELETE /v1/users/{externalUserId}":
		known["externalUserId"] = []string{s.call("POST", "/v1/sessions", `{"externalUserId":"one who goes `+id.New("")+`"}`)["externalUserId"].(string)}
	case "DELETE /v1/endpoints/{id}":
		if res, _, _ := s.send("GET", "/v1/endpoints/"+s.spare, everything(), nil); res.StatusCode == http.StatusNotFound {
			s.spare = s.endpoint()
		}
		known["id"] = []string{s.spare}
	case "DELETE /v1/keys/{id}":
		known["id"] = []string{s.call("POST", "/v1/keys", someKey)["id"].(string)}
	case "POST /v1/sessions/{id}/cancel":
		known["id"] = []string{s.call("POST", "/v1/sessions", `{"externalUserId":"one who leaves","reuse":"never"}`)["id"].(string)}
	}
	return known
}

// who asks, and what the server must think of it; 0 for nothing.
type who struct {
	authorization []string
	status        int
}

// callers are those who may call an operation, and those who may not.
func (s *shelf) callers(operation string) (may who, mayNot []who) {
	bearer := func(name string) []string { return []string{"Bearer " + s.keys[name]} }
	_, path, _ := strings.Cut(operation, " ")
	nobody := []who{{nil, 401}, {[]string{"Bearer"}, 401}, {[]string{"Bearer nonsense"}, 401}, {[]string{"Basic " + s.keys["all"]}, 401}, {[]string{"Bearer \xff"}, 401}, {[]string{"Bearer eyJhbGciOiJub25lIn0.e30."}, 401}}
	switch {
	case strings.HasPrefix(path, "/v1/me/"):
		return who{bearer("phone"), 0}, append(nobody, who{bearer("all"), 403})
	case path == "/healthz" || path == "/readyz" || path == "/openapi.json" || strings.HasPrefix(path, "/v1/webhooks/"):
		return who{nil, 0}, nil
	case path == "/metrics" || path == "/v1/providers":
		return who{bearer("all"), 0}, append(nobody, who{bearer("phone"), 403})
	default:
		return who{bearer("all"), 0}, append(nobody, who{bearer("few"), 403}, who{bearer("phone"), 403})
	}
}

// tally counts what came of the requests of one operation.
type tally struct {
	mu      sync.Mutex
	replies map[string]map[int]int // by operation and hundreds of the status
}

func (y *tally) note(operation string, status int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.replies[operation] == nil {
		y.replies[operation] = map[int]int{}
	}
	y.replies[operation][status/100]++
}

// Unless the command line says otherwise, with -rapid.checks and -rapid.seed, each
// operation is sent so many requests, and the same ones every time: whoever changes
// something else is not to meet what nobody looked for.
func usually(t *testing.T) {
	t.Helper()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": "40", "rapid.seed": "1"} {
		if set := flag.Lookup(name).Value; !given[name] {
			before := set.String()
			must(t, set.Set(value))
			t.Cleanup(func() { must(t, set.Set(before)) })
		}
	}
}

// Every operation is sent what the API document describes, and what it does not,
// and answers nothing but what the document says it would. What is refused
// changes nothing.
func TestEveryOperationKeepsToTheDocument(t *testing.T) {
	c, err := checker()
	must(t, err)
	g := c.Generator()
	usually(t)
	count := &tally{replies: map[string]map[int]int{}}
	t.Run("of", func(t *testing.T) {
		for part := range slices.Chunk(c.Operations(), (len(c.Operations())+shelves-1)/shelves) {
			t.Run("part", func(t *testing.T) {
				t.Parallel()
				s := newShelf(t)
				for _, operation := range part {
					t.Run(operation, func(t *testing.T) {
						rapid.Check(t, func(rt *rapid.T) { s.try(rt, c, g, operation, count) })
					})
				}
			})
		}
	})
	for _, operation := range c.Operations() {
		// Had it been refused everywhere, it would prove nothing.
		got := count.replies[operation]
		if got[2] == 0 || got[4] == 0 && c.Refuses(operation) {
			t.Errorf("%s answered, by hundreds: %v", operation, got)
		}
	}
}

// shelves is how many there are, each for some of the operations.
const shelves = 4

func (s *shelf) try(t *rapid.T, c *openapi.Checker, g *openapi.Generator, operation string, count *tally) {
	from, mayNot := s.callers(operation)
	known := s.knownTo(operation)
	request := g.Right(operation, known)
	if rapid.SampledFrom([]bool{true, true, false}).Draw(t, "broken") {
		request = g.Broken(operation, known)
	}
	r := request.Draw(t, "request")
	if len(mayNot) > 0 && rapid.IntRange(0, 4).Draw(t, "caller") == 4 {
		from = rapid.SampledFrom(mayNot).Draw(t, "who may not")
	}
	if from.authorization != nil {
		r.Header["Authorization"] = from.authorization
	}
	if strings.Contains(operation, "/webhooks/") && (len(r.Faults) == 0 || rapid.Bool().Draw(t, "signed")) {
		maps.Copy(r.Header, (&prompt{}).signed())
	}
	if key := r.Header.Get("Idempotency-Key"); r.Refused && !slices.Contains(r.Faults, "bad Idempotency-Key") && key != "" {
		r.Header.Set("Idempotency-Key", key+id.New("")) // an answer that was kept would be right
	}
	// A key is noted before the request is looked at, and forgotten when it is
	// refused; that a credential was used is noted, too.
	rows, notes := "", r.Header["Idempotency-Key"] != nil || from.status == http.StatusForbidden
	if notes {
		rows = s.rows()
	}
	before := s.writes()
	res, raw, reached := s.send(r.Method, r.Target(), r.Header.Clone(), r.Body)
	if !reached {
		t.Fatalf("%s is no address", r.Target())
	}
	count.note(operation, res.StatusCode)
	complain := func(what string) {
		t.Helper()
		t.Fatalf("%s\n%s %s %v\n%.2000q\nbroken: %q\nanswered %d %v\n%s", what, r.Method, r.Target(), r.Header, r.Body, r.Faults, res.StatusCode, res.Header, raw)
	}
	if wrong := fit(c, operation, r.Method, r.Target(), res, raw); wrong != "" {
		complain(wrong)
	}
	refused := res.StatusCode >= 400
	switch {
	case from.status != 0 && !tooLong(r.Target()) && r.Method == strings.Fields(operation)[0] && res.StatusCode != from.status:
		complain("the caller may not")
	case r.Refused && !refused:
		complain("what the document does not allow was done")
	case len(r.Faults) == 0 && from.status == 0 && slices.Contains([]int{400, 404, 405, 413, 415}, res.StatusCode):
		complain("a right request was refused")
	}
	switch {
	case refused && notes && s.rows() != rows:
		complain("refused, and yet there is something new: " + rows + " and now " + s.rows())
	case refused && !notes && s.writes() != before:
		complain("refused, and yet something was written")
	}
}
