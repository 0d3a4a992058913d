// Package limit counts who does how much, in memory and for one process.
package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

// burst is how many seconds' worth of requests may come at once.
const burst = 2

// mostKeys bounds how many keys one generation remembers.
const mostKeys = 1 << 16

// Limiter allows every key so many requests a second, and bursts of twice that.
// Its methods may be called at once.
//
// Of a key it keeps a digest and one moment: when all that was taken is made up
// for (the generic cell rate algorithm). A key that is whole again is like one
// that was never seen, and a key is whole after two seconds without a request; so
// what is known lives in two generations of at least that long, and the older one
// is dropped as a whole. When more keys come than a generation has room for, it
// ends early: somebody may do more than the limit then, and nobody less.
type Limiter struct {
	perSecond int
	interval  time.Duration // what one request costs
	room      time.Duration // what may be owed
	most      int
	seed      maphash.Seed
	start     time.Time

	mu         sync.Mutex
	young, old map[uint64]time.Duration // when a key is whole, since start
	turnAt     time.Duration            // when the young generation is the old one
}

// New makes a limiter; nil, which allows everything, if perSecond is 0.
func New(perSecond int, now time.Time) *Limiter {
	if perSecond == 0 {
		return nil
	}
	interval := time.Second / time.Duration(perSecond)
	return &Limiter{
		perSecond: perSecond,
		interval:  interval,
		room:      burst * time.Duration(perSecond) * interval,
		most:      mostKeys,
		seed:      maphash.MakeSeed(),
		start:     now,
		young:     map[uint64]time.Duration{},
		turnAt:    burst * time.Second,
	}
}

// Quota is how many requests may come within how long.
func (l *Limiter) Quota() (requests int, window time.Duration) {
	return burst * l.perSecond, burst * time.Second
}

// State is how things stand for a key after it asked for one request.
type State struct {
	Allowed bool
	Left    int           // requests that may follow at once
	Whole   time.Duration // until all of the quota is there again
	Retry   time.Duration // until the next request may come; 0 if one may now
}

// Take takes one request of the key's quota. What is refused takes nothing.
func (l *Limiter) Take(key string, now time.Time) State {
	digest, at := maphash.String(l.seed, key), now.Sub(l.start)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(at)
	owed := max(0, l.wholeAt(digest)-at)
	allowed := owed+l.interval <= l.room
	if allowed {
		owed += l.interval
		l.young[digest] = at + owed
	}
	return State{
		Allowed: allowed,
		Left:    int((l.room - owed) / l.interval),
		Whole:   owed,
		Retry:   max(0, owed+l.interval-l.room),
	}
}

// wholeAt is when the key is whole; long ago if nothing is known.
func (l *Limiter) wholeAt(digest uint64) time.Duration {
	if at, known := l.young[digest]; known {
		return at
	}
	return l.old[digest]
}

// turn begins a new generation when it is time, or when there is no room.
func (l *Limiter) turn(at time.Duration) {
	if at < l.turnAt && len(l.young) < l.most {
		return
	}
	l.old = l.young
	if at >= l.turnAt+burst*time.Second {
		l.old = nil // nobody came for so long that all of them are whole
	}
	l.young = map[uint64]time.Duration{}
	l.turnAt = at + burst*time.Second
}
