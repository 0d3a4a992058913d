package token

import "strings"

// compact reports whether a credential has the form of a signed JWT: three parts on
// one line (RFC 7515, 3.1). Base 64 would be read over line breaks, so that one
// token could be spelled in many ways.
func compact(credential string) bool {
	return strings.Count(credential, ".") == 2 && !strings.ContainsAny(credential, "\r\n")
}
