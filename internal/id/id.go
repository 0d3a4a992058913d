// Package id makes the public ids of things: a prefix that says what it is, and
// a UUIDv7 in 26 characters of Crockford's base 32 (the TypeID format). Ids of
// one kind sort by the time they were made.
package id

import (
	"encoding/base32"
	"strings"

	"github.com/google/uuid"
)

// The prefixes.
const (
	Session  = "ses"
	Event    = "evt"
	Delivery = "whd"
	Key      = "key"
	Endpoint = "end"
	UserKey  = "uky"
	Task     = "tsk"
)

const (
	alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	// suffixLength is how many base 32 digits 128 bits take.
	suffixLength = 26
)

var encoding = base32.NewEncoding(alphabet)

// New makes an id such as "ses_01k3ws5vkcf1zbvs9qrj9tq6mh". Ids made by one
// process are strictly increasing.
func New(prefix string) string {
	return prefix + "_" + encode(uuid.Must(uuid.NewV7()))
}

// Valid reports whether s has the form of an id with the given prefix.
func Valid(prefix, s string) bool {
	suffix, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(suffix) != suffixLength {
		return false
	}
	// 26 digits hold 130 bits: a first digit above 7 would overflow 128.
	if suffix[0] > '7' {
		return false
	}
	return strings.Trim(suffix, alphabet) == ""
}

// encode writes the 128 bits as a number of 26 digits, which takes two zero
// bits in front. Base 32 reads whole groups of five bytes, so that the number is
// padded to 20 bytes and its six leading zero digits are dropped.
func encode(u uuid.UUID) string {
	var padded [20]byte
	copy(padded[4:], u[:])
	return encoding.EncodeToString(padded[:])[6:]
}
