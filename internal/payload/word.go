package payload

import (
	"net/url"
	"strings"
	"unicode"
)

// Word gives a provider's word if it is short and plain, so that it can be kept
// and shown; anything else could be about a person, and gives nothing. Space
// around it does not count.
func Word(s string) string { return Short(s, 64, "_-.") }

// Short is Word for providers whose words are longer or hold other marks: up to
// most bytes, all of them letters and digits of ASCII or one of the marks.
func Short(s string, most int, marks string) string {
	s = strings.TrimSpace(s)
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(marks, r)
	}
	if len(s) > most || strings.ContainsFunc(s, odd) {
		return ""
	}
	return s
}

// Quoted is a Word as a sentence shows it.
func Quoted(word string) string {
	if word == "" {
		return "(not a plain word)"
	}
	return `"` + word + `"`
}

// IsRef reports whether a provider's id of a session can be kept and put into a
// path. The form of their ids is theirs to change.
func IsRef(id string) bool {
	return id != "" && len(id) <= 255 && id != "." && id != ".." && !strings.ContainsFunc(id, unicode.IsControl)
}

// IsPage reports whether a browser can be sent there.
func IsPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
