package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/bonafide-idv/bonafide/providers"
)

// desk is the providers' side of recordings: it answers a create with an id of
// its own making, and a question with what it was told to be the truth.
type desk struct {
	*httptest.Server
	starts map[string]scripted

	mu    sync.Mutex
	made  int
	truth map[string][]scripted // by the provider's id
	// lost has the next create of a provider done, and its answer lost; refused
	// has it answered 400.
	lost, refused map[string]bool
	// listed answers questions that name no session.
	listed map[string]json.RawMessage
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{
		starts: map[string]scripted{}, truth: map[string][]scripted{},
		lost: map[string]bool{}, refused: map[string]bool{}, listed: map[string]json.RawMessage{},
	}
	for _, entry := range providers.All() {
		var s scripted
		readJSON(t, filepath.Join(recordingFolder, entry.Adapter.Name, "start.json"), &s)
		d.starts[entry.Adapter.Name] = s
	}
	d.Server = httptest.NewServer(http.HandlerFunc(d.answer))
	t.Cleanup(d.Close)
	return d
}

// refShape is that of the ids that the desk makes.
var refShape = regexp.MustCompile(`5e551000-0000-4000-8000-\d{12}`)

func refNumber(n int) string { return fmt.Sprintf("5e551000-0000-4000-8000-%012d", n) }

func (d *desk) answer(w http.ResponseWriter, r *http.Request) {
	provider, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	status, reply := d.reply(provider, r.Method, "/"+path, string(body))
	if status == noAnswer {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, reply)
}

// noAnswer stands for a connection that breaks.
const noAnswer = 0

func (d *desk) reply(provider, method, path, body string) (status int, reply string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ref := refShape.FindString(path + body)
	start := d.starts[provider]
	switch {
	case ref != "":
		for _, a := range d.truth[ref] {
			if a.Method == method && a.Path == path {
				return http.StatusOK, string(a.Body)
			}
		}
		return http.StatusNotFound, "{}"
	case method != start.Method || path != start.Path:
		return http.StatusOK, string(d.listed[provider])
	case d.refused[provider]:
		delete(d.refused, provider)
		return http.StatusBadRequest, "{}"
	default:
		d.made++
		if d.lost[provider] {
			delete(d.lost, provider)
			return noAnswer, ""
		}
		return http.StatusOK, cast{ref: refNumber(d.made)}.play(string(start.Body), nil)
	}
}

// tell has the truth about a session be what the answers say.
func (d *desk) tell(ref string, answers []scripted) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.truth[ref] = answers
}

// lose has the next create of the provider answered by nothing, and gives the
// id that it makes.
func (d *desk) lose(provider string) (ref string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost[provider] = true
	return refNumber(d.made + 1)
}
