package inbox_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/inbox"
)

// A rehearsal tells what the replay then does, whatever was corrected.
func TestRehearsalTellsWhatAReplayDoes(t *testing.T) {
	at := time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)
	word := func(ref idv.Ref, s idv.Status) idv.Update {
		return idv.Update{Ref: ref, ProviderStatus: "word", Status: s, OccurredAt: at}
	}
	dated := func(u idv.Update, minutes int) idv.Update {
		u.OccurredAt = at.Add(time.Duration(minutes) * time.Minute)
		return u
	}
	unknown := idv.Update{Ref: "a", ProviderStatus: "word", Unknown: true, Why: "no such word"}
	type bodies map[string][]idv.Update
	for name, c := range map[string]struct {
		first, corrected bodies
		status           idv.Status // of the session a
		version          int
		user             idv.UserStatus
		different        int
	}{
		"a word that was unknown":  {bodies{"1": {unknown}}, bodies{"1": {word("a", idv.Approved)}}, idv.Approved, 1, idv.UserVerified, 1},
		"a body that was not read": {bodies{"1": nil}, bodies{"1": {word("a", idv.Declined)}}, idv.Declined, 1, idv.UserRejected, 1},
		"a word that meant something else": {
			bodies{"1": {word("a", idv.Approved)}}, bodies{"1": {word("a", idv.InReview)}}, idv.InReview, 0, idv.UserInReview, 1,
		},
		"two decisions whose times were not read": {
			bodies{"1": {dated(word("a", idv.Declined), 0)}, "2": {dated(word("a", idv.Approved), 0)}},
			bodies{"1": {dated(word("a", idv.Declined), 1)}, "2": {dated(word("a", idv.Approved), 2)}},
			idv.Approved, 2, idv.UserVerified, 2,
		},
		"two deliveries that are read for the first time": {
			bodies{"1": {unknown}, "2": {unknown}, "3": {word("a", idv.InReview)}},
			bodies{"1": {dated(word("a", idv.Approved), 1)}, "2": {dated(word("a", idv.Declined), 2)}, "3": {word("a", idv.InReview)}},
			idv.Declined, 2, idv.UserRevoked, 2,
		},
		"it says less than it was read to say": {
			bodies{"1": {word("a", idv.InReview), word("a", idv.Approved)}}, bodies{"1": {word("a", idv.InReview)}}, idv.InReview, 0, idv.UserInReview, 1,
		},
		"it says something in another place": {
			bodies{"1": {word("a", idv.InReview), word("a", idv.Approved)}}, bodies{"1": {word("a", idv.Approved)}}, idv.Approved, 1, idv.UserVerified, 1,
		},
		"it is about another session": {
			bodies{"1": {word("b", idv.Approved)}}, bodies{"1": {word("a", idv.Approved)}}, idv.Approved, 1, idv.UserVerified, 1,
		},
		"it was about this session by mistake": {
			bodies{"1": {word("a", idv.Approved)}}, bodies{"1": {word("b", idv.Approved)}}, idv.Pending, 0, idv.UserPending, 1,
		},
		"it was about a session of ours by mistake": {
			bodies{"1": {word("a", idv.Approved)}}, bodies{"1": {word("nobody's", idv.Approved)}}, idv.Pending, 0, idv.UserPending, 1,
		},
		"it cannot be read at all": {bodies{"1": {word("a", idv.Approved)}}, bodies{"1": nil}, idv.Pending, 0, idv.UserPending, 1},
		"nothing was corrected": {
			bodies{"1": {word("a", idv.Approved)}, "2": nil}, bodies{"1": {word("a", idv.Approved)}, "2": nil}, idv.Approved, 1, idv.UserVerified, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				a := w.session("user-a", "a")
				w.session("user-b", "b")
				for _, body := range slices.Sorted(maps.Keys(c.first)) {
					w.comes(body, c.first[body]...)
				}
				before, userBefore := w.state(a.ID), w.user("user-a")
				delete(w.table.updates, "1")
				for body, updates := range c.corrected {
					if updates != nil {
						w.table.updates[body] = updates
					}
				}
				told, sum := w.rehearse(idv.DeliveryFilter{})
				if sum.Deliveries != len(c.first) || sum.Different != c.different {
					t.Errorf("sum %+v", sum)
				}
				if n := w.replay(idv.DeliveryFilter{}); n != len(c.first) {
					t.Errorf("%d deliveries were queued", n)
				}
				state, user := w.state(a.ID), w.user("user-a")
				version := 0
				if state.Decision != nil {
					version = state.Decision.Version
				}
				if state.Status != c.status || version != c.version || user.Status != c.user {
					t.Errorf("the session is %s, version %d, the user %s", state.Status, version, user.Status)
				}
				// What was told is what came.
				var changes []inbox.Turn
				for _, d := range told {
					if d.SessionID == a.ID {
						changes = d.Changes
					}
					if text, err := json.Marshal(d); err != nil || strings.Contains(string(text), "user-") {
						t.Errorf("told %s, %v", text, err)
					}
				}
				want := func(field, before, now string) {
					if before == now {
						now = "unchanged"
					}
					if got := after(changes, field); got != now {
						t.Errorf("%s was told to be %q, it is %q", field, got, now)
					}
				}
				want("status", string(before.Status), string(state.Status))
				want("user", string(userBefore.Status), string(user.Status))
				if again, sum := w.rehearse(idv.DeliveryFilter{}); len(again) != 0 || sum.Different != 0 {
					t.Errorf("after the replay there would still be %+v", again)
				}
				// A delivery that is worked again ends as it is read, and once more
				// changes nothing.
				settled := w.dump()
				w.replay(idv.DeliveryFilter{})
				for _, table := range []string{"sessions", "observations", "users"} {
					if diff := cmp.Diff(settled[table], w.dump()[table]); diff != "" {
						t.Errorf("another replay changed %s: %s", table, diff)
					}
				}
				for _, d := range w.deliveries() {
					if d.State == idv.DeliveryReceived {
						t.Errorf("delivery %+v", d)
					}
				}
			})
		})
	}
}

