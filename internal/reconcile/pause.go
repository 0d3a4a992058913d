package reconcile

import (
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// tolerated is how many questions in a row may fail before the account gets a
	// rest: one session that the provider cannot answer for is no outage.
	tolerated = 2
	// longestPause bounds, in intervals, the rest that we take of ourselves.
	longestPause = 5
	// longestWait bounds the rest that a provider asks for, in case it errs.
	longestWait = time.Hour
)

// pause is how long nobody asks the account after so many failures in a row. It
// doubles from one interval on. A provider that says when to come back, that is
// asked too often, or that refuses our credentials, gets one at once.
func (s Schedule) pause(fault *idv.ProviderError, failures int) time.Duration {
	atOnce := fault.RetryAfter > 0 || fault.Kind == idv.KindRateLimited || fault.Kind == idv.KindUnauthorized
	if !atOnce {
		failures -= tolerated
	}
	if failures <= 0 {
		return 0
	}
	own := longestPause
	if doubled := 1 << min(failures-1, 3); doubled < longestPause {
		own = doubled
	}
	return max(s.intervals(own), min(fault.RetryAfter, longestWait))
}
