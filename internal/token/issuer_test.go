package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bonafide-idv/bonafide/internal/token"
)

const (
	keysURL = "https://id.example.com/keys?secret=hunter2"
	iss     = "https://id.example.com/"
	aud     = "bonafide"
)

// issuer is an identity provider: whoever fetches its keys reaches it.
type issuer struct {
	mu     sync.Mutex
	status int
	header http.Header
	body   string
	hangs  bool
	asked  []string // the addresses, in order
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.asked = append(i.asked, r.URL.String())
	res := &http.Response{StatusCode: i.status, Header: i.header, Body: io.NopCloser(bytes.NewBufferString(i.body)), Request: r}
	hangs := i.hangs
	i.mu.Unlock()
	if hangs {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if res.StatusCode == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return res, nil
}

// publish has it answer with the keys.
func (i *issuer) publish(keys ...map[string]any) {
	raw, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	i.answer(http.StatusOK, string(raw))
}

func (i *issuer) answer(status int, body string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.body, i.hangs = status, body, false
}

// hang has it answer no more.
func (i *issuer) hang() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.hangs = true
}

func (i *issuer) times() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.asked)
}

func (i *issuer) set(now func() time.Time) *token.KeySet {
	return token.NewKeySet(token.KeySetOptions{URL: keysURL, Transport: i, Now: now, Logger: slog.New(slog.DiscardHandler)})
}

// accepting recognizes what the issuer signs at the time.
func (i *issuer) accepting(now func() time.Time) *token.JWTs {
	return &token.JWTs{Keys: i.set(now), Issuer: iss, Audience: aud, Now: now, Logger: slog.New(slog.DiscardHandler)}
}

// privateKeys are one of each kind, made once.
type privateKeys struct {
	rsa, weak, other *rsa.PrivateKey
	p256, p384, p521 *ecdsa.PrivateKey
	ed               ed25519.PrivateKey
}

var made = sync.OnceValue(func() privateKeys {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return privateKeys{
		rsa: must(rsa.GenerateKey(rand.Reader, 2048)), weak: must(rsa.GenerateKey(rand.Reader, 1024)), other: must(rsa.GenerateKey(rand.Reader, 2048)),
		p256: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), p384: must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		p521: must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)), ed: ed,
	}
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// jwk writes the public half of a key by RFC 7518 (6) and RFC 8037 (2), with more
// members.
func jwk(id string, key crypto.Signer, more map[string]any) map[string]any {
	text := base64.RawURLEncoding.EncodeToString
	m := map[string]any{"kid": id}
	switch k := key.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", text(k.N.Bytes()), text(big.NewInt(int64(k.E)).Bytes())
	case *ecdsa.PublicKey:
		point := must(k.Bytes())[1:] // after the byte that says it is not compressed
		m["kty"], m["crv"], m["x"], m["y"] = "EC", k.Curve.Params().Name, text(point[:len(point)/2]), text(point[len(point)/2:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", text(k)
	}
	maps.Copy(m, more)
	return m
}

// said are claims that count at start; changes replace some, and nil takes one out.
func said(changes map[string]any) jwt.MapClaims {
	c := jwt.MapClaims{"iss": iss, "aud": aud, "sub": "backend", "exp": start.Add(time.Hour).Unix(), "scope": "users:read"}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// sign makes a token. header are members beside alg and typ.
func sign(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, c jwt.Claims) string {
	t.Helper()
	made := jwt.NewWithClaims(method, c)
	maps.Copy(made.Header, header)
	signed, err := made.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func named(id string) map[string]any { return map[string]any{"kid": id} }

func at(now time.Time) func() time.Time { return func() time.Time { return now } }