// What a delivery does not say any more stays in the timeline and counts no more.
func TestWhatADeliveryNoLongerSaysIsToldAsSuch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.session("user-a", "a")
		w.comes("1", idv.Update{Ref: "a", Status: idv.InReview}, idv.Update{Ref: "a", Status: idv.Approved, ProviderStatus: "fine"})
		w.table.updates["1"] = w.table.updates["1"][:1]
		w.replay(idv.DeliveryFilter{})
		heard, err := w.store.Observations(t.Context(), x.ID)
		must(t, err)
		last := heard[len(heard)-1]
		if len(heard) != 3 || last.Status != "" || last.ProviderStatus != "fine" || !strings.Contains(last.Why, "any more") {
			t.Errorf("heard %+v", heard)
		}
		// It says so again.
		w.table.updates["1"] = append(w.table.updates["1"], idv.Update{Ref: "a", Status: idv.Approved})
		w.replay(idv.DeliveryFilter{})
		if got := w.state(x.ID); got.Status != idv.Approved {
			t.Errorf("state %+v", got)
		}
	})
}

// Only what is chosen is read and queued.
func TestReplayChooses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.session("user-a", "a")
		w.session("user-b", "b")
		first := w.comes("1", idv.Update{Ref: "a", Status: idv.InReview})
		w.comes("2", idv.Update{Ref: "b", Status: idv.InReview})
		w.now = w.now.Add(time.Hour)
		parked := w.comes("3")
		for name, c := range map[string]struct {
			filter idv.DeliveryFilter
			want   int
		}{
			"all":          {idv.DeliveryFilter{}, 3},
			"a state":      {idv.DeliveryFilter{State: idv.DeliveryParked}, 1},
			"a provider":   {idv.DeliveryFilter{Provider: "acme"}, 3},
			"another":      {idv.DeliveryFilter{Provider: "other"}, 0},
			"a session":    {idv.DeliveryFilter{SessionID: x.ID}, 1},
			"a delivery":   {idv.DeliveryFilter{ID: first}, 1},
			"since then":   {idv.DeliveryFilter{Since: w.delivery(parked).ReceivedAt}, 1},
			"after then":   {idv.DeliveryFilter{Since: w.delivery(parked).ReceivedAt.Add(time.Millisecond)}, 0},
			"both at odds": {idv.DeliveryFilter{ID: first, State: idv.DeliveryParked}, 0},
		} {
			if _, sum := w.rehearse(c.filter); sum.Deliveries != c.want {
				t.Errorf("%s: %d deliveries were read, want %d", name, sum.Deliveries, c.want)
			}
			if n := w.replay(c.filter); n != c.want {
				t.Errorf("%s: %d deliveries were queued, want %d", name, n, c.want)
			}
		}
	})
}

