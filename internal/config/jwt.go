package config

import (
	"net"
	"net/url"
	"strings"
)

// JWT is how tokens of the operator's own identity provider are checked. Without
// Secret and JWKSURL none are accepted.
type JWT struct {
	Secret  string // verifies HS256
	JWKSURL string // where the keys are that verify everything else
	// Issuer and Audience are demanded where they are set.
	Issuer, Audience string
}

// On reports whether tokens are accepted at all.
func (j JWT) On() bool { return j.Secret != "" || j.JWKSURL != "" }

const (
	// leastSecret is below what can be guessed, in bytes.
	leastSecret = 16
	// wholeSecret is as long as the digest of HS256, which RFC 7518 (3.2) asks for.
	wholeSecret = 32
)

func (v *values) jwt() (j JWT, warnings []string) {
	j = JWT{
		Secret:   v.get(core(jwtSecret)),
		JWKSURL:  v.keysAddress(core(jwksURL)),
		Issuer:   v.get(core(jwtIssuer)),
		Audience: v.get(core(jwtAudience)),
	}
	switch n := len(j.Secret); {
	case n == 0:
	case n < leastSecret:
		v.wrong("%s%s must have at least %d bytes, better %d that are random", Prefix, jwtSecret, leastSecret, wholeSecret)
	case n < wholeSecret:
		warnings = append(warnings, Prefix+jwtSecret+" has less than 32 bytes: make one with: openssl rand -base64 32")
	}
	for _, claim := range []struct{ setting, value, what string }{
		{jwtIssuer, j.Issuer, "any issuer"},
		{jwtAudience, j.Audience, "any audience"},
	} {
		switch {
		case claim.value != "" && !j.On():
			v.wrong("%s%s has nothing to check without %[1]s%[3]s or %[1]s%[4]s", Prefix, claim.setting, jwtSecret, jwksURL)
		case claim.value == "" && j.JWKSURL != "":
			// The keys of a provider sign for all of its clients, ours or not.
			v.wrong("%s%s is required with %[1]s%[3]s", Prefix, claim.setting, jwksURL)
		case claim.value == "" && j.Secret != "":
			warnings = append(warnings, Prefix+claim.setting+" is not set: whatever is signed with "+Prefix+jwtSecret+" counts, for "+claim.what)
		}
	}
	return j, warnings
}

// keysAddress reads where keys are fetched from. Whoever could change them on
// their way could sign anything.
func (v *values) keysAddress(s Setting) string {
	value := v.get(s)
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !isLocal(u.Hostname())) {
		v.wrong("%s%s must be an https address (http for localhost) without credentials", Prefix, s.Name)
	}
	return value
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
