package store

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// moment is a time as it is kept: UTC, to the millisecond.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// perhaps keeps a zero time as null.
func perhaps(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = moment(t)
	return &t
}

// timeOf reads what perhaps kept.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// word is text as both engines can keep it: PostgreSQL refuses a zero byte and
// what is not UTF-8, either of which a provider may send and a client ask for.
func word[T ~string](s T) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(s), "\uFFFD"), "\x00", "\uFFFD")
}

// perhapsWord keeps empty text as null.
func perhapsWord[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	kept := word(s)
	return &kept
}

// wordOf reads what perhapsWord kept.
func wordOf[T ~string](s *string) T {
	if s == nil {
		return ""
	}
	return T(*s)
}

// reasonsColumn keeps reasons as a JSON list.
func reasonsColumn(reasons []idv.Reason) (string, error) {
	if len(reasons) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(reasons)
	return string(text), err
}

// reasonsOf reads what reasonsColumn kept: nil for none.
func reasonsOf(column string) ([]idv.Reason, error) {
	var reasons []idv.Reason
	if err := json.Unmarshal([]byte(column), &reasons); err != nil || len(reasons) == 0 {
		return nil, err
	}
	return reasons, nil
}
