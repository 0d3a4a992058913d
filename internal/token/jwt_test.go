package token_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/token"
)

// bySecret accepts HS256 of the issuer.
func bySecret(now time.Time) *token.JWTs {
	return &token.JWTs{Secret: secret, Issuer: iss, Audience: aud, Now: at(now), Logger: slog.New(slog.DiscardHandler)}
}

func refused(t *testing.T, j *token.JWTs, what, credential string) {
	t.Helper()
	if who, err := j.Authenticate(t.Context(), credential); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("%s: %+v, %v", what, who, err)
	}
}

func accepted(t *testing.T, j *token.JWTs, what, credential string) idv.Caller {
	t.Helper()
	who, err := j.Authenticate(t.Context(), credential)
	if err != nil || who.User != "" {
		t.Errorf("%s: %+v, %v", what, who, err)
	}
	return who
}

// The examples of RFC 7515, appendix A.1 to A.3: tokens of joe that expire at
// 1300819380.
func TestExamplesOfTheSpecification(t *testing.T) {
	const claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	provider := &issuer{}
	provider.publish(
		map[string]any{"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"},
		map[string]any{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
	)
	expires := time.Unix(1300819380, 0)
	for alg, signed := range map[string]string{
		"HS256": "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		"RS256": "eyJhbGciOiJSUzI1NiJ9." + claims + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
		"ES256": "eyJhbGciOiJFUzI1NiJ9." + claims + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
	} {
		j := provider.accepting(at(expires.Add(-time.Second)))
		j.Issuer, j.Audience = "joe", ""
		j.Secret = must(base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
		if who := accepted(t, j, alg, signed); who.ID != "jwt" || len(who.Scopes) != 0 {
			t.Errorf("%s: %+v", alg, who)
		}
		j.Now = at(expires)
		refused(t, j, alg+" as it expires", signed)
		j.Now, j.Issuer = at(expires.Add(-time.Second)), "jim"
		refused(t, j, alg+" of another issuer", signed)
	}
}

func TestClaims(t *testing.T) {
	for name, c := range map[string]struct {
		changes map[string]any
		counts  bool
	}{
		"all is right":                {nil, true},
		"no exp":                      {map[string]any{"exp": nil}, false},
		"exp in a second":             {map[string]any{"exp": start.Unix() + 1}, true},
		"exp now":                     {map[string]any{"exp": start.Unix()}, false},
		"exp a second ago":            {map[string]any{"exp": start.Unix() - 1}, false},
		"exp as a text":               {map[string]any{"exp": "4102444800"}, false},
		"exp beyond all numbers":      {map[string]any{"exp": 1e300}, false},
		"exp 0":                       {map[string]any{"exp": 0}, false},
		"Exp is not exp":              {map[string]any{"exp": nil, "Exp": start.Unix() + 60}, false},
		"nbf now":                     {map[string]any{"nbf": start.Unix()}, true},
		"nbf 5 seconds ahead":         {map[string]any{"nbf": start.Unix() + 5}, true},
		"nbf 6 seconds ahead":         {map[string]any{"nbf": start.Unix() + 6}, false},
		"nbf as a text":               {map[string]any{"nbf": "0"}, false},
		"another issuer":              {map[string]any{"iss": "https://id.example.com"}, false},
		"no issuer":                   {map[string]any{"iss": nil}, false},
		"ISS is not iss":              {map[string]any{"iss": nil, "ISS": iss}, false},
		"another audience":            {map[string]any{"aud": "other"}, false},
		"no audience":                 {map[string]any{"aud": nil}, false},
		"one of several audiences":    {map[string]any{"aud": []string{"other", aud}}, true},
		"several others":              {map[string]any{"aud": []string{"other", "another"}}, false},
		"an audience that is nothing": {map[string]any{"aud": []any{nil}}, false},
		"a subject that is a number":  {map[string]any{"sub": 42}, false},
		"no subject":                  {map[string]any{"sub": nil}, true},
	} {
		signed := sign(t, jwt.SigningMethodHS256, secret, nil, said(c.changes))
		if c.counts {
			accepted(t, bySecret(start), name, signed)
		} else {
			refused(t, bySecret(start), name, signed)
		}
	}
}

// Whatever is not set is not asked for.
func TestIssuerAndAudienceAreOptionalWithASecret(t *testing.T) {
	j := bySecret(start)
	j.Issuer, j.Audience = "", ""
	accepted(t, j, "neither", sign(t, jwt.SigningMethodHS256, secret, nil, said(map[string]any{"iss": nil, "aud": nil})))
	j.Issuer = iss
	refused(t, j, "an issuer is wanted", sign(t, jwt.SigningMethodHS256, secret, nil, said(map[string]any{"iss": nil, "aud": nil})))
}

func TestScopesOfAJWT(t *testing.T) {
	for name, c := range map[string]struct {
		changes map[string]any
		want    []idv.Scope
	}{
		"scope":                   {map[string]any{"scope": "sessions:read users:read"}, []idv.Scope{idv.ScopeSessionsRead, idv.ScopeUsersRead}},
		"scp as a list":           {map[string]any{"scope": nil, "scp": []string{"users:read", "metrics:read"}}, []idv.Scope{idv.ScopeUsersRead, idv.ScopeMetricsRead}},
		"scp as a text":           {map[string]any{"scope": nil, "scp": "users:read results:read"}, []idv.Scope{idv.ScopeUsersRead, idv.ScopeResultsRead}},
		"both":                    {map[string]any{"scope": "users:read", "scp": []string{"users:read", "users:erase"}}, []idv.Scope{idv.ScopeUsersRead, idv.ScopeUsersErase}},
		"admin":                   {map[string]any{"scope": "admin"}, []idv.Scope{idv.ScopeAdmin}},
		"unknown ones":            {map[string]any{"scope": "openid profile users:read Admin ADMIN admin, *"}, []idv.Scope{idv.ScopeUsersRead}},
		"others in the list":      {map[string]any{"scope": nil, "scp": []any{"admin users:read", nil, 7, []string{"admin"}}}, nil},
		"neither":                 {map[string]any{"scope": nil}, nil},
		"scope as something else": {map[string]any{"scope": map[string]bool{"admin": true}, "scp": true}, nil},
		"Scope is not scope":      {map[string]any{"Scope": "admin", "SCP": "admin", "scope": "users:read"}, []idv.Scope{idv.ScopeUsersRead}},
	} {
		who := accepted(t, bySecret(start), name, sign(t, jwt.SigningMethodHS256, secret, nil, said(c.changes)))
		if !slices.Equal(who.Scopes, c.want) {
			t.Errorf("%s: %v, want %v", name, who.Scopes, c.want)
		}
	}
}

func TestWhoseAJWTIs(t *testing.T) {
	digest := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "jwt:" + hex.EncodeToString(sum[:])
	}
	long := strings.Repeat("ä", 255)
	for name, c := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"the subject":          {nil, "jwt:backend"},
		"with blanks":          {map[string]any{"sub": "a b/c|d"}, "jwt:a b/c|d"},
		"the longest":          {map[string]any{"sub": long}, "jwt:" + long},
		"too long":             {map[string]any{"sub": long + "ä"}, digest(long + "ä")},
		"a line break":         {map[string]any{"sub": "a\nb"}, digest("a\nb")},
		"text that turns back": {map[string]any{"sub": "a\u202eb"}, digest("a\u202eb")},
		"the client":           {map[string]any{"sub": nil, "azp": "cron", "client_id": "other"}, "jwt:cron"},
		"the client's id":      {map[string]any{"sub": "", "client_id": "cron"}, "jwt:cron"},
		"nobody":               {map[string]any{"sub": nil, "azp": 7}, "jwt"},
	} {
		if who := accepted(t, bySecret(start), name, sign(t, jwt.SigningMethodHS256, secret, nil, said(c.changes))); who.ID != c.want {
			t.Errorf("%s: %q, want %q", name, who.ID, c.want)
		}
	}
}

