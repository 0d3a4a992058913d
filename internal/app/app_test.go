package app

import (
	"errors"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

// A provider that says when to come back is not asked before.
func TestRetryAfterOfAProviderIsHonoured(t *testing.T) {
	busy := &session.FaultError{Provider: "kora", Err: &idv.ProviderError{Kind: idv.KindRateLimited, RetryAfter: 42 * time.Second}}
	var later interface{ Later() time.Duration }
	if err := politely(busy); !errors.As(err, &later) || later.Later() != 42*time.Second {
		t.Errorf("asked again by %v", err)
	}
	down := &session.FaultError{Provider: "kora", Err: &idv.ProviderError{Kind: idv.KindUnavailable}}
	for _, err := range []error{down, nil} {
		if got := politely(err); !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}
