package id_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/id"
)

// decode is written from the TypeID specification: 26 digits of Crockford's
// base 32, most significant first, make one number of 128 bits.
func decode(t *testing.T, suffix string) uuid.UUID {
	t.Helper()
	var u uuid.UUID
	for _, digit := range suffix {
		value := strings.IndexRune("0123456789abcdefghjkmnpqrstvwxyz", digit)
		if value < 0 {
			t.Fatalf("%q is no digit", digit)
		}
		carry := value
		for i := len(u) - 1; i >= 0; i-- {
			sum := int(u[i])*32 + carry
			u[i], carry = byte(sum), sum>>8
		}
	}
	return u
}

func TestNewIsAUUIDOfNow(t *testing.T) {
	before := time.Now().Add(-time.Millisecond)
	s := id.New(id.Session)
	suffix, ok := strings.CutPrefix(s, "ses_")
	if !ok || len(suffix) != 26 {
		t.Fatalf("New = %q", s)
	}
	u := decode(t, suffix)
	if u.Version() != 7 || u.Variant() != uuid.RFC4122 {
		t.Errorf("%s is version %d, variant %v", u, u.Version(), u.Variant())
	}
	sec, nsec := u.Time().UnixTime()
	if made := time.Unix(sec, nsec); made.Before(before) || made.After(time.Now().Add(time.Millisecond)) {
		t.Errorf("made at %v", made)
	}
}

func TestNewIncreases(t *testing.T) {
	last := ""
	for range 10_000 {
		s := id.New(id.Delivery)
		if s <= last {
			t.Fatalf("%q does not come after %q", s, last)
		}
		last = s
	}
}

func TestNewIsUniqueAcrossGoroutines(t *testing.T) {
	const each = 1000
	made := make([][]string, 8)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			for range each {
				made[i] = append(made[i], id.New(id.Event))
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, list := range made {
		for _, s := range list {
			if seen[s] {
				t.Fatalf("%q was made twice", s)
			}
			seen[s] = true
		}
	}
}

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		id.New(id.Session):                true,
		"ses_00000000000000000000000000":  true,
		"ses_7zzzzzzzzzzzzzzzzzzzzzzzzz":  true,
		"ses_8zzzzzzzzzzzzzzzzzzzzzzzzz":  false, // more than 128 bits
		"ses_0000000000000000000000000":   false,
		"ses_000000000000000000000000000": false,
		"ses_0000000000000000000000000i":  false, // not a digit
		"ses_0000000000000000000000000A":  false,
		"ses_000000000000000000000000é":   false,
		"whd_00000000000000000000000000":  false,
		"ses00000000000000000000000000":   false,
		"":                                false,
	} {
		if got := id.Valid(id.Session, s); got != want {
			t.Errorf("Valid(%q) = %v", s, got)
		}
	}
}

func FuzzValid(f *testing.F) {
	f.Add("ses_00000000000000000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		if id.Valid(id.Session, s) && len(s) != 30 {
			t.Errorf("%q is valid", s)
		}
	})
}
