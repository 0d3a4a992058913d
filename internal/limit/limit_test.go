package limit

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func TestBurstAndThenTheRate(t *testing.T) {
	l := New(5, start)
	for i := range 10 {
		s := l.Take("a", start)
		if want := (State{Allowed: true, Left: 9 - i, Whole: time.Duration(i+1) * 200 * time.Millisecond}); i < 9 && s != want {
			t.Fatalf("request %d: %+v, want %+v", i, s, want)
		} else if i == 9 && (!s.Allowed || s.Left != 0 || s.Retry != 200*time.Millisecond) {
			t.Fatalf("the last of the burst: %+v", s)
		}
	}
	if s := l.Take("a", start); s != (State{Whole: 2 * time.Second, Retry: 200 * time.Millisecond}) {
		t.Errorf("one too many: %+v", s)
	}
	if s := l.Take("b", start); !s.Allowed || s.Left != 9 {
		t.Errorf("somebody else: %+v", s)
	}
	if s := l.Take("a", start.Add(199*time.Millisecond)); s.Allowed || s.Retry != time.Millisecond {
		t.Errorf("too soon: %+v", s)
	}
	if s := l.Take("a", start.Add(200*time.Millisecond)); !s.Allowed || s.Left != 0 {
		t.Errorf("in time: %+v", s)
	}
	if s := l.Take("a", start.Add(3*time.Second)); !s.Allowed || s.Left != 9 {
		t.Errorf("whole again: %+v", s)
	}
	if requests, window := l.Quota(); requests != 10 || window != 2*time.Second {
		t.Errorf("%d in %v", requests, window)
	}
}

func TestOff(t *testing.T) {
	if New(0, start) != nil {
		t.Error("0 limits")
	}
}

// However requests come, each key gets what a bucket of its own would give it,
// whatever generations come and go.
func TestLikeABucketForEachKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perSecond := rapid.SampledFrom([]int{1, 2, 4, 5, 10, 200}).Draw(t, "rate")
		l := New(perSecond, start)
		capacity := time.Duration(2*perSecond) * time.Second // in request-seconds, so that it is exact
		level, last := map[string]time.Duration{}, map[string]time.Time{}
		now := start
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "pause")) * time.Millisecond / time.Duration(rapid.SampledFrom([]int{1, 10, 100}).Draw(t, "haste")))
			key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
			if _, seen := level[key]; !seen {
				level[key], last[key] = capacity, now
			}
			level[key] = min(capacity, level[key]+now.Sub(last[key])*time.Duration(perSecond))
			last[key] = now
			allowed := level[key] >= time.Second
			if allowed {
				level[key] -= time.Second
			}
			s := l.Take(key, now)
			if s.Allowed != allowed || s.Left != int(level[key]/time.Second) {
				t.Fatalf("%s at %v: %+v, the bucket has %v and allowed it: %v", key, now.Sub(start), s, level[key], allowed)
			}
		}
	})
}

// However many keys come, what is kept of them is bounded.
func TestMemoryIsBounded(t *testing.T) {
	l := New(1, start)
	l.most = 100
	for i := range 10_000 {
		l.Take(fmt.Sprint(i), start)
		if n := len(l.young) + len(l.old); n > 2*l.most {
			t.Fatalf("%d keys are kept", n)
		}
	}
	l.Take("late", start.Add(2*time.Second))
	l.Take("later", start.Add(time.Hour))
	if n := len(l.young) + len(l.old); n != 1 {
		t.Errorf("%d keys are kept after an hour", n)
	}
}

func TestManyAtOnce(t *testing.T) {
	l := New(50, start)
	var mu sync.Mutex
	var all sync.WaitGroup
	allowed := 0
	for range 8 {
		all.Go(func() {
			for range 50 {
				if l.Take("a", start).Allowed {
					mu.Lock()
					allowed++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if allowed != 100 {
		t.Errorf("%d were allowed", allowed)
	}
}

func BenchmarkTake(b *testing.B) {
	l := New(200, time.Now())
	for b.Loop() {
		l.Take("key_01kagt2f6pe4mrt1qq3g1c2s8f", time.Now())
	}
}
