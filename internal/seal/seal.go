// Package seal encrypts what must not be read by whoever reads the database:
// AES-256-GCM in an envelope that names its key, bound to the place it is kept.
//
// An envelope is one byte of version (1), eight bytes that name the key, a nonce
// of twelve random bytes, and the ciphertext with its tag of sixteen bytes.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
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

type keyID [keyIDLength]byte

// Keyring seals with one key and opens with several, so that keys can be
// replaced without touching what is stored. It is safe for concurrent use.
type Keyring struct {
	first keyID
	keys  map[keyID]cipher.AEAD
}

// New makes a keyring of keys of 32 bytes each: the first seals, all open.
func New(keys [][]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("no key to seal with")
	}
	ring := &Keyring{first: nameOf(keys[0]), keys: make(map[keyID]cipher.AEAD, len(keys))}
	for i, key := range keys {
		if len(key) != KeyLength {
			return nil, fmt.Errorf("key %d has %d bytes, not %d", i+1, len(key), KeyLength)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		ring.keys[nameOf(key)] = aead
	}
	return ring, nil
}

// nameOf derives the public name of a key, which tells nothing about the key.
func nameOf(key []byte) keyID {
	sum := sha256.Sum256(append([]byte("bonafide sealing key name\x00"), key...))
	return keyID(sum[:keyIDLength])
}

// Seal encrypts plain for the place named by context, for example
// "deliveries.webhook/whd_…": table, column and row. It opens only there.
//
// Nonces are random, so that one key should not seal more than 2³² values.
func (r *Keyring) Seal(context string, plain []byte) []byte {
	aead := r.keys[r.first]
	envelope := make([]byte, headerLength, headerLength+aead.Overhead()+len(plain))
	envelope[0] = version
	copy(envelope[1:], r.first[:])
	return aead.Seal(envelope, nil, plain, bound(envelope, context))
}

// Open decrypts what Seal made for the same context. The error is ErrKey or
// ErrSealed.
func (r *Keyring) Open(context string, sealed []byte) ([]byte, error) {
	if len(sealed) < headerLength || sealed[0] != version {
		return nil, ErrSealed
	}
	header, rest := sealed[:headerLength], sealed[headerLength:]
	aead, ok := r.keys[keyID(header[1:])]
	if !ok {
		return nil, ErrKey
	}
	plain, err := aead.Open(nil, nil, rest, bound(header, context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// bound is what the ciphertext is bound to: the header and the place.
func bound(header []byte, context string) []byte {
	return append(append(make([]byte, 0, headerLength+len(context)), header[:headerLength]...), context...)
}
