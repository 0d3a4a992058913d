// Package token tells who calls: it makes API keys and client tokens, and recognizes
// them and the JWTs of an operator's identity provider.
package token

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// ErrInvalid: the credential is unknown, malformed, expired or revoked. It does
// not say which.
var ErrInvalid = errors.New("credential is not valid")

const prefix = "bfk_"

// BootstrapID is the id of the credential that configuration brings.
const BootstrapID = "key_bootstrap"

// New makes an API key from 256 random bits.
func New() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the process instead
	return prefix + base64.RawURLEncoding.EncodeToString(secret)
}

// Hash is what is kept of a key. A plain digest is enough for 256 random bits.
func Hash(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// Store keeps API keys.
type Store interface {
	// KeyByHash returns idv.ErrNotFound for an unknown one.
	KeyByHash(ctx context.Context, hash []byte) (idv.APIKey, error)
	TouchKey(ctx context.Context, id string, at time.Time) error
}

// Keys recognizes API keys. Bootstrap may be empty.
type Keys struct {
	Store     Store
	Bootstrap string
	Now       func() time.Time
	Logger    *slog.Logger
}

// touchEvery is how precise a key's last use is kept.
const touchEvery = time.Minute

// Authenticate tells who holds the credential. It returns ErrInvalid, or the
// store's error.
func (k *Keys) Authenticate(ctx context.Context, credential string) (idv.Caller, error) {
	hash := Hash(credential)
	if k.Bootstrap != "" && subtle.ConstantTimeCompare(hash, Hash(k.Bootstrap)) == 1 {
		return idv.Caller{ID: BootstrapID, Scopes: []idv.Scope{idv.ScopeAdmin}}, nil
	}
	if !strings.HasPrefix(credential, prefix) {
		return idv.Caller{}, ErrInvalid
	}
	key, err := k.Store.KeyByHash(ctx, hash)
	if errors.Is(err, idv.ErrNotFound) {
		return idv.Caller{}, ErrInvalid
	}
	if err != nil {
		return idv.Caller{}, err
	}
	now := k.Now()
	if !key.Active(now) {
		return idv.Caller{}, ErrInvalid
	}
	if now.Sub(key.LastUsedAt) >= touchEvery {
		// When it was last used is for people; a request does not fail for it.
		if err := k.Store.TouchKey(ctx, key.ID, now); err != nil {
			k.Logger.WarnContext(ctx, "last use of a key was not kept", "key", key.ID, "error", err.Error())
		}
	}
	return idv.Caller{ID: key.ID, Scopes: key.Scopes}, nil
}
