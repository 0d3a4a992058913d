package token

import (
	"context"
	"errors"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Authenticator recognizes one kind of credential.
type Authenticator interface {
	// Authenticate tells who holds a credential; ErrInvalid if nobody does.
	Authenticate(ctx context.Context, credential string) (idv.Caller, error)
}

// First asks several authenticators in turn.
type First []Authenticator

// Authenticate gives the answer of the first one that recognizes the credential.
func (f First) Authenticate(ctx context.Context, credential string) (idv.Caller, error) {
	for _, a := range f {
		caller, err := a.Authenticate(ctx, credential)
		if !errors.Is(err, ErrInvalid) {
			return caller, err
		}
	}
	return idv.Caller{}, ErrInvalid
}
