package queue

import (
	"testing"
	"time"
)

func TestPauseDoublesUpToABound(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 9: 256 * time.Second,
		10: 5 * time.Minute, 11: 5 * time.Minute, 5_000: 5 * time.Minute,
	} {
		if got := pauseAfter(failures); got != want {
			t.Errorf("after %d failures: %s, want %s", failures, got, want)
		}
	}
	var whole time.Duration
	for failures := 1; failures < maxAttempts; failures++ {
		whole += pauseAfter(failures)
	}
	if whole < 6*24*time.Hour {
		t.Errorf("a job that always fails lives for %s", whole)
	}
}
