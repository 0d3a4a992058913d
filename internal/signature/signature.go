// Package signature checks HMAC-SHA256 signatures, which most providers put
// under their webhooks. Where the signature stands and what exactly is signed
// is each provider's own.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Parse reads a signature of exactly 64 hex digits, upper case allowed.
func Parse(digits string) (sum []byte, ok bool) {
	sum, err := hex.DecodeString(digits)
	if err != nil || len(sum) != sha256.Size {
		return nil, false
	}
	return sum, true
}

// Sum gives the HMAC of the parts, one after the other.
func Sum(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// Fits reports, comparing in constant time, whether the sum is that of the
// parts under one of the secrets, which are used as they are written. There are
// several while a secret is being replaced.
func Fits(sum []byte, secrets []string, parts ...[]byte) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool {
		return hmac.Equal(Sum([]byte(secret), parts...), sum)
	})
}
