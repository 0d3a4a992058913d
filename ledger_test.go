package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// get reads what must be there.
func get[T any](t *testing.T, s *server, path string) (v T) {
	t.Helper()
	eventually(t, path+" is answered", func() bool {
		r, err := s.send("GET", path, nil)
		return err == nil && r.status == http.StatusOK && json.Unmarshal(r.body, &v) == nil
	})
	return v
}

type verificationView struct {
	Status  string
	Version int
}

type sessionView struct {
	ID, Status        string
	ProviderSessionID *string
	Decision          *struct {
		Outcome string
		Version int
	}
}

type timelineView struct {
	Data []struct {
		Source         string
		DeliveryID     *string
		ProviderStatus *string
	}
}

type pageOf[T any] struct {
	Data       []T
	NextCursor *string
	HasMore    bool
}

type eventView struct {
	Type           string
	ExternalUserID string
	Version        int
}

// check holds what the server tells in the end against what was acknowledged.
func (tr *traffic) check() {
	t, s := tr.t, tr.servers[0]
	t.Helper()
	if len(tr.users) == 0 {
		t.Fatal("nothing was acknowledged, so that nothing was tested")
	}
	webhooks := 0
	for _, p := range tr.users {
		webhooks += len(p.words)
		tr.checkUser(s, p)
	}
	told := tr.checkFeed(s)
	for _, p := range tr.users {
		if got, want := told[p.name], p.versions(); !slices.Equal(got, want) {
			t.Errorf("of %s the versions %v were announced, want %v", p.name, got, want)
		}
	}
	sessions, started := tr.checkSessions(s)
	t.Logf("%d creates and %d webhooks were acknowledged; %d sessions, %d of them started", len(tr.users), webhooks, sessions, started)
}

// versions are those of the user's status: pending, verified, and revoked, or
// rejected in between if the refusal came first.
func (p *person) versions() []int {
	if slices.Contains(p.words, "rejected") {
		return []int{1, 2, 3}
	}
	return []int{1, 2}
}

func (tr *traffic) checkUser(s *server, p *person) {
	t := tr.t
	t.Helper()
	status, outcome, decision := "verified", "approved", 1
	if slices.Contains(p.words, "rejected") {
		status, outcome, decision = "revoked", "declined", 2
	}
	want := verificationView{status, len(p.versions())}
	var got verificationView
	eventually(t, fmt.Sprintf("%s is %v", p.name, want), func() bool {
		got = get[verificationView](t, s, "/v1/users/"+p.name+"/verification")
		return got == want || got.Version > want.Version
	})
	if got != want {
		t.Errorf("%s is %v, want %v", p.name, got, want)
	}
	session := get[sessionView](t, s, "/v1/sessions/"+p.session)
	if d := session.Decision; session.Status != outcome || d == nil || d.Outcome != outcome || d.Version != decision {
		t.Errorf("%s of %s is %s %+v, want %s version %d", p.session, p.name, session.Status, d, outcome, decision)
	}
	// What moves nothing may still be on its way.
	wanted := slices.Sorted(slices.Values(p.words))
	var said, deliveries []string
	eventually(t, "everything is in "+p.session, func() bool {
		said, deliveries = nil, nil
		for _, o := range get[timelineView](t, s, "/v1/sessions/"+p.session+"/timeline").Data {
			if o.Source == "webhook" {
				said, deliveries = append(said, *o.ProviderStatus), append(deliveries, *o.DeliveryID)
			}
		}
		return len(said) >= len(wanted)
	})
	slices.Sort(said)
	slices.Sort(deliveries)
	if !slices.Equal(said, wanted) || len(slices.Compact(deliveries)) != len(wanted) {
		t.Errorf("%s heard %q by %q, want %q once each", p.session, said, deliveries, wanted)
	}
	if n := tr.acme.asked(p.session); n != 1 {
		t.Errorf("the provider was asked %d times for %s", n, p.session)
	}
}

// checkFeed reads the whole feed and gives the versions of each user's status
// that were announced.
func (tr *traffic) checkFeed(s *server) map[string][]int {
	tr.t.Helper()
	told := map[string][]int{}
	for after := ""; ; {
		page := get[pageOf[eventView]](tr.t, s, "/v1/events?limit=200"+after)
		for _, e := range page.Data {
			if strings.HasPrefix(e.Type, "user.") {
				told[e.ExternalUserID] = append(told[e.ExternalUserID], e.Version)
			}
		}
		if !page.HasMore {
			return told
		}
		after = "&after=" + *page.NextCursor
	}
}

// checkSessions: no session was bought twice, and what was bought is known.
func (tr *traffic) checkSessions(s *server) (sessions, started int) {
	tr.t.Helper()
	for cursor := ""; ; {
		page := get[pageOf[sessionView]](tr.t, s, "/v1/sessions?limit=200"+cursor)
		for _, x := range page.Data {
			n := tr.acme.asked(x.ID)
			sessions, started = sessions+1, started+n
			if n > 1 {
				tr.t.Errorf("the provider was asked %d times for %s", n, x.ID)
			}
			if n == 1 {
				eventually(tr.t, x.ID+" is known to have been started", func() bool {
					return get[sessionView](tr.t, s, "/v1/sessions/"+x.ID).ProviderSessionID != nil
				})
			}
			if n == 0 && x.ProviderSessionID != nil {
				tr.t.Errorf("%s is said to be started and is not", x.ID)
			}
		}
		if !page.HasMore {
			return sessions, started
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}
