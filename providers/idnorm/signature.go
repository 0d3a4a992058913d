package idnorm

import (
	"crypto/hmac"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/bonafide-idv/bonafide/internal/signature"
)

// signatureHeader carries `<timestamp>.<signature>` (guide, "Webhooks").
const signatureHeader = "Idnorm-Signature"

// variant is one reading of the two details that IDNorm's guide leaves open:
// the byte order of the signed timestamp and how the secret becomes a key.
type variant string

const (
	leHex  variant = "le-hex"
	leUTF8 variant = "le-utf8"
	beUTF8 variant = "be-utf8"
	beHex  variant = "be-hex"
)

// variants lists them in the order in which they are tried.
func variants() []variant { return []variant{leHex, leUTF8, beUTF8, beHex} }

func (v variant) order() binary.ByteOrder {
	if v == leHex || v == leUTF8 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// key gives the key of a secret, false if the secret cannot be read this way.
// Only a secret that is hex throughout is decoded: a decoder that stops at the
// first other character could give an empty key, with which anybody can sign.
func (v variant) key(secret string) ([]byte, bool) {
	if v == leUTF8 || v == beUTF8 {
		return []byte(secret), true
	}
	if len(secret) < 32 {
		return nil, false
	}
	key, err := hex.DecodeString(secret)
	return key, err == nil
}

// candidate is one variant with its key.
type candidate struct {
	order binary.ByteOrder
	key   []byte
}

func (c candidate) verifies(s signed, body []byte) bool {
	var stamp [8]byte
	c.order.PutUint64(stamp[:], s.timestamp)
	return hmac.Equal(signature.Sum(c.key, stamp[:], body), s.mac)
}

// secret is one webhook secret with the variants that it may be used in. The
// first variant that verifies a genuine webhook is the only one from then on.
type secret struct {
	candidates []candidate
	pinned     atomic.Pointer[candidate]
}

// newSecret fails if the secret fits none of the allowed variants.
func newSecret(value string, allowed []variant) (*secret, error) {
	s := &secret{}
	for _, v := range allowed {
		if key, ok := v.key(value); ok {
			s.candidates = append(s.candidates, candidate{order: v.order(), key: key})
		}
	}
	if len(s.candidates) == 0 {
		return nil, errors.New("is not at least 32 hex digits, an even number, as the signature variant wants")
	}
	return s, nil
}

func (s *secret) verifies(sig signed, body []byte) bool {
	if c := s.pinned.Load(); c != nil {
		return c.verifies(sig, body)
	}
	for i := range s.candidates {
		if c := &s.candidates[i]; c.verifies(sig, body) {
			s.pinned.CompareAndSwap(nil, c)
			return true
		}
	}
	return false
}

// signed is the header, read.
type signed struct {
	timestamp uint64 // Unix seconds
	mac       []byte // 32 bytes
}

// readSignature reads the header strictly: once, 1 to 12 digits without a zero
// in front (a number has one spelling), a dot, 64 hex digits, nothing else.
func readSignature(h http.Header) (signed, error) {
	values := h.Values(signatureHeader)
	if len(values) != 1 {
		return signed{}, errors.New("there must be one " + signatureHeader + " header")
	}
	stamp, digest, _ := strings.Cut(values[0], ".")
	if len(stamp) < 1 || len(stamp) > 12 || stamp[0] == '0' || strings.Trim(stamp, "0123456789") != "" {
		return signed{}, errors.New("the signature's timestamp is not 1 to 12 digits")
	}
	timestamp, err := strconv.ParseUint(stamp, 10, 64)
	if err != nil {
		return signed{}, errors.New("the signature's timestamp is not a number")
	}
	// A second dot makes this fail too.
	mac, ok := signature.Parse(digest)
	if !ok {
		return signed{}, errors.New("the signature is not 64 hex digits")
	}
	return signed{timestamp: timestamp, mac: mac}, nil
}
