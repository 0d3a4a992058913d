package payload_test

import (
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/payload"
)

func TestWord(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "APPROVED": "APPROVED", " check.completed\n": "check.completed", "a-b_c.9": "a-b_c.9",
		"two words": "", "a@b.example": "", "é": "", "<b>": "", "a\x00b": "",
		strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): "",
	} {
		if got := payload.Word(s); got != want {
			t.Errorf("%q gives %q", s, got)
		}
	}
	if payload.Short("two words", 9, " ") != "two words" || payload.Short("two words", 8, " ") != "" || payload.Short("a.b", 9, " ") != "" {
		t.Error("the length and the marks do not count")
	}
	if payload.Quoted("x") != `"x"` || payload.Quoted("") != "(not a plain word)" {
		t.Error("quotes")
	}
}

func TestUnless(t *testing.T) {
	for s, want := range map[string]string{"NULL": "", " N/A ": "", "nulls": "nulls", " x ": "x", "": "", "-": "-"} {
		if got := payload.Unless(s, "null", "n/a"); got != want {
			t.Errorf("%q says %q", s, got)
		}
	}
}

func TestDays(t *testing.T) {
	for s, want := range map[string][2]string{
		"2026-02-28":                {"2026-02-28", "2026-02-28"},
		" 2026-02-28 ":              {"", "2026-02-28"},
		"2026/02/28":                {"", "2026-02-28"},
		"2026-02-28T23:30:00-05:00": {"", "2026-02-28"},
		"2026-02-30":                {},
		"28/02/2026":                {},
		"2026-02":                   {},
		"":                          {},
	} {
		if got := [2]string{payload.Day(s), payload.AnyDay(s)}; got != want {
			t.Errorf("%q is %q", s, got)
		}
	}
}

func TestRefsAndPages(t *testing.T) {
	for id, want := range map[string]bool{
		"7c9e6679-7425-40de-944b-e07fc1f90ae7": true, "a/b?c": true, strings.Repeat("a", 255): true, "...": true,
		"": false, ".": false, "..": false, "a\nb": false, "a\x00": false, strings.Repeat("a", 256): false,
	} {
		if payload.IsRef(id) != want {
			t.Errorf("ref %q", id)
		}
	}
	for address, want := range map[string]bool{
		"https://example.com/a?b": true, "http://127.0.0.1:80": true,
		"": false, "/a": false, "javascript:alert(1)": false, "https://": false, "ftp://example.com": false, "https://%": false,
	} {
		if payload.IsPage(address) != want {
			t.Errorf("page %q", address)
		}
	}
}

func FuzzWord(f *testing.F) {
	f.Add("APPROVED")
	f.Add(" Amara Okafor ")
	f.Fuzz(func(t *testing.T, s string) {
		w := payload.Word(s)
		if len(w) > 64 || strings.ContainsAny(w, " @\"\n\x00") || (w != "" && w != strings.TrimSpace(s)) {
			t.Errorf("%q gives %q", s, w)
		}
		if d := payload.Day(s); d != "" && (d != s || payload.AnyDay(s) != s) {
			t.Errorf("%q is the day %q", s, d)
		}
	})
}
