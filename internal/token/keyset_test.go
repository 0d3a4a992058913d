package token_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bonafide-idv/bonafide/internal/token"
)

// Every algorithm counts with the kind of key that it is made for, and no other one.
func TestAlgorithmsFitTheirKeys(t *testing.T) {
	keys := made()
	for name, c := range map[string]struct {
		key     crypto.Signer
		methods []jwt.SigningMethod
	}{
		"RSA": {keys.rsa, []jwt.SigningMethod{
			jwt.SigningMethodRS256, jwt.SigningMethodRS384, jwt.SigningMethodRS512,
			jwt.SigningMethodPS256, jwt.SigningMethodPS384, jwt.SigningMethodPS512,
		}},
		"P-256":   {keys.p256, []jwt.SigningMethod{jwt.SigningMethodES256}},
		"P-384":   {keys.p384, []jwt.SigningMethod{jwt.SigningMethodES384}},
		"P-521":   {keys.p521, []jwt.SigningMethod{jwt.SigningMethodES512}},
		"Ed25519": {keys.ed, []jwt.SigningMethod{jwt.SigningMethodEdDSA}},
	} {
		for _, method := range c.methods {
			signed := sign(t, method, c.key, named("k"), said(nil))
			for alg, counts := range map[string]bool{"": true, method.Alg(): true, "HS256": false, "RS1": false, "none": false} {
				provider := &issuer{}
				j := provider.accepting(at(start))
				provider.publish(jwk("k", c.key, map[string]any{"alg": alg}))
				if counts {
					accepted(t, j, name+" "+method.Alg()+" of "+alg, signed)
				} else if _, err := j.Authenticate(t.Context(), signed); err == nil {
					t.Errorf("%s: %s counts with a key that is for %s", name, method.Alg(), alg)
				}
			}
		}
	}
	// One that is for one algorithm is not for another of its kind.
	provider := &issuer{}
	j := provider.accepting(at(start))
	provider.publish(jwk("k", keys.rsa, map[string]any{"alg": "PS256"}))
	accepted(t, j, "PS256", sign(t, jwt.SigningMethodPS256, keys.rsa, named("k"), said(nil)))
	refused(t, j, "RS256 with a key for PS256", sign(t, jwt.SigningMethodRS256, keys.rsa, named("k"), said(nil)))
	refused(t, j, "PS512 with a key for PS256", sign(t, jwt.SigningMethodPS512, keys.rsa, named("k"), said(nil)))
}

func TestKeysThatAreNotUsed(t *testing.T) {
	keys := made()
	good := jwk("good", keys.p384, nil)
	offCurve := jwk("k", keys.p256, nil)
	offCurve["x"] = offCurve["y"]
	for name, key := range map[string]map[string]any{
		"for encryption":       jwk("k", keys.rsa, map[string]any{"use": "enc"}),
		"for something else":   jwk("k", keys.rsa, map[string]any{"use": "tls"}),
		"to sign with":         jwk("k", keys.rsa, map[string]any{"key_ops": []string{"sign"}}),
		"private":              jwk("k", keys.rsa, map[string]any{"d": "AQAB"}),
		"of 1024 bits":         jwk("k", keys.weak, nil),
		"of an unknown kind":   jwk("k", keys.rsa, map[string]any{"kty": "AKP"}),
		"without a kind":       jwk("k", keys.rsa, map[string]any{"kty": ""}),
		"with a broken number": jwk("k", keys.rsa, map[string]any{"n": "*"}),
		"without its exponent": jwk("k", keys.rsa, map[string]any{"e": ""}),
		"with exponent 1":      jwk("k", keys.rsa, map[string]any{"e": "AQ"}),
		"off its curve":        offCurve,
		"on another curve":     jwk("k", keys.p256, map[string]any{"crv": "secp256k1"}),
		"not even one":         {"kid": []int{1}},
	} {
		provider := &issuer{}
		j := provider.accepting(at(start))
		provider.publish(key, good)
		for _, signed := range []string{
			sign(t, jwt.SigningMethodRS256, keys.rsa, named("k"), said(nil)), sign(t, jwt.SigningMethodRS256, keys.weak, named("k"), said(nil)),
			sign(t, jwt.SigningMethodES256, keys.p256, named("k"), said(nil)),
		} {
			refused(t, j, "a key "+name, signed)
		}
		// It does not take the others with it.
		accepted(t, j, "a key beside one "+name, sign(t, jwt.SigningMethodES384, keys.p384, named("good"), said(nil)))
	}
	for name, more := range map[string]map[string]any{
		"for signatures":            {"use": "sig", "key_ops": []string{"verify"}},
		"with an odd certificate":   {"x5c": []string{"AAAA"}, "x5t": "AAAA", "x5u": "http://x"},
		"with what nobody knows of": {"ext": true, "iat": 1},
	} {
		provider := &issuer{}
		j := provider.accepting(at(start))
		provider.publish(jwk("k", keys.rsa, more))
		accepted(t, j, "a key "+name, sign(t, jwt.SigningMethodRS256, keys.rsa, named("k"), said(nil)))
	}
}

