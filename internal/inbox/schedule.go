package inbox

import "time"

// unmatchedPause is how long a delivery about an unknown session waits for its
// next try: about an hour in all, dense at first, since fast providers call
// before our own create is answered. After that it stays unmatched until it is
// replayed, or until a session with its id appears. 0 means no more.
func unmatchedPause(attempt int) time.Duration {
	pauses := []time.Duration{
		500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 3 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	}
	if attempt < 1 || attempt > len(pauses) {
		return 0
	}
	return pauses[attempt-1]
}
