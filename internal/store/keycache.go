package store

import (
	"context"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	// keyAge is how old what is known of an API key may be. It bounds how long a
	// key counts that another process has revoked.
	keyAge = 2 * time.Second
	// maxKeys bounds how many keys are known at once.
	maxKeys = 1024
)

// keyCache remembers API keys for a moment, so that requests with the same key
// share one look-up. What this process changes, it forgets at once. A hash that
// belongs to no key is never remembered.
type keyCache struct {
	now   func() time.Time
	mu    sync.Mutex
	known map[string]*knownKey // by hash
	used  map[string]time.Time // by id: the last use that was written
}

// knownKey is the answer to one look-up, which may still be on its way.
type knownKey struct {
	at   time.Time
	done chan struct{}
	key  idv.APIKey
	err  error
}

func newKeyCache(now func() time.Time) *keyCache {
	return &keyCache{now: now, known: map[string]*knownKey{}, used: map[string]time.Time{}}
}

// get gives the key with the hash, looked up now or a moment ago.
func (c *keyCache) get(ctx context.Context, hash string, look func(ctx context.Context) (idv.APIKey, error)) (idv.APIKey, error) {
	entry, mine := c.entry(hash)
	if mine {
		// Others may wait for it: it goes on though the first one gives up.
		looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), readPatience)
		defer cancel()
		if entry.key, entry.err = look(looking); entry.err != nil {
			c.forget(func(e *knownKey) bool { return e == entry })
		}
		close(entry.done)
	}
	select {
	case <-entry.done:
		return entry.key, entry.err
	case <-ctx.Done():
		return idv.APIKey{}, ctx.Err()
	}
}

// entry gives what is known, or a place for what the caller is to look up.
func (c *keyCache) entry(hash string) (entry *knownKey, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if e := c.known[hash]; e != nil && e.fresh(now) {
		return e, false
	}
	if len(c.known) >= maxKeys {
		c.makeRoom(now)
	}
	e := &knownKey{at: now, done: make(chan struct{})}
	c.known[hash] = e
	return e, true
}

// fresh reports whether it was looked up a moment ago, by a clock that may be set.
func (e *knownKey) fresh(now time.Time) bool {
	age := now.Sub(e.at)
	return age >= 0 && age < keyAge
}

func (c *keyCache) makeRoom(now time.Time) {
	for hash, e := range c.known {
		if !e.fresh(now) {
			delete(c.known, hash)
		}
	}
	if len(c.known) >= maxKeys {
		clear(c.known)
	}
}

// forget forgets what is known of some keys. Whoever looked them up before keeps
// the answer to themselves.
func (c *keyCache) forget(which func(*knownKey) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for hash, e := range c.known {
		if which(e) {
			delete(c.known, hash)
		}
	}
}

// forgetID forgets one key, and all whose look-up is still on its way.
func (c *keyCache) forgetID(id string) {
	c.forget(func(e *knownKey) bool {
		select {
		case <-e.done:
			return e.key.ID == id
		default:
			return true
		}
	})
}

// use reports whether the use of a key at this time is worth writing down, once
// for all who ask.
func (c *keyCache) use(id string, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.used[id]; ok && at.Before(last.Add(touchEvery)) {
		return false
	}
	if len(c.used) >= maxKeys {
		clear(c.used)
	}
	c.used[id] = at
	return true
}