func TestForgedJWTs(t *testing.T) {
	keys := made()
	provider := &issuer{}
	oct := map[string]any{"kty": "oct", "kid": "oct", "k": base64.RawURLEncoding.EncodeToString(secret), "alg": "HS256"}
	provider.publish(jwk("rsa", keys.rsa, nil), jwk("ec", keys.p256, nil), oct)
	onlyKeys, both := provider.accepting(at(start)), provider.accepting(at(start))
	both.Secret = other
	public := must(x509.MarshalPKIXPublicKey(keys.rsa.Public()))
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	good := sign(t, jwt.SigningMethodRS256, keys.rsa, named("rsa"), said(nil))
	parts := strings.Split(good, ".")
	more := sign(t, jwt.SigningMethodRS256, keys.other, named("rsa"), said(map[string]any{"scope": "admin"}))
	for name, forged := range map[string]string{
		"none":                        sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, named("rsa"), said(nil)),
		"HS256 with a public key":     sign(t, jwt.SigningMethodHS256, public, named("rsa"), said(nil)),
		"HS256 with it as PEM":        sign(t, jwt.SigningMethodHS256, asPEM, named("rsa"), said(nil)),
		"HS256 with its modulus":      sign(t, jwt.SigningMethodHS256, keys.rsa.N.Bytes(), named("rsa"), said(nil)),
		"HS256 with a key of the set": sign(t, jwt.SigningMethodHS256, secret, named("oct"), said(nil)),
		"HS256 with no secret":        sign(t, jwt.SigningMethodHS256, []byte{}, nil, said(nil)),
		"HS384":                       sign(t, jwt.SigningMethodHS384, other, nil, said(nil)),
		"HS512":                       sign(t, jwt.SigningMethodHS512, other, nil, said(nil)),
		"another key":                 sign(t, jwt.SigningMethodRS256, keys.other, named("rsa"), said(nil)),
		"a key of another kind":       sign(t, jwt.SigningMethodRS256, keys.rsa, named("ec"), said(nil)),
		"the kind of another key":     sign(t, jwt.SigningMethodES256, keys.p256, named("rsa"), said(nil)),
		"another curve":               sign(t, jwt.SigningMethodES384, keys.p384, named("ec"), said(nil)),
		"an unknown key":              sign(t, jwt.SigningMethodRS256, keys.rsa, named("RSA"), said(nil)),
		"a key that is no text":       sign(t, jwt.SigningMethodRS256, keys.rsa, map[string]any{"kid": []string{"rsa"}}, said(nil)),
		"something critical":          sign(t, jwt.SigningMethodRS256, keys.rsa, map[string]any{"kid": "rsa", "crit": []string{"b64"}, "b64": true}, said(nil)),
		"nothing critical":            sign(t, jwt.SigningMethodRS256, keys.rsa, map[string]any{"kid": "rsa", "crit": []string{}}, said(nil)),
		"something critical, HS256":   sign(t, jwt.SigningMethodHS256, other, map[string]any{"crit": []string{"exp"}}, said(nil)),
		"a key of its own":            sign(t, jwt.SigningMethodRS256, keys.other, map[string]any{"jwk": jwk("own", keys.other, nil)}, said(nil)),
		"a key set of its own":        sign(t, jwt.SigningMethodRS256, keys.other, map[string]any{"kid": "own", "jku": "https://evil.example.com/keys"}, said(nil)),
		"a certificate of its own":    sign(t, jwt.SigningMethodRS256, keys.other, map[string]any{"kid": "own", "x5u": "https://evil.example.com/cert", "x5c": []string{"MII="}}, said(nil)),
		"more than was signed":        parts[0] + "." + strings.Split(more, ".")[1] + "." + parts[2],
		"no signature":                parts[0] + "." + parts[1] + ".",
		"no claims":                   parts[0] + ".." + parts[2],
		"cut":                         good[:len(good)-1],
		"longer":                      good + "A",
		"padded":                      good + "==",
		"in five parts":               good + ".a.b",
		"null":                        "bnVsbA.bnVsbA.",
		"dots":                        "..",
		"nothing":                     "",
		"an API key":                  token.New(),
	} {
		refused(t, onlyKeys, name, forged)
		refused(t, both, name+", with a secret", forged)
	}
	accepted(t, onlyKeys, "the real one", good)
	accepted(t, both, "the real one, with a secret", good)
	// What a token points to does no harm where its key is one of the provider's.
	accepted(t, both, "with a key beside it", sign(t, jwt.SigningMethodRS256, keys.rsa, map[string]any{"kid": "rsa", "jku": "https://evil.example.com/keys"}, said(nil)))
	accepted(t, both, "by the secret", sign(t, jwt.SigningMethodHS256, other, named("whatever"), said(nil)))
	refused(t, bySecret(start), "there are no keys", good)
	refused(t, &token.JWTs{Now: at(start), Logger: slog.New(slog.DiscardHandler)}, "there is nothing", good)
	if slices.ContainsFunc(provider.asked, func(address string) bool { return address != keysURL }) {
		t.Errorf("asked %v", provider.asked)
	}
}

