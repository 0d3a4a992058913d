package queue

import (
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river/rivertype"
)

const (
	firstPause   = time.Second
	longestPause = 5 * time.Minute
)

// backoff is River's policy for jobs that failed.
type backoff struct{}

// NextRetry says when a job that failed is worked again.
func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	// The failure at hand is not among the errors yet.
	pause := pauseAfter(len(job.Errors) + 1)
	// A tenth of chance keeps jobs that failed together from returning together.
	return time.Now().UTC().Add(pause + rand.N(pause/10))
}

// pauseAfter doubles with each failure, from one second up to five minutes.
func pauseAfter(failures int) time.Duration {
	pause := firstPause
	for range failures - 1 {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}
