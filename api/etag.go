package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// etagOf names a body: another one has another name, whatever made it differ.
// The version in front is for people.
func etagOf(version int64, body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + strconv.FormatInt(version, 10) + "-" + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// known are the representations that the caller has, as If-None-Match tells
// them.
type known struct {
	any  bool
	tags []string
}

// knownOf reads If-None-Match by RFC 9110, section 13.1.2. It knows nothing of
// what is not written as it should be.
func knownOf(h http.Header) known {
	var k known
	for rest := strings.Join(h.Values("If-None-Match"), ","); ; {
		if rest = strings.TrimLeft(rest, ", \t"); rest == "" {
			return k
		}
		if rest == "*" {
			return known{any: true}
		}
		// The comparison is the weak one: a tag is as good with W/ as without.
		opaque, opened := strings.CutPrefix(strings.TrimPrefix(rest, "W/"), `"`)
		tag, after, closed := strings.Cut(opaque, `"`)
		if !opened || !closed {
			return k
		}
		k.tags = append(k.tags, `"`+tag+`"`)
		rest = after
	}
}

// nothing: the caller has none.
func (k known) nothing() bool { return !k.any && len(k.tags) == 0 }

// has reports whether the caller has the one with this tag.
func (k known) has(etag string) bool {
	if k.any {
		return true
	}
	for _, tag := range k.tags {
		if tag == etag {
			return true
		}
	}
	return false
}
