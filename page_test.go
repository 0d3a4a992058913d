package main_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The tests of this file do what docs/following.md says, as a newcomer would: they
// run every command in it, with node on what Node of any age can run, and compare
// what is said with what the page says.

// block is a fenced block of the page.
type block struct {
	language string // sh, json, or none for plain output
	text     string
	receiver bool // what the receiver says, not the command before
}

// readPage gives the blocks of each section, in order.
func readPage(t *testing.T) map[string][]block {
	t.Helper()
	raw, err := os.ReadFile("docs/following.md")
	must(t, err)
	sections, section, before := map[string][]block{}, "", ""
	var open *block
	for line := range strings.Lines(string(raw)) {
		switch {
		case open != nil && line == "```\n":
			sections[section] = append(sections[section], *open)
			open = nil
		case open != nil:
			open.text += line
		case strings.HasPrefix(line, "```"):
			open = &block{language: strings.TrimSpace(line[3:]), receiver: before == "<!-- the receiver -->\n"}
		case strings.HasPrefix(line, "## "):
			section = strings.TrimSpace(line[3:])
		}
		before = line
	}
	return sections
}

func TestFollowingPageRuns(t *testing.T) {
	t.Parallel()
	scripts, sections := transpiled(t), readPage(t)
	delete(sections, "") // how to start what runs already
	if len(sections) < 4 {
		t.Fatalf("found only %d sections", len(sections))
	}
	for name, blocks := range sections {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startDev(t)
			d.create(t, "somebody")
			newcomer{
				address: d.address, port: freeAddress(t), scripts: scripts,
				known: map[string]string{"API": "http://" + d.address, "KEY": d.key},
			}.read(t, blocks)
		})
	}
}

// create creates a session, and waits until the feed knows of it.
func (d dev) create(t *testing.T, user string) {
	t.Helper()
	d.call(t, http.MethodPost, "/v1/sessions", `{"externalUserId":"`+user+`"}`, &struct{}{})
	eventually(t, "the feed has something", func() bool {
		var feed struct{ Data []struct{} }
		d.call(t, http.MethodGet, "/v1/events", "", &feed)
		return len(feed.Data) > 0
	})
}

// newcomer goes through one section of the page.
type newcomer struct {
	address string            // where bonafide is, instead of 127.0.0.1:8080
	port    string            // where a receiver may listen, instead of 127.0.0.1:9000
	scripts string            // where the examples in TypeScript are as JavaScript
	known   map[string]string // what to put in for NAME=…
}

// read runs the commands, and compares what they say with the block after.
func (n newcomer) read(t *testing.T, blocks []block) {
	var (
		said     string
		receiver *program
	)
	for _, b := range blocks {
		switch {
		case b.language == "sh" && strings.Contains(b.text, "/receive"):
			if receiver != nil {
				receiver.stop()
			}
			receiver = startProgram(t, n.shell(b.text))
			eventually(t, "the receiver listens", func() bool { return strings.Contains(receiver.output(), "listening") })
		case b.language == "sh":
			said = n.run(t, b.text)
		case b.receiver:
			eventually(t, "the receiver says what the page says", func() bool { return like(b, n.seen(receiver.output())) })
		case b.language == "" || b.language == "json":
			if !like(b, n.seen(said)) {
				t.Errorf("the page has\n%s\nand it is\n%s", b.text, n.seen(said))
			}
		}
	}
}

var (
	placeholder = regexp.MustCompile(`\b[A-Z]+=\S*…\S*`)
	script      = regexp.MustCompile(`examples/ts/(\w+)\.ts`)
)

// shell is a command of the page, with what a reader puts in.
func (n newcomer) shell(text string) *exec.Cmd {
	text = placeholder.ReplaceAllString(text, "")
	text = script.ReplaceAllString(text, n.scripts+"/$1.mjs")
	text = strings.NewReplacer("127.0.0.1:8080", n.address, "127.0.0.1:9000", n.port).Replace(text)
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", text)
	cmd.Env = os.Environ()
	for name, value := range n.known {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// tells is where a reader finds what to put in for a name.
var tells = map[string]*regexp.Regexp{
	"ETAG":     regexp.MustCompile(`(?m)^Etag: (.*?)\r?$`),
	"TOKEN":    regexp.MustCompile(`"clientToken":"([^"]*)"`),
	"SECRET":   regexp.MustCompile(`"secret":"([^"]*)"`),
	"ENDPOINT": regexp.MustCompile(`"id":"(end_[^"]*)"`),
	"CURSOR":   regexp.MustCompile(`"nextCursor":"([^"]*)"`),
}

// curlTimeout is how curl ends where it was told how long to go on.
const curlTimeout = 28

// run runs a command of the page to its end, and gives what it says.
func (n newcomer) run(t *testing.T, text string) string {
	t.Helper()
	said, err := n.shell(text).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != curlTimeout) {
		t.Fatalf("%s\n%v\n%s", text, err, said)
	}
	for name, tell := range tells {
		if found := tell.FindSubmatch(said); found != nil {
			n.known[name] = string(found[1])
		}
	}
	return string(said)
}

// seen is what was said, as the reader of the page sees it.
func (n newcomer) seen(said string) string {
	return strings.NewReplacer(n.address, "127.0.0.1:8080", n.port, "127.0.0.1:9000", "\r", "").Replace(said)
}

var (
	folded = regexp.MustCompile(`\n\s*`)
	etag   = regexp.MustCompile(`"(\d+)-[\w-]{16}"`)
)

// like reports whether what was said is what the block has: … stands for
// anything, JSON may be folded, and the hash in an ETag may be any.
func like(want block, said string) bool {
	text := strings.TrimSpace(want.text)
	if want.language == "json" {
		text = folded.ReplaceAllString(text, "")
	}
	text = etag.ReplaceAllString(text, `"$1-…"`)
	parts := strings.Split(text, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`).MatchString(strings.TrimSpace(said))
}
