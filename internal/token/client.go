package token

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// LongestLife is how long a client token may count.
const LongestLife = 24 * time.Hour

const (
	issuer   = "bonafide"
	audience = "bonafide:client"
	// period is how long one key signs. A token outlives it by LongestLife at most.
	period = 24 * time.Hour
	// clientID is the id of whoever calls with a client token.
	clientID = "client"
)

// Clients makes and recognizes client tokens: JWTs with which a phone or a
// browser reads the status of one user. They are signed with a key of the day,
// which every replica derives from the operator's keys; nothing is kept.
type Clients struct {
	// Secrets are the operator's keys: the first signs, all verify.
	Secrets [][]byte
	Now     func() time.Time
}

// New makes a token for the user that counts for the given time, LongestLife at
// most, in whole seconds.
func (c *Clients) New(user string, life time.Duration) (signed string, expiresAt time.Time, err error) {
	now := c.Now().UTC()
	day := dayOf(now)
	key, err := keyOf(c.Secrets[0], day)
	if err != nil {
		return "", time.Time{}, err
	}
	expiresAt = now.Add(min(life, LongestLife)).Truncate(time.Second)
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{audience},
		Subject:   user,
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(expiresAt),
	})
	t.Header["kid"] = kidOf(c.Secrets[0], day)
	signed, err = t.SignedString(key)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign a client token: %w", err)
	}
	return signed, expiresAt, nil
}

// Authenticate tells whose status the token is for. It returns ErrInvalid for
// anything that is not a client token that counts now.
func (c *Clients) Authenticate(_ context.Context, credential string) (idv.Caller, error) {
	if !compact(credential) {
		return idv.Caller{}, ErrInvalid
	}
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(credential, &claims, c.key,
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(c.Now))
	if err != nil || claims.Subject == "" {
		return idv.Caller{}, ErrInvalid
	}
	return idv.Caller{ID: clientID, User: claims.Subject}, nil
}

// key finds the key that a token names, among those that may still count.
func (c *Clients) key(t *jwt.Token) (any, error) {
	named, _ := t.Header["kid"].(string)
	today := dayOf(c.Now())
	// Another replica's clock may be in the next day already.
	for day := today + 1; day >= today-1; day-- {
		for _, secret := range c.Secrets {
			if named == kidOf(secret, day) {
				return keyOf(secret, day)
			}
		}
	}
	return nil, ErrInvalid
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(period/time.Second) }

func keyOf(secret []byte, day int64) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "bonafide client token "+strconv.FormatInt(day, 10), sha256.Size)
}

// kidOf names a key without telling anything of it.
func kidOf(secret []byte, day int64) string {
	sum := sha256.Sum256(append([]byte("bonafide client token kid "), secret...))
	return hex.EncodeToString(sum[:4]) + "." + strconv.FormatInt(day, 10)
}
