package payload

import (
	"strings"
	"time"
)

// Time reads an RFC 3339 time, in UTC and to the millisecond; zero if it is none.
// In UTC, too, its year must be one that RFC 3339 can write.
func Time(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	if t = t.UTC().Truncate(time.Millisecond); t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// Day gives a date as YYYY-MM-DD, empty for anything else.
func Day(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}

// AnyDay gives a date as YYYY-MM-DD also where it is written with slashes or
// with a time, empty if it cannot be told for certain.
func AnyDay(s string) string {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, "2006/01/02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	return ""
}
