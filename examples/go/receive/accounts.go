package main

import "sync"

// user is what is known of one of our users.
type user struct {
	status  string
	version int64
}

// #region accounts

// accounts stands for your database: two tables, and apply one transaction.
type accounts struct {
	mu    sync.Mutex
	seen  map[string]bool // by webhook-id
	users map[string]user // by our own id of the user
}

// apply keeps the user's status, and reports whether it is news. The same webhook
// may come twice, and an older one after a newer one.
func (a *accounts) apply(webhookID string, e event) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, again := a.users[e.Data.ExternalUserID], a.seen[webhookID]
	a.seen[webhookID] = true
	if again || e.Data.Version <= known.version {
		return false
	}
	a.users[e.Data.ExternalUserID] = user{status: e.Data.Status, version: e.Data.Version}
	return true
}

// #endregion