func TestTokensThatNameNoKey(t *testing.T) {
	keys := made()
	provider := &issuer{}
	j := provider.accepting(at(start))
	provider.publish(jwk("a", keys.rsa, nil), jwk("b", keys.other, nil), jwk("c", keys.p256, nil))
	accepted(t, j, "one key fits", sign(t, jwt.SigningMethodES256, keys.p256, nil, said(nil)))
	refused(t, j, "two fit", sign(t, jwt.SigningMethodRS256, keys.rsa, nil, said(nil)))
	refused(t, j, "none fits", sign(t, jwt.SigningMethodEdDSA, keys.ed, nil, said(nil)))
}

// living is a provider whose keys are kept fresh, in a bubble of its own time.
func living(t *testing.T, test func(t *testing.T, provider *issuer, j *token.JWTs)) {
	synctest.Test(t, func(t *testing.T) {
		provider := &issuer{}
		j := provider.accepting(time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { j.Keys.Run(ctx) })
		synctest.Wait()
		test(t, provider, j)
		cancel()
		running.Wait() // and the bubble wants nothing else to go on
	})
}

// lasting are claims that count for days, from the time of the bubble on.
func lasting() jwt.MapClaims {
	return said(map[string]any{"exp": time.Now().Add(72 * time.Hour).Unix()})
}

func TestKeysThatRotate(t *testing.T) {
	keys := made()
	living(t, func(t *testing.T, provider *issuer, j *token.JWTs) {
		older := sign(t, jwt.SigningMethodRS256, keys.rsa, named("1"), lasting())
		newer := sign(t, jwt.SigningMethodRS256, keys.other, named("2"), lasting())
		provider.publish(jwk("1", keys.rsa, nil))
		time.Sleep(10 * time.Second)
		accepted(t, j, "the older", older)
		refused(t, j, "the newer, before it is one", newer)
		provider.publish(jwk("1", keys.rsa, nil), jwk("2", keys.other, nil))
		// Whatever was asked for just now: within a minute it shows.
		time.Sleep(time.Minute - time.Second)
		accepted(t, j, "the newer", newer)
		accepted(t, j, "the older beside it", older)
		// One that is withdrawn counts until the set is fetched anew, without being asked for.
		provider.publish(jwk("2", keys.other, nil))
		accepted(t, j, "the older, as it goes", older)
		time.Sleep(11 * time.Minute)
		asked := provider.times()
		accepted(t, j, "the newer, alone", newer)
		if n := provider.times() - asked; n != 0 {
			t.Errorf("it was asked %d times for what is known", n)
		}
		refused(t, j, "the older, gone", older)
	})
}

func TestProviderThatIsAway(t *testing.T) {
	keys := made()
	living(t, func(t *testing.T, provider *issuer, j *token.JWTs) {
		j.Secret = other
		signed := sign(t, jwt.SigningMethodES256, keys.p256, named("k"), lasting())
		unknown := sign(t, jwt.SigningMethodES256, keys.p256, named("x"), lasting())
		for i, answer := range []func(){
			func() {},
			func() { provider.answer(500, "") },
			func() { provider.answer(200, "") },
			func() { provider.answer(200, `{"keys":[]}`) },
			func() { provider.answer(200, `{"keys":null}`) },
			func() { provider.answer(200, `{"keys":[{"kty":"oct","kid":"k","k":"AAAA"}]}`) },
			func() { provider.answer(200, `{"keys":[`+strings.Repeat(" ", 1<<20)+`]}`) },
			provider.hang,
		} {
			answer()
			time.Sleep(10 * time.Second)
			for _, credential := range []string{signed, unknown} {
				began := time.Now()
				if who, err := j.Authenticate(t.Context(), credential); !errors.Is(err, token.ErrUnchecked) {
					t.Errorf("answer %d: %+v, %v", i, who, err)
				}
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("answer %d: it took %s", i, took)
				}
			}
			accepted(t, j, "by the secret", sign(t, jwt.SigningMethodHS256, other, nil, lasting()))
			refused(t, j, "a token that would not count anyway", sign(t, jwt.SigningMethodES256, keys.p256, named("k"), said(map[string]any{"exp": time.Now().Unix()})))
		}
		if n := provider.times(); n > 20 {
			t.Errorf("it was asked %d times", n)
		}
		// Nobody has to start anything again when it comes.
		provider.publish(jwk("k", keys.p256, nil))
		time.Sleep(20 * time.Second)
		accepted(t, j, "when it came", signed)
		refused(t, j, "an unknown key", unknown)
		// What was got goes on counting when it goes.
		provider.answer(503, "")
		time.Sleep(48 * time.Hour)
		accepted(t, j, "when it went", signed)
		refused(t, j, "an unknown key, when it went", unknown)
	})
}

