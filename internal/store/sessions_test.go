package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestSessionsNewestFirst(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		var ids []string // newest first
		times := map[string]time.Time{}
		for i := range 9 {
			draft := k.draft("user-" + string(rune('a'+i%3)))
			draft.Session.Provider = []string{"kora", "idnorm"}[i%2]
			draft.Another = true
			session := k.create(draft).Session
			k.say(session.ID, []idv.Status{idv.Pending, idv.InReview}[i%2])
			ids = append([]string{session.ID}, ids...)
			times[session.ID] = session.CreatedAt
			if i%2 == 1 { // two within each millisecond
				k.pass(time.Millisecond)
			}
		}
		list := func(f idv.SessionFilter) (found []string) {
			t.Helper()
			for {
				page, err := k.Sessions(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				if f.Page.Limit > 0 && len(page) > f.Page.Limit {
					t.Errorf("%d sessions, limit %d", len(page), f.Page.Limit)
				}
				for _, s := range page {
					found = append(found, s.ID)
				}
				if len(page) == 0 || f.Page.Limit == 0 {
					return found
				}
				f.Page.After = page[len(page)-1].ID
			}
		}
		only := func(keep func(i int, id string) bool) (want []string) {
			for i, id := range ids {
				if keep(len(ids)-1-i, id) {
					want = append(want, id)
				}
			}
			return want
		}
		all := func(int, string) bool { return true }
		since := times[ids[4]]
		for name, test := range map[string]struct {
			filter idv.SessionFilter
			keep   func(i int, id string) bool
		}{
			"all":      {idv.SessionFilter{}, all},
			"user":     {idv.SessionFilter{ExternalUserID: "user-b"}, func(i int, _ string) bool { return i%3 == 1 }},
			"provider": {idv.SessionFilter{Provider: "idnorm"}, func(i int, _ string) bool { return i%2 == 1 }},
			"status":   {idv.SessionFilter{Status: idv.Pending}, func(i int, _ string) bool { return i%2 == 0 }},
			"after":    {idv.SessionFilter{CreatedAfter: since}, func(_ int, id string) bool { return times[id].After(since) }},
			"both": {
				idv.SessionFilter{ExternalUserID: "user-a", Provider: "kora"},
				func(i int, _ string) bool { return i%3 == 0 && i%2 == 0 },
			},
			"none": {idv.SessionFilter{Provider: "veriff"}, func(int, string) bool { return false }},
		} {
			for _, limit := range []int{0, 1, 2, 100} {
				test.filter.Page.Limit = limit
				if got, want := list(test.filter), only(test.keep); !slices.Equal(got, want) {
					t.Errorf("%s by %d:\n got %v\nwant %v", name, limit, got, want)
				}
			}
		}
		if _, err := k.Sessions(t.Context(), idv.SessionFilter{Page: idv.Page{After: "ses_none"}}); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("after none: %v", err)
		}
	})
}

func TestSessionNotFound(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.created("user-42") // has no ref yet
		if _, err := k.Session(t.Context(), "ses_none"); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("Session: %v", err)
		}
		if _, err := k.SessionByRef(t.Context(), "kora", ""); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("SessionByRef: %v", err)
		}
	})
}

// That a create was not answered is no news once the session is known.
func TestApplyUnansweredButKnown(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		k.apply(idv.Change{SessionID: session.ID, Started: &idv.Started{Ref: "ref-1"}})
		if got := k.apply(idv.Change{SessionID: session.ID, StartUnanswered: true}); got.StartUnanswered {
			t.Errorf("%+v", got)
		}
	})
}
