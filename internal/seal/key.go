package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

type keyID [keyIDLength]byte

// Key seals what belongs together. It is safe for concurrent use.
type Key struct {
	name keyID
	raw  []byte
	aead cipher.AEAD
}

// NewKey makes a key from 256 random bits.
func NewKey() *Key {
	raw := make([]byte, KeyLength)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	key, err := keyOf(raw)
	if err != nil {
		panic(err) // for another length only
	}
	return key
}

func keyOf(raw []byte) (*Key, error) {
	if len(raw) != KeyLength {
		return nil, fmt.Errorf("%d bytes, not %d", len(raw), KeyLength)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &Key{name: nameOf(raw), raw: raw, aead: aead}, err
}

// nameOf derives the public name of a key, which tells nothing about the key.
func nameOf(key []byte) keyID {
	sum := sha256.Sum256(append([]byte("bonafide sealing key name\x00"), key...))
	return keyID(sum[:keyIDLength])
}

// Seal is Keyring.Seal with this key.
func (k *Key) Seal(context string, plain []byte) []byte {
	envelope := make([]byte, headerLength, headerLength+k.aead.Overhead()+len(plain))
	envelope[0] = version
	copy(envelope[1:], k.name[:])
	return k.aead.Seal(envelope, nil, plain, bound(envelope, context))
}

// Open decrypts what Seal made for the same context. The error is ErrKey or
// ErrSealed.
func (k *Key) Open(context string, sealed []byte) ([]byte, error) {
	name, ok := nameIn(sealed)
	switch {
	case !ok:
		return nil, ErrSealed
	case name != k.name:
		return nil, ErrKey
	}
	plain, err := k.aead.Open(nil, nil, sealed[headerLength:], bound(sealed[:headerLength], context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Sealed reports whether this key sealed it, as its envelope says.
func (k *Key) Sealed(sealed []byte) bool {
	name, ok := nameIn(sealed)
	return ok && name == k.name
}

// Wrap seals another key for the place where it is kept.
func (k *Key) Wrap(context string, key *Key) []byte { return k.Seal(context, key.raw) }

// Unwrap opens what Wrap made. The error is ErrKey or ErrSealed.
func (k *Key) Unwrap(context string, wrapped []byte) (*Key, error) {
	return unwrap(k.Open(context, wrapped))
}

func unwrap(raw []byte, err error) (*Key, error) {
	if err != nil {
		return nil, err
	}
	key, err := keyOf(raw)
	if err != nil {
		return nil, ErrSealed
	}
	return key, nil
}

// nameIn gives the name of the key in an envelope's header.
func nameIn(sealed []byte) (name keyID, ok bool) {
	if len(sealed) < headerLength || sealed[0] != version {
		return keyID{}, false
	}
	return keyID(sealed[1:headerLength]), true
}

// bound is what the ciphertext is bound to: the header and the place.
func bound(header []byte, context string) []byte {
	return append(append(make([]byte, 0, headerLength+len(context)), header[:headerLength]...), context...)
}
