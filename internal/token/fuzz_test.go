package token_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/token"
)

// oneKey is a store that knows one key.
type oneKey struct{ hash []byte }

func (o oneKey) KeyByHash(_ context.Context, hash []byte) (idv.APIKey, error) {
	if !bytes.Equal(hash, o.hash) {
		return idv.APIKey{}, idv.ErrNotFound
	}
	return idv.APIKey{ID: "key_1", Hash: o.hash}, nil
}

func (oneKey) TouchKey(context.Context, string, time.Time) error { return nil }

// Nothing but the key itself is taken for it.
func FuzzAPIKey(f *testing.F) {
	const bootstrap = "bootstrap-key-for-tests-0123456789"
	good := token.New()
	keys := &token.Keys{Store: oneKey{token.Hash(good)}, Bootstrap: bootstrap, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	without := &token.Keys{Store: oneKey{token.Hash(good)}, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	for _, seed := range []string{"", good, bootstrap, good[:len(good)-1], good + "\x00", " " + bootstrap, "bfk_", "BFK_x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, credential string) {
		for _, k := range []*token.Keys{keys, without} {
			who, err := k.Authenticate(t.Context(), credential)
			genuine := credential == good || credential == bootstrap && k.Bootstrap != ""
			if (err == nil) != genuine || err != nil && !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%q is taken for %+v: %v", credential, who, err)
			}
		}
	})
}
