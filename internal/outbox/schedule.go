package outbox

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// schedule is the one that the Standard Webhooks specification recommends: the
// pauses after each try but the last, ten tries in about 75 hours.
func schedule() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

const (
	// jitter is the part by which a pause is longer or shorter than in the
	// schedule, so that what failed together is not tried together.
	jitter = 0.15
	// longestWish bounds how long an endpoint may ask us to wait.
	longestWish = 24 * time.Hour
)

// pauseAfter gives the pause after so many failed tries, and at least what the
// endpoint asked for. There is none after the last.
func pauseAfter(tries int, retryAfter time.Duration) (pause time.Duration, again bool) {
	pauses := schedule()
	if tries > len(pauses) {
		return 0, false
	}
	planned := float64(pauses[tries-1])
	planned *= 1 - jitter + 2*jitter*rand.Float64() //nolint:gosec // no secret
	return max(time.Duration(planned), min(retryAfter, longestWish)), true
}

// readRetryAfter reads a Retry-After header, in seconds or as a date; 0 if there is
// none that can be read.
func readRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
