package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	jwtSecret   = "a-secret-of-the-identity-provider"
	jwtAudience = "bonafide-api"
)

// identity is an operator's identity provider, which publishes the key it signs
// with.
type identity struct {
	*httptest.Server
	t   *testing.T
	key *ecdsa.PrivateKey
}

func newIdentity(t *testing.T) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	i := &identity{t: t, key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		point, err := key.PublicKey.Bytes()
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		text := base64.RawURLEncoding.EncodeToString
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{
			"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256", "x": text(point[1:33]), "y": text(point[33:]),
		}}})
	}))
	t.Cleanup(i.Close)
	return i
}

// accepted has tokens of the provider accepted, by its keys and by the secret.
func (i *identity) accepted(c *config.Config) {
	c.JWT = config.JWT{Secret: jwtSecret, JWKSURL: i.URL + "/keys?tenant=1", Issuer: i.URL, Audience: jwtAudience}
}

func (i *identity) claims(more map[string]any) jwt.MapClaims {
	c := jwt.MapClaims{"iss": i.URL, "aud": jwtAudience, "sub": "backend", "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(c, more)
	return c
}

// signed is a token that is signed with the provider's key.
func (i *identity) signed(more map[string]any) string {
	i.t.Helper()
	made := jwt.NewWithClaims(jwt.SigningMethodES256, i.claims(more))
	made.Header["kid"] = "1"
	signed, err := made.SignedString(i.key)
	must(i.t, err)
	return signed
}

// shared is a token that is signed with the secret.
func (i *identity) shared(more map[string]any) string {
	i.t.Helper()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, i.claims(more)).SignedString([]byte(jwtSecret))
	must(i.t, err)
	return signed
}

// A backend works with tokens of its own identity provider alone, and what it did
// under a key of its own is told from what others do.
func TestBackendCallsWithJWTs(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		provider := newIdentity(t)
		w := start(t, databaseURL, provider.accepted)
		w.key = provider.signed(map[string]any{"scope": "sessions:write sessions:read users:read", "jti": "1"})
		body := forUser("user-1", "kora")
		first := w.call("POST", "/v1/sessions", body, "Idempotency-Key", "k").want(t, 201, "")
		// The next token of the same subject is the same caller.
		w.key = provider.shared(map[string]any{"scp": []string{"sessions:write", "sessions:read", "users:read"}, "jti": "2"})
		if again := w.call("POST", "/v1/sessions", body, "Idempotency-Key", "k").want(t, 201, ""); again.text("id") != first.text("id") || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again %s", again.raw)
		}
		if w.user("user-1").text("status") != "pending" {
			t.Error("the user is not pending")
		}
		w.key = provider.signed(map[string]any{"sub": "another", "scope": "sessions:write"})
		if other := w.call("POST", "/v1/sessions", body, "Idempotency-Key", "k").want(t, 200, ""); other.at("reused") != true || other.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("another caller with the same key is answered %s", other.raw)
		}
		w.call("GET", "/v1/sessions/"+first.text("id"), nil).want(t, 403, "forbidden")
		w.call("GET", "/v1/me/verification", nil).want(t, 403, "forbidden")
		a := w.call("GET", "/v1/sessions", nil, "Authorization", "Bearer "+provider.signed(map[string]any{"aud": "another", "scope": "admin"})).want(t, 401, "unauthorized")
		if a.header.Get("WWW-Authenticate") == "" {
			t.Error("no WWW-Authenticate")
		}
		if logs := w.logs.String(); strings.Contains(logs, w.key) || strings.Contains(logs, "tenant=1") || !strings.Contains(logs, "it is for another audience") {
			t.Error("the log tells too much, or not why")
		}
	})
}

// While the keys of the provider cannot be fetched, its tokens are not refused, and
// all else works.
func TestIdentityProviderThatIsAway(t *testing.T) {
	provider := newIdentity(t)
	provider.Close()
	w := start(t, enginetest.SQLite(t), provider.accepted)
	signed := "Bearer " + provider.signed(map[string]any{"scope": "admin"})
	a := w.call("GET", "/v1/sessions", nil, "Authorization", signed).want(t, 503, "internal")
	if a.header.Get("Retry-After") == "" || strings.Contains(string(a.raw), "127.0.0.1") {
		t.Errorf("%v %s", a.header, a.raw)
	}
	w.call("GET", "/metrics", nil, "Authorization", signed).want(t, 503, "internal")
	w.call("GET", "/v1/sessions", nil).want(t, 200, "")
	w.call("GET", "/v1/sessions", nil, "Authorization", "Bearer "+provider.shared(map[string]any{"scope": "sessions:read"})).want(t, 200, "")
	w.call("GET", "/v1/sessions", nil, "Authorization", "Bearer "+provider.signed(map[string]any{"exp": time.Now().Unix()})).want(t, 401, "unauthorized")
}

// A token that expires takes the requests with it that wait.
func TestExpiredWhileWaiting(t *testing.T) {
	provider := newIdentity(t)
	first := start(t, enginetest.SQLite(t), provider.accepted)
	w, _ := first.beside()
	etag := first.user("user-1").header.Get("ETag")
	w.key = provider.signed(map[string]any{"scope": string(idv.ScopeUsersRead), "exp": time.Now().Add(5 * time.Second).Unix()})
	answered := w.later(verification+"?wait=60", "If-None-Match", etag)
	w.awaitWaiting(1)
	eventually(t, "the token expires", func() bool { return w.call("GET", verification, nil).status == http.StatusUnauthorized })
	first.create("user-1", "kora")
	(<-answered).want(t, 401, "unauthorized")
}
