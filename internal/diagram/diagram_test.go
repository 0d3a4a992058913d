package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bonafide-idv/bonafide/internal/arch"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// TestPagesAreUpToDate: what is in the repository is what the code says.
func TestPagesAreUpToDate(t *testing.T) {
	module := os.DirFS("../..")
	pages, err := generate(module, transitions(idv.Fold))
	if err != nil {
		t.Fatal(err)
	}
	if len(pages[statesPage]) == 0 {
		t.Errorf("%s is not generated", statesPage)
	}
	for name, want := range pages {
		got, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run go run ./internal/diagram", name)
		}
	}
}

// TestTransitions compares the graph with what the design promises.
func TestTransitions(t *testing.T) {
	g := transitions(idv.Fold)
	for _, from := range idv.Statuses() {
		if g[from][idv.Created] {
			t.Errorf("%s is followed by created", from)
		}
		if len(g[from]) == 0 {
			t.Errorf("%s is final", from)
		}
		// A genuine decision is hidden by nothing.
		for _, outcome := range []idv.Status{idv.Approved, idv.Declined} {
			if from != outcome && !g[from][outcome] {
				t.Errorf("%s cannot become %s", from, outcome)
			}
		}
	}
	never := [][2]idv.Status{
		{idv.InReview, idv.Processing},
		{idv.InReview, idv.InProgress},
		{idv.Processing, idv.InProgress},
		{idv.InProgress, idv.Pending},
		{idv.Approved, idv.Expired},
		{idv.Approved, idv.Canceled},
		{idv.Approved, idv.Failed},
		{idv.Declined, idv.Expired},
		{idv.Declined, idv.Canceled},
		{idv.Declined, idv.Failed},
		{idv.Canceled, idv.Processing},
		{idv.Canceled, idv.InReview},
		{idv.Canceled, idv.Expired},
		{idv.Expired, idv.InProgress},
	}
	for _, pair := range never {
		if g[pair[0]][pair[1]] {
			t.Errorf("%s is followed by %s", pair[0], pair[1])
		}
	}
	always := [][2]idv.Status{
		{idv.Created, idv.Pending},
		{idv.Created, idv.Failed},
		{idv.Pending, idv.InProgress},
		{idv.Pending, idv.Expired},
		{idv.InProgress, idv.Canceled},
		{idv.InReview, idv.ResubmissionRequested},
		{idv.ResubmissionRequested, idv.InProgress},
		{idv.Approved, idv.Declined},
		{idv.Declined, idv.Approved},
		{idv.Expired, idv.Processing},
		{idv.Failed, idv.InProgress},
	}
	for _, pair := range always {
		if !g[pair[0]][pair[1]] {
			t.Errorf("%s cannot be followed by %s", pair[0], pair[1])
		}
	}
}

func TestStatusWithoutMeaning(t *testing.T) {
	for _, source := range []string{
		"package idv\n",
		"package idv\nconst Created Status = \"created\"\n",
		"package idv\nconst (\n\tCreated Status = \"created\" // recorded\n\tlimit = 9 // not a status\n)\n",
	} {
		m, err := meaningsIn([]byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := renderStates(graph{}, m); err == nil {
			t.Errorf("no error for %q", source)
		}
	}
}

func TestGenerate(t *testing.T) {
	source, err := os.ReadFile("../idv/status.go")
	if err != nil {
		t.Fatal(err)
	}
	page := "# Architecture\n\n<!-- imports:begin -->\nold\n<!-- imports:end -->\n\nrest\n"
	pages, err := generate(fstest.MapFS{vocabulary: {Data: source}, architecturePage: {Data: []byte(page)}}, graph{})
	if err != nil {
		t.Fatal(err)
	}
	want := "# Architecture\n\n<!-- imports:begin -->\n" + arch.Table() + "<!-- imports:end -->\n\nrest\n"
	if got := string(pages[architecturePage]); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	states := string(pages[statesPage])
	if !strings.HasPrefix(states, "<!-- Generated") || !strings.Contains(states, "go run ./internal/diagram") {
		t.Error("the page does not say that it is generated, and how")
	}
	for _, s := range idv.Statuses() {
		if strings.Count(states, "| `"+string(s)+"` |") < 2 || !strings.Contains(states, "        "+string(s)+"\n") {
			t.Errorf("%s is not in both tables and in the diagram", s)
		}
	}

	if pages, err = generate(fstest.MapFS{vocabulary: {Data: source}}, graph{}); err != nil || len(pages) != 1 {
		t.Errorf("without the architecture page: %d pages, %v", len(pages), err)
	}
	for name, broken := range map[string]string{
		"no markers": "# Architecture\n",
		"no end":     "<!-- imports:begin -->\n",
		"backwards":  "<!-- imports:end -->\n<!-- imports:begin -->\n",
	} {
		if _, err := generate(fstest.MapFS{vocabulary: {Data: source}, architecturePage: {Data: []byte(broken)}}, graph{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := generate(fstest.MapFS{}, graph{}); err == nil {
		t.Error("no error without the vocabulary")
	}
	if _, err := generate(fstest.MapFS{vocabulary: {Data: []byte("pack")}}, graph{}); err == nil {
		t.Error("no error for a broken vocabulary")
	}
}
