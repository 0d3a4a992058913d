package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// recording is one session's true history as its provider told it: the bodies
// of the provider's own documentation in the order in which things happened,
// and what the provider says when it is asked at the end.
type recording struct {
	provider, name string
	webhooks       []recordedWebhook
	answers        []scripted
	want           wanted
	last           time.Time // when the last thing happened
}

type recordedWebhook struct {
	Header map[string][]string `json:"header"`
	// SignedAt is the time in the signature, where that is the only one.
	SignedAt string          `json:"signedAt"`
	Body     json.RawMessage `json:"body"`
}

// scripted is one answer of a provider's API.
type scripted struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body"`
}

// wanted is where the session ends, written by hand from the provider's
// documentation and the rules of the contract, never taken from an output.
type wanted struct {
	About    string         `json:"about"`
	Status   string         `json:"status"`
	Decision map[string]any `json:"decision"` // without decidedAt
	Reasons  []string       `json:"reasons"`  // their codes
	User     string         `json:"user"`
	// Through lists every status that anything in the recording supports.
	Through []string `json:"through"`
}

const recordingFolder = "testdata/event"

// recordings reads all of them.
func recordings(t *testing.T) []recording {
	t.Helper()
	wants, err := filepath.Glob(filepath.Join(recordingFolder, "*", "*", "want.json"))
	must(t, err)
	var all []recording
	for _, file := range wants {
		folder := filepath.Dir(file)
		r := recording{provider: filepath.Base(filepath.Dir(folder)), name: filepath.Base(folder)}
		readJSON(t, file, &r.want)
		var truth struct {
			Answers []scripted `json:"answers"`
		}
		readJSON(t, filepath.Join(folder, "fetch.json"), &truth)
		r.answers = truth.Answers
		webhooks, err := filepath.Glob(filepath.Join(folder, "[0-9][0-9].json"))
		must(t, err)
		for _, name := range webhooks {
			var w recordedWebhook
			readJSON(t, name, &w)
			r.webhooks = append(r.webhooks, w)
			for _, text := range []string{string(w.Body), w.SignedAt} {
				r.last = latest(r.last, text)
			}
		}
		for _, a := range r.answers {
			r.last = latest(r.last, string(a.Body))
		}
		all = append(all, r)
	}
	return all
}

func recorded(t *testing.T, provider, name string) recording {
	t.Helper()
	for _, r := range recordings(t) {
		if r.provider == provider && r.name == name {
			return r
		}
	}
	t.Fatalf("there is no recording %s/%s", provider, name)
	return recording{}
}

func readJSON(t *testing.T, file string, out any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	must(t, err)
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// The two ways in which the providers write moments. Days stay as they are.
var (
	rfc3339 = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	unix    = regexp.MustCompile(`("(?:start|finish)Time":)(\d{10})\b`)
)

func latest(last time.Time, text string) time.Time {
	for _, found := range rfc3339.FindAllString(text, -1) {
		if at, err := time.Parse(time.RFC3339Nano, found); err == nil && at.After(last) {
			last = at
		}
	}
	for _, found := range unix.FindAllStringSubmatch(text, -1) {
		if n, err := strconv.ParseInt(found[2], 10, 64); err == nil && time.Unix(n, 0).After(last) {
			last = time.Unix(n, 0)
		}
	}
	return last
}

// cast is who plays a recording: the session at hand, and by how much its times
// are moved.
type cast struct {
	session, user, ref string
	shift              time.Duration
}

// recently moves a recording so that its last event was a moment ago. It moves
// by whole seconds, and the distances stay.
func (r recording) recently(now time.Time) time.Duration {
	return now.Add(-10 * time.Second).Sub(r.last).Truncate(time.Second)
}

// play fills in a text of a recording.
func (c cast) play(text string, settings idv.Settings) string {
	text = strings.NewReplacer("{session}", c.session, "{user}", c.user, "{ref}", c.ref, "{tenant}", settings["TENANT_ID"]).Replace(text)
	text = rfc3339.ReplaceAllStringFunc(text, func(found string) string {
		at, err := time.Parse(time.RFC3339Nano, found)
		if err != nil {
			return found
		}
		layout := "2006-01-02T15:04:05Z"
		if _, fraction, ok := strings.Cut(found, "."); ok {
			layout = "2006-01-02T15:04:05." + strings.Repeat("0", len(fraction)-1) + "Z"
		}
		return at.Add(c.shift).UTC().Format(layout)
	})
	return unix.ReplaceAllStringFunc(text, func(found string) string {
		parts := unix.FindStringSubmatch(found)
		seconds, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil {
			return found
		}
		return parts[1] + strconv.FormatInt(seconds+int64(c.shift/time.Second), 10)
	})
}
