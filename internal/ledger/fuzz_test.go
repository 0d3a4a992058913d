package ledger_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/ledger"
)

// Whatever is in the file already, a key that is noted is found, and so are those
// that were noted before.
func FuzzLedger(f *testing.F) {
	for _, seed := range []string{
		"", "\n", `{"keyId":"uky_0"`, `{"keyId":"uky_0","erasedAt":"2026-11-20T09:00:00Z"}` + "\n", "null\n[]\n1\n", "\xff\r\n",
		strings.Repeat("\x00", 70_000), strings.Repeat("x", 70_000) + "\n", strings.Repeat("\n", 100),
	} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "erased")
	f.Fuzz(func(t *testing.T, junk []byte) {
		must(t, os.WriteFile(path, junk, 0o600))
		l, err := ledger.Open(path)
		must(t, err)
		before, err := l.Destroyed()
		must(t, err)
		must(t, l.Note(at, "uky_1"))
		after, err := l.Destroyed()
		must(t, err)
		// What was cut off may be a whole line but for its end.
		for _, keyID := range append(before, "uky_1") {
			if !slices.Contains(after, keyID) {
				t.Errorf("%.200q: there were %q, and with uky_1 there are %q", junk, before, after)
			}
		}
	})
}
