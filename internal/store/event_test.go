package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// feed reads the feed from a place to its present end, two events at a time.
func (k *kit) feed(after string) []idv.Event {
	k.t.Helper()
	var all []idv.Event
	for {
		page, err := k.Events(k.t.Context(), idv.EventFilter{After: after, Limit: 2})
		if err != nil {
			k.t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all, after = append(all, page...), page[len(page)-1].ID
	}
}

func told(events []idv.Event) (lines []string) {
	for _, e := range events {
		lines = append(lines, fmt.Sprintf("%s %s v%d", e.Type, e.Status, e.Version))
	}
	return lines
}

func TestEveryChangeOfAStatusIsAnnounced(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-1")
		k.say(session.ID, idv.Pending)
		k.say(session.ID, idv.Pending) // no change
		k.say(session.ID, idv.Approved)
		notice := k.word("")
		notice.Notice = &idv.Notice{Kind: idv.NoticeFraudAlert}
		k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{notice}})
		k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{notice}}) // heard before
		odd := k.word("")
		odd.Unknown = true
		k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{odd}})
		odd.Unknown, odd.Notice = false, &idv.Notice{Kind: idv.NoticeAMLChanged}
		k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{odd}}) // understood by now
		k.pass(time.Minute)
		k.say(session.ID, idv.Declined)

		events := k.feed("")
		want := []string{
			"session.created created v1", "user.pending pending v1",
			"session.pending pending v2",
			"session.approved approved v3", "user.verified verified v2",
			"notice.fraud_alert approved v3", "notice.aml_changed approved v3",
			"session.declined declined v4", "user.revoked revoked v3",
		}
		if diff := cmp.Diff(want, told(events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for _, e := range events {
			if e.ExternalUserID != "user-1" || e.SessionID != session.ID || !id.Valid(id.Event, e.ID) || e.CreatedAt.IsZero() || !e.Type.Valid() {
				t.Errorf("%+v", e)
			}
		}
		if after := k.feed(events[4].ID); !slices.Equal(told(after), want[5:]) {
			t.Errorf("after the fifth: %v", told(after))
		}
		if _, err := k.Events(t.Context(), idv.EventFilter{After: id.New(id.Event)}); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("after an event that never was: %v", err)
		}
	})
}

func TestLapsedApprovalIsAnnounced(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-1")
		k.say(session.ID, idv.Approved)
		last := k.feed("")
		k.pass(validFor + time.Hour)
		if v := k.user("user-1"); v.Status != idv.UserExpired {
			t.Fatalf("the user is %s", v.Status)
		}
		if news := told(k.feed(last[len(last)-1].ID)); !slices.Equal(news, []string{"user.expired expired v3"}) {
			t.Errorf("announced %v", news)
		}
	})
}

// What fails is not announced.
func TestEventsAreOfTheirTransaction(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.jobs.breakDown(true)
		n := k.draft("user-1")
		n.Jobs = []idv.Job{{Kind: idv.JobExpire, ID: n.Session.ID}}
		if _, err := k.CreateSession(t.Context(), n); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		if events := k.feed(""); len(events) != 0 {
			t.Errorf("announced %v", told(events))
		}
	})
}

// A transaction that is still open may have numbered its events already. Nobody
// is shown what comes after them before they can be seen.
func TestFeedWaitsForOpenTransactions(t *testing.T) {
	k := open(t, enginetest.Postgres(t))
	g := newGate()
	k.jobs.make(g.pass)
	slow := k.draft("slow")
	slow.Jobs = []idv.Job{{Kind: idv.JobExpire, ID: slow.Session.ID}}
	done := make(chan error)
	go func() {
		_, err := k.CreateSession(t.Context(), slow)
		done <- err
	}()
	<-g.entered
	k.created("fast")
	if early := k.feed(""); len(early) != 0 {
		t.Errorf("shown too early: %v", told(early))
	}
	close(g.open)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var users []string
	for _, e := range k.feed("") {
		users = append(users, e.ExternalUserID)
	}
	if !slices.Equal(users, []string{"slow", "slow", "fast", "fast"}) {
		t.Errorf("events of %v", users)
	}
}

// However many write at once, whoever follows the feed sees every event once,
// and those of one user in order.
func TestFollowerMissesNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const users, changes = 8, 12
		var writers sync.WaitGroup
		for n := range users {
			writers.Go(func() {
				name := fmt.Sprint("user-", n)
				claim, err := k.CreateSession(t.Context(), k.draft(name))
				if err != nil {
					t.Error(err)
					return
				}
				for range changes / 2 {
					for _, status := range []idv.Status{idv.Approved, idv.Declined} {
						k.pass(time.Second)
						if _, err := k.Apply(t.Context(), idv.Change{SessionID: claim.Session.ID, Observations: []idv.Observation{k.word(status)}}); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		written := make(chan struct{})
		go func() {
			writers.Wait()
			close(written)
		}()
		var seen []idv.Event
		for last, over := "", false; ; {
			select {
			case <-written:
				over = true
			default:
			}
			news := k.feed(last)
			if seen = append(seen, news...); len(seen) > 0 {
				last = seen[len(seen)-1].ID
			}
			if over && len(news) == 0 {
				break
			}
		}
		if want := k.count("events"); len(seen) != want {
			t.Errorf("%d events were seen of %d", len(seen), want)
		}
		newest := map[string]int64{}
		for _, e := range seen {
			about := e.ExternalUserID + string(e.Type[:4])
			if e.Version <= newest[about] {
				t.Errorf("version %d of %s after %d", e.Version, about, newest[about])
			}
			newest[about] = e.Version
		}
	})
}