// A rehearsal says where a provider would be asked, which it does not do.
func TestRehearsalTellsOfFetches(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.session("user-a", "a")
		w.comes("1", idv.Update{Ref: "a", Status: idv.InReview})
		w.table.updates["1"] = []idv.Update{{Ref: "a", Status: idv.Approved, Partial: true}}
		told, sum := w.rehearse(idv.DeliveryFilter{})
		if sum.Fetches != 1 || len(told) != 1 || !told[0].Deliveries[0].Fetch || after(told[0].Changes, "status") != "pending" {
			t.Errorf("told %+v, sum %+v", told, sum)
		}
	})
}

// Every delivery that waits for somebody says what for.
func TestParkedAndUnmatchedSayWhy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.session("user-a", "a")
		elsewhere := w.session("user-b", "b")
		for name, c := range map[string]struct {
			updates []idv.Update
			state   idv.DeliveryState
			words   []string
		}{
			"unreadable":      {nil, idv.DeliveryParked, []string{"cannot be read", "not in the table"}},
			"nothing":         {[]idv.Update{}, idv.DeliveryParked, []string{"about a session"}},
			"no session":      {[]idv.Update{{EventType: "ping", ProviderStatus: "odd"}}, idv.DeliveryParked, []string{"names no session", "ping", "odd"}},
			"unknown":         {[]idv.Update{{Ref: "a", Unknown: true, EventType: "status", ProviderStatus: "levitated"}}, idv.DeliveryParked, []string{"status", "levitated"}},
			"unknown and why": {[]idv.Update{{Ref: "a", Unknown: true, Why: "code 7 is new"}}, idv.DeliveryParked, []string{"code 7 is new"}},
			"nobody's":        {[]idv.Update{{Ref: "z"}}, idv.DeliveryUnmatched, []string{"acme", `"z"`}},
			"nobody's of ours": {
				[]idv.Update{{Ref: "z", SessionID: "ses_01kagt2f6pe4mrt1qq3g1c2s8f"}}, idv.DeliveryUnmatched, []string{`"z"`, "ses_01kagt2f6pe4mrt1qq3g1c2s8f"},
			},
			"known otherwise": {[]idv.Update{{Ref: "z", SessionID: x.ID}}, idv.DeliveryUnmatched, []string{x.ID, "acme", `"z"`}},
			"one of two":      {[]idv.Update{{Ref: "b", Status: idv.InReview}, {Ref: "z"}}, idv.DeliveryUnmatched, []string{`"z"`}},
		} {
			id := w.comes(name, c.updates...)
			d := w.delivery(id)
			if d.State != c.state {
				t.Errorf("%s: %s", name, d.State)
			}
			for _, word := range c.words {
				if !strings.Contains(d.Reason, word) {
					t.Errorf("%s: %q does not tell %q", name, d.Reason, word)
				}
			}
		}
		if got := w.state(elsewhere.ID).Status; got != idv.InReview {
			t.Errorf("what could be matched was not applied: %s", got)
		}
	})
}

// A provider that is not configured any more takes nothing back of what it said.
func TestWhatWasReadStandsWithoutTheProvider(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.session("user-a", "a")
		id := w.comes("1", idv.Update{Ref: "a", Status: idv.Approved, EventType: "decision"})
		w.Providers = nil
		told, _ := w.rehearse(idv.DeliveryFilter{})
		if len(told) != 1 || after(told[0].Deliveries[0].Changes, "state") != "parked" {
			t.Errorf("told %+v", told)
		}
		w.replay(idv.DeliveryFilter{})
		if d := w.delivery(id); d.State != idv.DeliveryParked || !strings.Contains(d.Reason, `"acme"`) || d.EventType != "decision" || d.SessionID != x.ID {
			t.Errorf("delivery %+v", d)
		}
		if got := w.state(x.ID).Status; got != idv.Approved {
			t.Errorf("the session is %s", got)
		}
	})
}
