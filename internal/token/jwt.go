package token

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// maxAhead is how far the clock of an identity provider may be ahead of ours.
const maxAhead = 5 * time.Second

// JWTs recognizes tokens of the operator's own identity provider.
type JWTs struct {
	// Secret verifies HS256; empty if nothing is signed so.
	Secret []byte
	// Keys verify what is signed with private keys; nil if nothing is signed so.
	Keys *KeySet
	// Issuer and Audience are demanded where they are not empty.
	Issuer, Audience string
	Now              func() time.Time
	Logger           *slog.Logger
}

// Authenticate tells who holds the token. It returns ErrInvalid for anything that
// is not a token of the provider that counts now, and ErrUnchecked if that cannot
// be told at present.
func (j *JWTs) Authenticate(ctx context.Context, credential string) (idv.Caller, error) {
	if !compact(credential) {
		return idv.Caller{}, ErrInvalid
	}
	var c claims
	rules := j.rules()
	_, err := jwt.ParseWithClaims(credential, &c, func(t *jwt.Token) (any, error) {
		// A token that would not count anyway is not worth a look for its key.
		if err := jwt.NewValidator(rules...).Validate(t.Claims); err != nil {
			return nil, err
		}
		return j.key(ctx, t)
	}, rules...)
	switch {
	case errors.Is(err, ErrUnchecked):
		return idv.Caller{}, ErrUnchecked
	case err != nil && ctx.Err() != nil:
		return idv.Caller{}, ctx.Err()
	case err != nil:
		j.Logger.DebugContext(ctx, "a JWT was refused", "why", reason(err))
		return idv.Caller{}, ErrInvalid
	}
	return idv.Caller{ID: c.id(), Scopes: c.scopes()}, nil
}

func (j *JWTs) rules() []jwt.ParserOption {
	algorithms := []string{} // nil would stand for all
	if len(j.Secret) > 0 {
		algorithms = append(algorithms, jwt.SigningMethodHS256.Alg())
	}
	if j.Keys != nil {
		algorithms = append(algorithms, asymmetric()...)
	}
	rules := []jwt.ParserOption{
		jwt.WithValidMethods(algorithms), jwt.WithExpirationRequired(), jwt.WithTimeFunc(j.Now), jwt.WithStrictDecoding(),
	}
	if j.Issuer != "" {
		rules = append(rules, jwt.WithIssuer(j.Issuer))
	}
	if j.Audience != "" {
		rules = append(rules, jwt.WithAudience(j.Audience))
	}
	return rules
}

// key finds what verifies a token. The algorithm is one of rules. Keys that the
// token brings along or points to are nobody's word.
func (j *JWTs) key(ctx context.Context, t *jwt.Token) (any, error) {
	// Whoever does not understand what is critical must refuse (RFC 7515, 4.1.11).
	if _, critical := t.Header["crit"]; critical {
		return nil, ErrInvalid
	}
	if t.Method == jwt.SigningMethodHS256 {
		return j.Secret, nil
	}
	named, given := t.Header["kid"]
	kid, isText := named.(string)
	if given && !isText {
		return nil, ErrInvalid
	}
	return j.Keys.find(ctx, kid, t.Method.Alg())
}

// reason says why a token was refused, in words of ours: those of the library may
// quote from the token.
func reason(err error) string {
	for _, known := range []struct {
		err  error
		says string
	}{
		{jwt.ErrTokenMalformed, "it is malformed"},
		{jwt.ErrTokenExpired, "it has expired"},
		{jwt.ErrTokenNotValidYet, "it does not count yet"},
		{jwt.ErrTokenInvalidIssuer, "it is of another issuer"},
		{jwt.ErrTokenInvalidAudience, "it is for another audience"},
		{jwt.ErrTokenRequiredClaimMissing, "exp, iss or aud is missing"},
		{jwt.ErrTokenInvalidClaims, "its claims cannot be read"},
		{jwt.ErrTokenSignatureInvalid, "its signature or its algorithm is wrong"},
		{ErrInvalid, "no key fits it, or something critical is not understood"},
	} {
		if errors.Is(err, known.err) {
			return known.says
		}
	}
	return "it cannot be read"
}
