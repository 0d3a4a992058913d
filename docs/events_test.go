package docs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

var firstCell = regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|")

// The page names every type of event and every fault, in their order.
func TestThePageOfEventsIsWhole(t *testing.T) {
	raw, err := os.ReadFile("events.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	_, types, _ := strings.Cut(page, "<!-- types:begin -->")
	types, rest, _ := strings.Cut(types, "<!-- types:end -->")
	if got, want := cells(types), words(idv.EventTypes()); !slices.Equal(got, want) {
		t.Errorf("the page has the types\n%v, the program\n%v", got, want)
	}
	if got, want := cells(rest), words(idv.AttemptFaults()); !slices.Equal(got, want) {
		t.Errorf("the page has the faults\n%v, the program\n%v", got, want)
	}
}

func cells(table string) (cells []string) {
	for _, m := range firstCell.FindAllStringSubmatch(table, -1) {
		cells = append(cells, m[1])
	}
	return cells
}

func words[T ~string](list []T) (words []string) {
	for _, one := range list {
		words = append(words, string(one))
	}
	return words
}
