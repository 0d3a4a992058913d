package emulator

import (
	"slices"
	"sync"
)

// maxSessions bounds the memory of an emulator: the oldest session makes room.
const maxSessions = 1000

// book keeps the sessions.
type book struct {
	mu       sync.Mutex
	sessions []Session // oldest first
}

func (b *book) add(s Session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sessions = append(b.sessions, s)
	if len(b.sessions) > maxSessions {
		b.sessions = slices.Delete(b.sessions, 0, 1)
	}
}

// at finds a session; the caller holds the lock.
func (b *book) at(id string) int {
	return slices.IndexFunc(b.sessions, func(s Session) bool { return s.ID == id })
}

func (b *book) get(id string) (Session, bool) {
	return b.change(id, func(*Session) {})
}

// change changes a session and gives it as it is then.
func (b *book) change(id string, change func(*Session)) (Session, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.at(id)
	if i < 0 {
		return Session{}, false
	}
	change(&b.sessions[i])
	return b.sessions[i], true
}

// list gives the sessions that match, newest first.
func (b *book) list(match func(Session) bool) []Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Session
	for _, s := range slices.Backward(b.sessions) {
		if match(s) {
			list = append(list, s)
		}
	}
	return list
}

func (b *book) remove(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.at(id)
	if i >= 0 {
		b.sessions = slices.Delete(b.sessions, i, i+1)
	}
	return i >= 0
}
