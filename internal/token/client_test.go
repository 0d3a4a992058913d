package token_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bonafide-idv/bonafide/internal/token"
)

var (
	secret = bytes.Repeat([]byte{1}, 32)
	other  = bytes.Repeat([]byte{2}, 32)
	start  = time.Date(2026, 11, 20, 23, 59, 30, 0, time.UTC)
)

func clients(at time.Time, secrets ...[]byte) *token.Clients {
	return &token.Clients{Secrets: secrets, Now: func() time.Time { return at }}
}

func mint(t testing.TB, c *token.Clients, user string, life time.Duration) string {
	t.Helper()
	signed, _, err := c.New(user, life)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestClientTokenCountsForItsTime(t *testing.T) {
	for _, life := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour} {
		signed := mint(t, clients(start, secret), "user-1", life)
		for after, counts := range map[time.Duration]bool{0: true, life - time.Second: true, life: false, life + 48*time.Hour: false} {
			who, err := clients(start.Add(after), secret).Authenticate(t.Context(), signed)
			if counts && (err != nil || who.User != "user-1" || len(who.Scopes) != 0) {
				t.Errorf("%s after %s: %+v, %v", life, after, who, err)
			}
			if !counts && !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%s after %s: %+v, %v", life, after, who, err)
			}
		}
	}
	if _, expires, err := clients(start, secret).New("user-1", 72*time.Hour); err != nil || expires.After(start.Add(24*time.Hour)) {
		t.Errorf("expires %s, %v", expires, err)
	}
}

// Every replica derives the same key of the day, and another one every day.
func TestSigningKeysRotate(t *testing.T) {
	today := mint(t, clients(start, secret), "user-1", time.Hour)
	tomorrow := mint(t, clients(start.Add(time.Minute), secret), "user-1", time.Hour)
	if kid(t, today) == kid(t, tomorrow) {
		t.Error("the key does not rotate")
	}
	// A replica whose clock lags knows the key of one whose clock is ahead.
	if _, err := clients(start, secret).Authenticate(t.Context(), tomorrow); err != nil {
		t.Error(err)
	}
	// The operator's keys rotate too: the first signs, all verify.
	if _, err := clients(start, other, secret).Authenticate(t.Context(), today); err != nil {
		t.Error(err)
	}
	if _, err := clients(start, other).Authenticate(t.Context(), today); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a key that was withdrawn: %v", err)
	}
}

func kid(t *testing.T, signed string) any {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(signed, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header["kid"]
}

func TestForgedClientTokens(t *testing.T) {
	c := clients(start, secret)
	good := mint(t, c, "user-1", time.Hour)
	parts := strings.Split(good, ".")
	claims := jwt.MapClaims{"iss": "bonafide", "aud": "bonafide:client", "sub": "user-1", "exp": start.Add(time.Hour).Unix()}
	sign := func(method jwt.SigningMethod, key any) string {
		forged := jwt.NewWithClaims(method, claims)
		forged.Header["kid"] = kid(t, good)
		signed, err := forged.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"none":              sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"another algorithm": sign(jwt.SigningMethodES256, curve),
		"a longer hash":     sign(jwt.SigningMethodHS512, secret),
		"the raw secret":    sign(jwt.SigningMethodHS256, secret),
		"another user":      parts[0] + "." + strings.Split(mint(t, c, "user-2", time.Hour), ".")[1] + "." + parts[2],
		"no signature":      parts[0] + "." + parts[1] + ".",
		"cut":               good[:len(good)-1],
		"longer":            good + "A",
		"nothing":           "",
		"dots":              "..",
	} {
		if who, err := c.Authenticate(t.Context(), forged); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
}

func FuzzClientToken(f *testing.F) {
	c := clients(start, secret)
	good := mint(f, c, "user-1", time.Hour)
	f.Add(good)
	f.Add(good[:len(good)-2])
	f.Add(good[:len(good)-9] + "\r\n" + good[len(good)-9:])
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, credential string) {
		who, err := c.Authenticate(t.Context(), credential)
		if err == nil && credential != good {
			t.Errorf("%q is taken for %+v", credential, who)
		}
		if err != nil && !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%q: %v", credential, err)
		}
	})
}
