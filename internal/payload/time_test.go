package payload_test

import (
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/payload"
)

// What is read as a time or a day can be written down as one, and is then read
// as the same.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"2026-11-20T09:04:31.518Z", "2026-11-20T09:04:31+02:00", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00", "2026-02-30T00:00:00Z", "2026-11-20", "2026/11/20", " 2026-11-20 ",
		"20.11.2026", "", "1700000000", "2026-11-20T09:04:31,5Z", "2026-11-20T23:59:60Z", "10000-01-01",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if at := payload.Time(s); !at.IsZero() && !payload.Time(at.Format(time.RFC3339Nano)).Equal(at) {
			t.Errorf("%q is read as %v", s, at)
		}
		if day := payload.Day(s); day != "" && day != s {
			t.Errorf("%q is the day %q", s, day)
		}
		if day := payload.AnyDay(s); day != "" && (payload.Day(day) != day || payload.AnyDay(day) != day) {
			t.Errorf("%q is the day %q", s, day)
		}
	})
}
