package idv

import (
	"slices"
	"time"
)

// Scope is a right of a credential.
type Scope string

// The scopes.
const (
	ScopeSessionsWrite   Scope = "sessions:write"
	ScopeSessionsRead    Scope = "sessions:read"
	ScopeUsersRead       Scope = "users:read"
	ScopeUsersErase      Scope = "users:erase"
	ScopeResultsRead     Scope = "results:read"
	ScopeEndpointsManage Scope = "endpoints:manage"
	ScopeMetricsRead     Scope = "metrics:read"
	ScopeAdmin           Scope = "admin" // implies all
)

// Scopes lists every scope.
func Scopes() []Scope {
	return []Scope{
		ScopeSessionsWrite, ScopeSessionsRead, ScopeUsersRead, ScopeUsersErase,
		ScopeResultsRead, ScopeEndpointsManage, ScopeMetricsRead, ScopeAdmin,
	}
}

// APIKey is a credential of a client. The key itself is never kept.
type APIKey struct {
	ID         string
	Name       string
	Hash       []byte // SHA-256 of the key
	Scopes     []Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time // zero: not
	LastUsedAt time.Time // zero: never; kept to the minute
}

// Active reports whether the key counts at the given time.
func (k APIKey) Active(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// Caller is who makes a request.
type Caller struct {
	ID     string // the credential's id
	Scopes []Scope
	// User is the one user whose status a client token may read; empty for
	// every other credential.
	User string
}

// May reports whether the caller has the scope.
func (c Caller) May(s Scope) bool {
	return slices.Contains(c.Scopes, s) || slices.Contains(c.Scopes, ScopeAdmin)
}

// IdempotencyKey is a client's name for one request, so that a repetition gets
// the same answer. It belongs to the credential that used it.
type IdempotencyKey struct {
	Credential string
	Key        string
	// Request is a digest of method, path and body: the same key with another
	// request is a mismatch.
	Request []byte
}

// Answer is a reply as it was given.
type Answer struct {
	Status int    `json:"status"`
	Body   []byte `json:"body"`
	// SessionID is the session that it tells of, with which it is erased; empty
	// for none.
	SessionID string `json:"-"`
}
