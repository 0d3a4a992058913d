package app

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/providers"
)

var update = flag.Bool("update", false, "write the generated part of the README anew")

const (
	tableBegin = "<!-- providers:begin -->\n"
	tableEnd   = "<!-- providers:end -->"
)

// The README's table of providers is what the code can do.
func TestReadmeTellsTheProviders(t *testing.T) {
	const path = "../../README.md"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(raw), tableBegin)
	_, after, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		t.Fatalf("%s has no %s … %s", path, tableBegin, tableEnd)
	}
	want := before + tableBegin + capabilityTable() + tableEnd + after
	if want == string(raw) {
		return
	}
	if !*update {
		t.Fatal("the table is not what the code says; run: make generate")
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// capabilityTable is the table of all providers for documents.
func capabilityTable() string {
	mark := func(has bool) string {
		if has {
			return "yes"
		}
		return "–"
	}
	var b strings.Builder
	b.WriteString("| provider | name | start, fetch | webhooks | cancel | erase | find a lost create |\n|---|---|---|---|---|---|---|\n")
	for _, entry := range providers.All() {
		c := capabilitiesOf(entry)
		fmt.Fprintf(&b, "| [%s](%s) | `%s` | yes | %s | %s | %s | %s |\n", entry.Adapter.Title, entry.Adapter.Docs, entry.Adapter.Name,
			mark(c.Webhooks), mark(c.Cancel), mark(c.Erase), mark(c.Find))
	}
	return b.String()
}
