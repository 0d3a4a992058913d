// Package seal encrypts what must not be read by whoever reads the database:
// AES-256-GCM in an envelope that names its key, bound to the place it is kept.
//
// The operator's keys, a Keyring, seal what is nobody's in particular, and wrap
// the keys of those whose data it is: destroying such a Key makes all that it
// sealed unreadable, wherever there is a copy of it.
//
// An envelope is one byte of version (1), eight bytes that name the key, a nonce
// of twelve random bytes, and the ciphertext with its tag of sixteen bytes.
package seal

import (
	"errors"
	"fmt"
)

const (
	version     = 1
	keyIDLength = 8
	// headerLength is what stands before nonce and ciphertext.
	headerLength = 1 + keyIDLength
	// KeyLength is the length of a key in bytes.
	KeyLength = 32
)

// The errors of Open. They say nothing about the plaintext.
var (
	// ErrKey: the value was sealed with a key that the keyring does not have.
	ErrKey = errors.New("sealed with a key that is not configured")
	// ErrSealed: the value was changed, moved from its place, or never sealed.
	ErrSealed = errors.New("sealed value is damaged or out of its place")
)

// Keyring seals with one key and opens with several, so that keys can be
// replaced without touching what is stored. It is safe for concurrent use.
type Keyring struct {
	first *Key
	keys  map[keyID]*Key
}

// New makes a keyring of keys of 32 bytes each: the first seals, all open.
func New(keys [][]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("no key to seal with")
	}
	ring := &Keyring{keys: make(map[keyID]*Key, len(keys))}
	for i, raw := range keys {
		key, err := keyOf(raw)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		ring.keys[key.name] = key
		if i == 0 {
			ring.first = key
		}
	}
	return ring, nil
}

// Seal encrypts plain for the place named by context, for example
// "deliveries.webhook/whd_…": table, column and row. It opens only there.
//
// Nonces are random, so that one key should not seal more than 2³² values.
func (r *Keyring) Seal(context string, plain []byte) []byte { return r.first.Seal(context, plain) }

// Open decrypts what Seal made for the same context. The error is ErrKey or
// ErrSealed.
func (r *Keyring) Open(context string, sealed []byte) ([]byte, error) {
	name, ok := nameIn(sealed)
	if !ok {
		return nil, ErrSealed
	}
	key, ok := r.keys[name]
	if !ok {
		return nil, ErrKey
	}
	return key.Open(context, sealed)
}

// Wrap seals a key for the place where it is kept.
func (r *Keyring) Wrap(context string, key *Key) []byte { return r.first.Wrap(context, key) }

// Unwrap opens what Wrap made. The error is ErrKey or ErrSealed.
func (r *Keyring) Unwrap(context string, wrapped []byte) (*Key, error) {
	return unwrap(r.Open(context, wrapped))
}

// Current reports whether it was sealed with the key that seals now.
func (r *Keyring) Current(sealed []byte) bool { return r.first.Sealed(sealed) }

// Sealed reports whether any key of the ring sealed it.
func (r *Keyring) Sealed(sealed []byte) bool {
	name, ok := nameIn(sealed)
	return ok && r.keys[name] != nil
}