// An operator may call the provider as we call ourselves, and use one secret for
// everything.
func TestClientTokensAndJWTsAreApart(t *testing.T) {
	c := clients(start, secret)
	j := &token.JWTs{Secret: secret, Issuer: "bonafide", Audience: "bonafide:client", Now: at(start), Logger: slog.New(slog.DiscardHandler)}
	ours := mint(t, c, "user-1", time.Hour)
	refused(t, j, "a client token", ours)
	theirs := sign(t, jwt.SigningMethodHS256, secret, named(kid(t, ours).(string)), said(map[string]any{"iss": "bonafide", "aud": "bonafide:client", "sub": "user-1"}))
	if who, err := c.Authenticate(t.Context(), theirs); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a JWT of the provider is a client token: %+v, %v", who, err)
	}
	if who, err := (token.First{c, j}).Authenticate(t.Context(), theirs); err != nil || who.User != "" || who.ID != "jwt:user-1" {
		t.Errorf("a JWT: %+v, %v", who, err)
	}
}

func FuzzJWT(f *testing.F) {
	keys := made()
	provider := &issuer{}
	provider.publish(jwk("rsa", keys.rsa, nil), jwk("ec", keys.p256, nil), jwk("ed", keys.ed, nil))
	j := provider.accepting(at(start))
	j.Secret = secret
	genuine := map[string]bool{}
	for _, signed := range []string{
		sign(f, jwt.SigningMethodHS256, secret, nil, said(nil)),
		sign(f, jwt.SigningMethodPS256, keys.rsa, named("rsa"), said(nil)),
		sign(f, jwt.SigningMethodES256, keys.p256, named("ec"), said(nil)),
		sign(f, jwt.SigningMethodEdDSA, keys.ed, named("ed"), said(nil)),
	} {
		genuine[signed] = true
		f.Add(signed)
		f.Add(signed[:len(signed)-2])
		f.Add(signed[:len(signed)-9] + "\r\n" + signed[len(signed)-9:])
	}
	f.Add("e30.e30.e30")
	f.Fuzz(func(t *testing.T, credential string) {
		who, err := j.Authenticate(t.Context(), credential)
		if err == nil && !genuine[credential] {
			t.Errorf("%q is taken for %+v", credential, who)
		}
		if err != nil && !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%q: %v", credential, err)
		}
	})
}
