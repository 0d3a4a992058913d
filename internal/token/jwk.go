package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"slices"

	"github.com/MicahParks/jwkset"
)

// leastRSA is the length of the shortest RSA key that counts, in bits (RFC 7518, 3.3).
const leastRSA = 2048

// publicKey verifies signatures of an identity provider.
type publicKey struct {
	id         string
	algorithms []string // that it may be used with
	key        any
}

// asymmetric lists the algorithms that verify with a public key.
func asymmetric() []string {
	return slices.Concat(ofRSA(), []string{"ES256", "ES384", "ES512", "EdDSA"})
}

func ofRSA() []string { return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} }

// readKeys reads a JSON Web Key Set (RFC 7517). What is in it that we cannot or must
// not use is left out: a provider may publish more than signs for us.
func readKeys(document []byte) ([]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, errors.New("the answer is no JSON Web Key Set")
	}
	var keys []publicKey
	for _, raw := range set.Keys {
		if key, ok := readKey(raw); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the JSON Web Key Set has no key that can be used")
	}
	return keys, nil
}

func readKey(raw []byte) (publicKey, bool) {
	var m jwkset.JWKMarshal
	if json.Unmarshal(raw, &m) != nil || !verifies(m) {
		return publicKey{}, false
	}
	// The numbers are the key. Certificates beside them prove nothing here, and an
	// odd one must not take the key away.
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", ""
	parsed, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return publicKey{}, false
	}
	algorithms := algorithmsOf(parsed.Key())
	if alg := string(m.ALG); alg != "" {
		algorithms = slices.DeleteFunc(algorithms, func(a string) bool { return a != alg })
	}
	return publicKey{id: m.KID, algorithms: algorithms, key: parsed.Key()}, len(algorithms) > 0
}

// verifies reports whether a key is one for others to verify signatures with: public, and meant for it.
func verifies(m jwkset.JWKMarshal) bool {
	public := m.KTY != jwkset.KtyOct && m.K == "" && m.D == ""
	return public && (m.USE == "" || m.USE == jwkset.UseSig) &&
		(len(m.KEYOPS) == 0 || slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify))
}

// algorithmsOf lists those that suit the kind of a key; none if it must not be
// used.
func algorithmsOf(key any) []string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= leastRSA {
			return ofRSA()
		}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []string{"ES256"}
		case elliptic.P384():
			return []string{"ES384"}
		case elliptic.P521():
			return []string{"ES512"}
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	}
	return nil
}

// pick gives the key that a token names. Without a name it must be the only one
// that fits. known reports whether looking for it elsewhere is no use.
func pick(keys []publicKey, id, algorithm string) (key any, known bool) {
	var fitting []publicKey
	for _, k := range keys {
		named := id != "" && k.id == id
		fits := slices.Contains(k.algorithms, algorithm)
		known = known || named || id == "" && fits
		if fits && (named || id == "") {
			fitting = append(fitting, k)
		}
	}
	if len(fitting) == 0 || id == "" && len(fitting) > 1 {
		return nil, known
	}
	return fitting[0].key, true
}