// Tokens with made-up keys do not make us flood the provider.
func TestFloodOfUnknownKeys(t *testing.T) {
	keys := made()
	living(t, func(t *testing.T, provider *issuer, j *token.JWTs) {
		provider.publish(jwk("k", keys.p256, nil))
		time.Sleep(10 * time.Second)
		signed := sign(t, jwt.SigningMethodES256, keys.p256, named("k"), lasting())
		accepted(t, j, "a known key", signed)
		before := provider.times()
		for i := range 600 {
			forged := sign(t, jwt.SigningMethodES256, keys.p256, named(fmt.Sprint(i)), lasting())
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() { refused(t, j, "a made-up key", forged) })
			}
			all.Wait()
			time.Sleep(time.Second)
		}
		// Ten minutes: one in 30 seconds, and the one that is due anyway.
		if n := provider.times() - before; n < 10 || n > 21 {
			t.Errorf("it was asked %d times", n)
		}
		accepted(t, j, "a known key after it", signed)
	})
}

// One fetch is for all who wait, and whoever goes away does not end it.
func TestWaitersShareAFetch(t *testing.T) {
	keys := made()
	synctest.Test(t, func(t *testing.T) {
		provider := &issuer{hangs: true}
		j := provider.accepting(time.Now)
		signed := sign(t, jwt.SigningMethodES256, keys.p256, named("k"), lasting())
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%2+1)*4*time.Second)
				defer cancel()
				if _, err := j.Authenticate(ctx, signed); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, token.ErrUnchecked) {
					t.Errorf("waiter %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if n := provider.times(); n != 1 {
			t.Errorf("it was asked %d times", n)
		}
		provider.publish(jwk("k", keys.p256, nil))
		time.Sleep(firstPause)
		accepted(t, j, "the next one", signed)
	})
}

// firstPause is how long nobody asks again while no key is known.
const firstPause = 10 * time.Second

func TestRedirectsAreNotFollowed(t *testing.T) {
	keys := made()
	provider := &issuer{header: http.Header{"Location": {"https://evil.example.com/keys"}}}
	var logged bytes.Buffer
	j := provider.accepting(at(start))
	j.Keys = token.NewKeySet(token.KeySetOptions{URL: keysURL, Transport: provider, Now: at(start), Logger: slog.New(slog.NewJSONHandler(&logged, nil))})
	provider.answer(http.StatusFound, "")
	if who, err := j.Authenticate(t.Context(), sign(t, jwt.SigningMethodES256, keys.p256, named("k"), said(nil))); !errors.Is(err, token.ErrUnchecked) {
		t.Errorf("%+v, %v", who, err)
	}
	if len(provider.asked) != 1 || !strings.Contains(logged.String(), "the answer is 302") {
		t.Errorf("asked %v, logged %s", provider.asked, &logged)
	}
	// The address may hold a secret.
	provider.answer(0, "")
	j.Keys = token.NewKeySet(token.KeySetOptions{URL: keysURL, Transport: provider, Now: at(start), Logger: slog.New(slog.NewJSONHandler(&logged, nil))})
	_, _ = j.Authenticate(t.Context(), sign(t, jwt.SigningMethodES256, keys.p256, named("k"), said(nil)))
	if !strings.Contains(logged.String(), "unexpected EOF") || strings.Contains(logged.String(), "hunter") {
		t.Errorf("logged %s", &logged)
	}
}

// FuzzKeySet: whatever a provider publishes, nothing panics, and no key comes of it
// that was not there.
func FuzzKeySet(f *testing.F) {
	keys := made()
	provider := &issuer{}
	for _, key := range []crypto.Signer{keys.rsa, keys.p256, keys.p521, keys.ed} {
		provider.publish(jwk("k", key, map[string]any{"use": "sig", "x5c": []string{"MII="}}))
		f.Add(provider.body)
	}
	f.Add(`{"keys":[{"kty":"oct","kid":"k","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}]}`)
	f.Add(`{"keys":[{"kty":"OKP","crv":"X25519","kid":"k","x":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}]}`)
	f.Add(`{"keys":[{"kty":"RSA","n":"AQ","e":"//////////8"}]}`)
	stranger := made().p384
	forged := sign(f, jwt.SigningMethodES384, stranger, named("k"), said(nil))
	symmetric := sign(f, jwt.SigningMethodHS256, bytes.Repeat([]byte{1}, 32), named("k"), said(nil))
	f.Fuzz(func(t *testing.T, document string) {
		provider := &issuer{}
		provider.answer(http.StatusOK, document)
		j := provider.accepting(at(start))
		for _, credential := range []string{forged, symmetric} {
			if who, err := j.Authenticate(t.Context(), credential); !errors.Is(err, token.ErrInvalid) && !errors.Is(err, token.ErrUnchecked) {
				t.Errorf("%+v, %v", who, err)
			}
		}
	})
}
