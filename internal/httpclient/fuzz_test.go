package httpclient

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// What a provider answers never makes us wait for ever or back in time, and of its
// words only those are repeated that can be nobody's name and no secret.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"", "120", "-1", "4294967296", "Fri, 20 Nov 2026 09:31:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "DOCUMENT_EXPIRED", "amara@example.com", "a b", "\xff", strings.Repeat("a", 65)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		wait := retryAfter(http.Header{"Retry-After": {value}})
		if wait < 0 || wait%time.Second == 0 && wait > (1<<31-1)*time.Second {
			t.Errorf("%q: wait %v", value, wait)
		}
		const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
		if word := plainWord(value); word != "" && (word != value || len(word) > 64 || strings.Trim(word, letters) != "") {
			t.Errorf("%q is repeated as %q", value, word)
		}
	})
}
