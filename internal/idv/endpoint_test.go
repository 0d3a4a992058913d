package idv_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestEndpointWants(t *testing.T) {
	for _, x := range []struct {
		types []string
		kind  idv.EventType
		want  bool
	}{
		{nil, "user.verified", true},
		{[]string{"user.verified"}, "user.verified", true},
		{[]string{"user.verified"}, "user.rejected", false},
		{[]string{"user.*"}, "user.rejected", true},
		{[]string{"user.*"}, "session.approved", false},
		{[]string{"session.approved", "notice.*"}, "notice.fraud_alert", true},
		{[]string{"user.ver"}, "user.verified", false},
	} {
		if got := (idv.Endpoint{Types: x.types}).Wants(x.kind); got != x.want {
			t.Errorf("%v wants %s: %v", x.types, x.kind, got)
		}
	}
}

func TestEventPattern(t *testing.T) {
	for pattern, want := range map[string]bool{
		"user.verified": true, "session.in_progress": true, "notice.aml_changed": true, "endpoint.disabled": true,
		"user.*": true, "session.*": true, "notice.*": true, "endpoint.*": true,
		"": false, "*": false, "user": false, "user.": false, "us*": false, "user.ver*": false, "User.*": false, "user.* ": false, "user.unknown": false,
	} {
		if got := idv.EventPattern(pattern); got != want {
			t.Errorf("%q: %v", pattern, got)
		}
	}
}

func TestSigningSecrets(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	e := idv.Endpoint{Secrets: []idv.EndpointSecret{{Secret: "new"}, {Secret: "old", Until: now.Add(time.Second)}, {Secret: "over", Until: now}}}
	if got := e.Signing(now); !slices.Equal(got, []string{"new", "old"}) {
		t.Errorf("%v sign", got)
	}
}
