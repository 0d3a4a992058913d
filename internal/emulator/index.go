package emulator

import (
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
)

//go:embed index.html
var indexSource string

// index explains the emulator to a person who opens its root.
type index struct {
	Title     string
	Scenarios []scenario
	Webhook   []string // faults that an externalUserId may name
	API       []string
	Sessions  []sessionLink
}

type scenario struct{ ID, Steps string }

type sessionLink struct{ Link, User, Status string }

func (s *Stage) indexRoute(mux *http.ServeMux) {
	view := template.Must(template.New("index").Parse(indexSource))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		htmlHeader(w)
		_ = view.Execute(w, s.index()) // the browser went away
	})
}

func (s *Stage) index() index {
	i := index{Title: s.profile.Title, Webhook: webhookFaults(), API: apiFaults()}
	for _, word := range slices.Sorted(maps.Keys(s.plans)) {
		var steps []string
		for _, m := range s.plans[word] {
			step := string(m.Step)
			if m.After > 0 {
				step += " after " + m.After.String()
			}
			steps = append(steps, step)
		}
		i.Scenarios = append(i.Scenarios, scenario{ID: "test-" + word + "-1", Steps: strings.Join(steps, ", then ")})
	}
	for _, session := range s.Sessions(func(Session) bool { return true }) {
		i.Sessions = append(i.Sessions, sessionLink{
			Link: s.PageURL(session.ID), User: session.ExternalUserID, Status: string(session.Status),
		})
	}
	return i
}

// htmlHeader is that of a page which needs nothing from anywhere.
func htmlHeader(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")
}
