package docs_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the examples into the page")

// shown is a block that shows a region of an example, which the line before it
// names: file#region.
var shown = regexp.MustCompile("(?ms)^(<!-- (examples/\\S+)#(\\w+) -->\n```(?:go|ts)\n).*?^```$")

// What the page shows is what runs.
func TestFollowingPageShowsTheExamples(t *testing.T) {
	raw, err := os.ReadFile("following.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	want := shown.ReplaceAllStringFunc(string(raw), func(block string) string {
		blocks++
		part := shown.FindStringSubmatch(block)
		return part[1] + region(t, part[2], part[3]) + "```"
	})
	if code := strings.Count(want, "\n```go\n") + strings.Count(want, "\n```ts\n"); blocks == 0 || code != blocks {
		t.Errorf("the page has %d blocks of code, and %d of them are of examples", code, blocks)
	}
	if want == string(raw) {
		return
	}
	if !*update {
		t.Fatal("the page is not what the examples are: run make generate")
	}
	if err := os.WriteFile("following.md", []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

// region gives what a file holds between "// #region name" and the next
// "// #endregion".
func region(t *testing.T, file, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	_, text, began := strings.Cut(string(raw), "// #region "+name+"\n")
	text, _, ended := strings.Cut(text, "// #endregion\n")
	if !began || !ended {
		t.Fatalf("%s has no region %s", file, name)
	}
	return strings.TrimSpace(text) + "\n"
}

var pageLink = regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]*))?\)`)

// No link of the page leads nowhere.
func TestFollowingPageLinks(t *testing.T) {
	raw, err := os.ReadFile("following.md")
	if err != nil {
		t.Fatal(err)
	}
	links := pageLink.FindAllStringSubmatch(string(raw), -1)
	if len(links) == 0 {
		t.Error("the page has no links")
	}
	for _, link := range links {
		file, heading := link[1], link[2]
		if strings.Contains(file, "://") {
			continue
		}
		target := raw
		if file != "" {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", link[0], err)
				continue
			}
			if heading != "" {
				if target, err = os.ReadFile(file); err != nil {
					t.Fatal(err)
				}
			}
		}
		if heading != "" && !hasHeading(string(target), heading) {
			t.Errorf("%s: there is no such heading", link[0])
		}
	}
}

// hasHeading reports whether the page has a heading with this anchor.
func hasHeading(page, anchor string) bool {
	for line := range strings.Lines(page) {
		text := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
		if strings.HasPrefix(line, "#") && strings.ReplaceAll(notInAnchors.ReplaceAllString(text, ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

var notInAnchors = regexp.MustCompile(`[^\w -]`)
