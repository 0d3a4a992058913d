package load

import (
	"math"
	"time"
)

// Percentile gives the smallest of the sorted latencies that a share p of them,
// above 0 and up to 1, does not exceed; 0 if there are none.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	// p × n in binary can be a hair above the whole number that is meant.
	rank := int(math.Ceil(p*float64(len(sorted)) - 1e-9))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
