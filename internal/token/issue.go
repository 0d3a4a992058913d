package token

import (
	"time"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Issue makes an API key that counts for the given time from now, for ever if that
// is 0, and its secret, which is in nothing but what is returned.
func Issue(name string, scopes []idv.Scope, life time.Duration, now time.Time) (key idv.APIKey, secret string) {
	now = now.UTC().Truncate(time.Millisecond)
	secret = New()
	key = idv.APIKey{ID: id.New(id.Key), Name: name, Hash: Hash(secret), Scopes: scopes, CreatedAt: now}
	if life > 0 {
		key.ExpiresAt = now.Add(life)
	}
	return key, secret
}
