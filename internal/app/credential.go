package app

import (
	"context"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/token"
)

// credentials are all that may call, beside the client tokens that are made here.
func (a *App) credentials(clients *token.Clients) token.First {
	first := token.First{clients}
	if set := a.config.JWT; set.On() {
		first = append(first, &token.JWTs{
			Secret: []byte(set.Secret), Keys: a.issuerKeys, Issuer: set.Issuer, Audience: set.Audience,
			Now: time.Now, Logger: a.log,
		})
	}
	return append(first, &token.Keys{Store: a.store, Bootstrap: a.config.BootstrapAPIKey, Now: time.Now, Logger: a.log})
}

// newIssuerKeys is the key set of the operator's identity provider; nil if there
// is none.
func (a *App) newIssuerKeys() *token.KeySet {
	if a.config.JWT.JWKSURL == "" {
		return nil
	}
	return token.NewKeySet(token.KeySetOptions{URL: a.config.JWT.JWKSURL, Now: time.Now, Logger: a.log})
}

// startKeys begins to keep the keys of the identity provider fresh. stop ends it.
func (a *App) startKeys(ctx context.Context) (stop func()) {
	if a.issuerKeys == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { a.issuerKeys.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}
