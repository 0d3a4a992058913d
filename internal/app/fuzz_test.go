package app

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/openapi"
)

// still is a provider that can do nothing, so that nothing is bought.
type still struct{}

func (still) Start(context.Context, idv.StartRequest) (idv.Started, error) {
	return idv.Started{}, &idv.ProviderError{Kind: idv.KindRejected}
}

func (still) Fetch(context.Context, idv.Ref) (idv.Update, error) {
	return idv.Update{}, &idv.ProviderError{Kind: idv.KindNotFound}
}

// ask gives the reply to a call, which no input may make a fault of ours.
func (s *study) ask(t *testing.T, method, target string, header http.Header, body []byte) (*http.Response, []byte, bool) {
	t.Helper()
	began := time.Now()
	res, raw, reached := s.send(method, target, header, body)
	if !reached {
		return nil, nil, false
	}
	if res.StatusCode >= 500 && res.StatusCode != http.StatusBadGateway {
		t.Errorf("%s %q answered %d %s", method, target, res.StatusCode, raw)
	}
	if res.StatusCode >= 400 && !json.Valid(raw) {
		t.Errorf("%s %q: not JSON: %s", method, target, raw)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	return res, raw, true
}

func everything() http.Header {
	return http.Header{"Authorization": {"Bearer " + bootstrapKey}, "Content-Type": {"application/json"}}
}

func FuzzCreateSession(f *testing.F) {
	for _, seed := range []string{
		`{"externalUserId":"user-1"}`, `{"externalUserId":"a\u0000b","metadata":{"a":"b"}}`, `{"user":{"phone":"+1 2"},"expiresInSeconds":60}`,
		`{"documentTypes":["passport"],"country":"NG","locale":"en-NG","callbackUrl":"https://a.example/"}`, `[]`, `{"a":`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	s := newStudy(f, "still", still{})
	f.Fuzz(func(t *testing.T, body []byte) { s.ask(t, "POST", "/v1/sessions", everything(), body) })
}

func FuzzPathsAndQueries(f *testing.F) {
	for _, seed := range []string{
		"/v1/sessions?limit=1&cursor=x", "/v1/sessions/ses_01kagt2f6pe4mrt1qq3g1c2s8f/timeline", "/v1/users/a%2Fb%00/verification",
		"/v1/webhook-deliveries?state=parked", "/v1/sessions?createdAfter=2026-11-20T09:00:00Z", "/docs/../x", "/v1/sessions/%ff/result", "/v1/users/%/verification",
	} {
		f.Add(seed)
	}
	s := newStudy(f, "still", still{})
	f.Fuzz(func(t *testing.T, target string) {
		s.ask(t, "GET", target, everything(), nil)
		s.ask(t, "POST", target, everything(), nil)
	})
}

// Every operation with any variables in its path, any query, headers and body:
// the reply is one that the API document knows. Variables and headers are those
// of the input, one a line.
func FuzzEveryRoute(f *testing.F) {
	c, err := checker()
	fatal(f, err)
	g, operations := c.Generator(), c.Operations()
	s := newStudy(f, "prompt", &prompt{})
	known := openapi.Known{"externalUserId": {"user-42"}, "provider": {"prompt"}}
	known["id"] = []string{s.call("POST", "/v1/sessions", `{"externalUserId":"user-42"}`)["id"].(string)}
	for i, operation := range operations {
		for seed := range 2 {
			for _, r := range []openapi.Request{g.Right(operation, known).Example(seed), g.Broken(operation, known).Example(seed)} {
				if len(r.Body) < 4<<10 {
					f.Add(uint8(i), strings.Join(r.Params, "\n"), r.Query, lines(r.Header), r.Body)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, operation uint8, params, query, headers string, body []byte) {
		name := operations[int(operation)%len(operations)]
		method, template, _ := strings.Cut(name, " ")
		r := openapi.Request{Operation: name, Params: strings.Split(params, "\n"), Query: query}
		if strings.Count(template, "{") > len(r.Params) || strings.Contains(r.Path(), "//") || strings.HasSuffix(r.Path(), "/") {
			return // it would be another route
		}
		res, raw, reached := s.ask(t, method, r.Target(), headerOf(headers), body)
		if !reached {
			return
		}
		if wrong := fit(c, name, method, r.Target(), res, raw); wrong != "" {
			t.Errorf("%s\n%s %s\n%q\n%q\nanswered %d %s", wrong, method, r.Target(), headers, body, res.StatusCode, raw)
		}
	})
}

// lines are headers in text, and headerOf the headers in it beside a credential
// that may do everything.
func lines(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			b.WriteString(name + ": " + v + "\n")
		}
	}
	return b.String()
}

func headerOf(text string) http.Header {
	h := http.Header{"Authorization": {"Bearer " + bootstrapKey}, promptHeader: {promptSignature}}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ": "); ok {
			if name = http.CanonicalHeaderKey(name); name != "Authorization" {
				h[name] = append(h[name], value)
			}
		}
	}
	return h
}
