package idv

import "time"

// Mode is what an account at a provider is about.
type Mode string

// The modes.
const (
	ModeLive Mode = "live" // real people
	ModeTest Mode = "test" // nobody
)

// Sandboxed is a provider that can tell that its account is for tests: by what the
// operator says of it, or by its key. The others are taken to be live.
type Sandboxed interface{ Sandbox() bool }

// Unreal is what an account for tests says where real people are let in: it is
// kept and never counted, and nothing personal is taken from it.
func (u Update) Unreal() Update {
	u.Test, u.Result, u.DocumentExpiresAt = true, nil, time.Time{}
	u.Partial, u.Ask = false, false
	return u
}
