package providertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// each runs one subtest for every fixture in a folder.
func (s Suite) each(t *testing.T, folder string, run func(t *testing.T, file string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Fixtures, folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, file := range files {
		if strings.HasSuffix(file, ".want.json") {
			continue
		}
		found = true
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) { run(t, file) })
	}
	if !found {
		t.Errorf("no fixture in %s", filepath.Join(s.Fixtures, folder))
	}
}

func (s Suite) startFixtures(t *testing.T) {
	s.each(t, "start", func(t *testing.T, file string) {
		script := readScript(t, file)
		req := s.Start
		req.DocumentTypes = slices.Clone(req.DocumentTypes) // a fixture's own are written over them
		if script.Request != nil {
			if err := json.Unmarshal(script.Request, &req); err != nil {
				t.Fatal(err)
			}
		}
		server := script.serve(t)
		settings := script.settings(s, server.URL)
		started, err := s.provider(t, settings, 5*time.Second).Start(t.Context(), req)
		want := struct {
			Sent    []sent       `json:"sent"`
			Started *startedView `json:"started,omitempty"`
			Error   string       `json:"error,omitempty"`
		}{Sent: server.sent(s, settings), Error: errorText(err)}
		if err == nil {
			view := startedOf(started)
			want.Started = &view
		}
		compare(t, file, want)
	})
}

func (s Suite) fetchFixtures(t *testing.T) {
	s.each(t, "fetch", func(t *testing.T, file string) {
		script := readScript(t, file)
		server := script.serve(t)
		settings := script.settings(s, server.URL)
		update, err := s.provider(t, settings, 5*time.Second).Fetch(t.Context(), s.Ref)
		want := struct {
			Sent   []sent      `json:"sent"`
			Update *updateView `json:"update,omitempty"`
			Error  string      `json:"error,omitempty"`
		}{Sent: server.sent(s, settings), Error: errorText(err)}
		if err == nil {
			view := viewOf(update)
			want.Update = &view
		}
		compare(t, file, want)
	})
}

func (s Suite) webhookFixtures(t *testing.T) {
	reader := s.reader(t)
	s.each(t, "webhook", func(t *testing.T, file string) {
		w := s.webhook(readBody(t, file))
		if err := reader.Authenticate(t.Context(), w); err != nil {
			t.Fatalf("a genuine webhook is refused: %v", err)
		}
		before := bytes.Clone(w.Body)
		updates, err := reader.Normalize(w)
		again, errAgain := reader.Normalize(w)
		if diff := cmp.Diff(updates, again); diff != "" || errorText(err) != errorText(errAgain) {
			t.Errorf("Normalize is not repeatable:\n%s", diff)
		}
		if !bytes.Equal(before, w.Body) {
			t.Error("Normalize changed the body")
		}
		if err != nil && !errors.Is(err, idv.ErrNotUnderstood) {
			t.Errorf("error %v is not idv.ErrNotUnderstood", err)
		}
		want := struct {
			Updates []updateView `json:"updates"`
			Error   string       `json:"error,omitempty"`
		}{Updates: []updateView{}, Error: errorText(err)}
		for _, u := range updates {
			want.Updates = append(want.Updates, viewOf(u))
		}
		compare(t, file, want)
	})
}

// webhook is a genuine one with the given body.
func (s Suite) webhook(body []byte) idv.Webhook {
	return idv.Webhook{Header: s.Sign(body, s.ReceivedAt), Body: body, ReceivedAt: s.ReceivedAt}
}

func readBody(t testing.TB, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(body, []byte("\n"))
}

// compare holds got against the wanted file beside the fixture.
func compare(t *testing.T, file string, got any) {
	t.Helper()
	wanted := strings.TrimSuffix(file, ".json") + ".want.json"
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(wanted, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(wanted)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", wanted, diff)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
