package ledger_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/ledger"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var at = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func TestWhatIsNotedIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "erased")
	l, err := ledger.Open(path)
	must(t, err)
	if ids, err := l.Destroyed(); err != nil || len(ids) != 0 {
		t.Errorf("at first: %v, %v", ids, err)
	}
	must(t, l.Note(at, "uky_1"))
	must(t, l.Note(at, "uky_2", "uky_1"))
	again, err := ledger.Open(path)
	must(t, err)
	if ids, err := again.Destroyed(); err != nil || !slices.Equal(ids, []string{"uky_1", "uky_2"}) {
		t.Errorf("noted %v, %v", ids, err)
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	if want := "{\"keyId\":\"uky_1\",\"erasedAt\":\"2026-11-20T09:00:00Z\"}\n"; string(raw[:len(want)]) != want {
		t.Errorf("the file says %s", raw)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("everybody may read it: %v", info.Mode())
	}
}

// A disk that was full left half a line.
func TestALineThatWasCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "erased")
	must(t, os.WriteFile(path, []byte("{\"keyId\":\"uky_1\",\"erasedAt\":\"2026-11-20T09:00:00Z\"}\n{\"keyId\":\"uky"), 0o600))
	l, err := ledger.Open(path)
	must(t, err)
	must(t, l.Note(at, "uky_3"))
	if ids, err := l.Destroyed(); err != nil || !slices.Equal(ids, []string{"uky_1", "uky_3"}) {
		t.Errorf("noted %v, %v", ids, err)
	}
}

func TestALedgerThatCannotBeWritten(t *testing.T) {
	if _, err := ledger.Open(filepath.Join(t.TempDir(), "nowhere", "erased")); err == nil {
		t.Error("it opened")
	}
}
