package idv_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/bonafide-idv/bonafide/internal/idv"
)

func TestKeyIsActive(t *testing.T) {
	now := minute(10)
	tests := map[string]struct {
		key  APIKey
		want bool
	}{
		"for ever":           {APIKey{}, true},
		"before its expiry":  {APIKey{ExpiresAt: now.Add(time.Millisecond)}, true},
		"at its expiry":      {APIKey{ExpiresAt: now}, false},
		"revoked":            {APIKey{RevokedAt: minute(1)}, false},
		"revoked, unexpired": {APIKey{RevokedAt: minute(1), ExpiresAt: minute(99)}, false},
	}
	for name, tt := range tests {
		if got := tt.key.Active(now); got != tt.want {
			t.Errorf("%s: active is %v", name, got)
		}
	}
}

func TestCallerMay(t *testing.T) {
	reader, admin := Caller{Scopes: []Scope{ScopeSessionsRead}}, Caller{Scopes: []Scope{ScopeAdmin}}
	for _, s := range Scopes() {
		if !admin.May(s) {
			t.Errorf("admin may not %s", s)
		}
		if (Caller{}).May(s) {
			t.Errorf("nobody may %s", s)
		}
		if reader.May(s) != (s == ScopeSessionsRead) {
			t.Errorf("reader may %s is %v", s, reader.May(s))
		}
	}
}

func TestProviderErrorText(t *testing.T) {
	cause := errors.New("connection reset")
	e := &ProviderError{Kind: KindRejected, HTTPStatus: 422, Code: "VALIDATION_ERROR", Err: cause}
	for _, part := range []string{"rejected", "422", "VALIDATION_ERROR", "connection reset"} {
		if !strings.Contains(e.Error(), part) {
			t.Errorf("%q lacks %q", e, part)
		}
	}
	if !errors.Is(e, cause) {
		t.Error("the cause is lost")
	}
	if got := (&ProviderError{Kind: KindTimeout}).Error(); got != "provider: timeout" {
		t.Errorf("%q", got)
	}
}
