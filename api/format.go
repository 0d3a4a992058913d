package api

import (
	"cmp"
	"time"
)

// timeFormat is RFC 3339 in UTC with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Format(timeFormat) }

// instant reads an RFC 3339 time. One at the edge may be in a year, in UTC, that
// cannot be written and so not be compared everywhere; the first or the last
// moment stands for it, as nothing of ours is from then.
func instant(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	switch t = t.UTC(); {
	case t.Year() > 9999:
		t = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	case t.Year() < 1:
		t = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t, err
}

// stampOrNull gives null for a time that is not known.
func stampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}

// orNull gives null for a value that is not known.
func orNull[T cmp.Ordered](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
