package reconcile_test

import (
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/reconcile"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// schedule is one of three accounts: polite, eager and one whose decisions are
// turned round.
func schedule(interval time.Duration) reconcile.Schedule {
	return reconcile.Schedule{
		Interval: interval,
		ValidFor: 365 * 24 * time.Hour,
		Paces: map[string]idv.Pace{
			"plain": {}, "polite": {Every: 15}, "fickle": {Reverses: true},
		},
	}
}

func open() []idv.Status {
	return []idv.Status{idv.Pending, idv.InProgress, idv.Processing, idv.InReview, idv.ResubmissionRequested}
}

// session is one that moved last at noon.
func session(account string, status idv.Status) idv.Session {
	x := idv.Session{ID: "ses_1", Provider: account, Ref: "ref", State: idv.State{Status: status}, CreatedAt: noon, UpdatedAt: noon}
	if status.Decided() {
		x.State.Decision = &idv.Decision{Outcome: status, Version: 1, DecidedAt: noon}
	}
	return x
}

// The gaps as the documentation gives them, at the default interval of a minute.
func TestGapsInMinutes(t *testing.T) {
	s := schedule(0)
	for _, c := range []struct {
		account string
		status  idv.Status
		still   int // minutes since the session moved
		gap     int // minutes until it is asked about, 0 for never
	}{
		{"plain", idv.Pending, 0, 1},
		{"plain", idv.Pending, 2, 1},
		{"plain", idv.InProgress, 10, 5},
		{"plain", idv.ResubmissionRequested, 120, 60},
		{"plain", idv.InReview, 60 * 24 * 30, 60},
		{"plain", idv.Processing, 10, 5},
		{"plain", idv.Processing, 60, 15},
		{"plain", idv.Approved, 10, 0},
		{"polite", idv.Pending, 0, 15},
		{"polite", idv.Pending, 60, 30},
		{"polite", idv.InReview, 600, 60},
		{"polite", idv.Processing, 600, 15},
		{"fickle", idv.Approved, 0, 60},
		{"fickle", idv.Approved, 60 * 24, 60 * 12},
		{"fickle", idv.Approved, 60 * 24 * 100, 60 * 24 * 7},
		{"fickle", idv.Approved, 60 * 24 * 360, 0}, // it lapses before
		{"fickle", idv.Declined, 10, 0},
		{"plain", idv.Expired, 0, 0},
		{"plain", idv.Canceled, 0, 0},
		{"plain", idv.Failed, 0, 0},
		{"gone", idv.Pending, 0, 0},
	} {
		now := noon.Add(time.Duration(c.still) * time.Minute)
		want := time.Time{}
		if c.gap > 0 {
			want = now.Add(time.Duration(c.gap) * time.Minute)
		}
		if got := s.Next(session(c.account, c.status), now); !got.Equal(want) {
			t.Errorf("%s at %s, still for %d min: asked at %s, want %s", c.status, c.account, c.still, got, want)
		}
	}
	unconfirmed := session("plain", idv.Created)
	unconfirmed.Ref = ""
	if got := s.Next(unconfirmed, noon); !got.IsZero() {
		t.Errorf("a session that the provider has not confirmed is asked about at %s", got)
	}
}

// However long a session has been still: never sooner than the pace, never later
// than the bound, and ever more rarely.
func TestScheduleKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.IntRange(10, 120_000).Draw(t, "interval")) * time.Millisecond
		s := schedule(interval)
		account := rapid.SampledFrom([]string{"plain", "polite", "fickle"}).Draw(t, "account")
		status := rapid.SampledFrom(append(open(), idv.Approved)).Draw(t, "status")
		x := session(account, status)
		every, most := interval*time.Duration(max(1, s.Paces[account].Every)), 60*interval
		switch status {
		case idv.Processing:
			most = 15 * interval
		case idv.Approved:
			most = 10_080 * interval
		}
		still := rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(t, "still")
		gap := func(still time.Duration) time.Duration {
			next := s.Next(x, noon.Add(still))
			if next.IsZero() {
				return 0
			}
			return next.Sub(noon.Add(still))
		}
		short, long := gap(time.Duration(still/2)), gap(time.Duration(still))
		if status == idv.Approved && account != "fickle" {
			if long != 0 {
				t.Fatalf("an approval that nobody turns round is asked about after %s", long)
			}
			return
		}
		if long < every || long > most {
			t.Errorf("%s is asked about after %s, want %s to %s", status, long, every, most)
		}
		if short > long {
			t.Errorf("asked about more often after %s (%s) than after %s (%s)", time.Duration(still), long, time.Duration(still/2), short)
		}
	})
}

// A wish is met at once, but the same session is never asked about faster than
// the pace.
func TestSoon(t *testing.T) {
	s := schedule(time.Minute)
	for account, every := range map[string]time.Duration{"plain": time.Minute, "polite": 15 * time.Minute} {
		x := session(account, idv.Declined)
		if got := s.Soon(x, noon); !got.Equal(noon) {
			t.Errorf("%s, never asked: %s", account, got)
		}
		x.AskedAt = noon.Add(-time.Second)
		if got := s.Soon(x, noon); !got.Equal(x.AskedAt.Add(every)) {
			t.Errorf("%s, asked a second ago: %s", account, got)
		}
		x.AskedAt = noon.Add(-time.Hour)
		if got := s.Soon(x, noon); !got.Equal(noon) {
			t.Errorf("%s, asked an hour ago: %s", account, got)
		}
	}
}

// What is not answered is asked again more and more rarely; what is refused
// seldom, and not at all where only a wish asked.
func TestUnansweredQuestionsGrowRare(t *testing.T) {
	s := schedule(time.Minute)
	for _, x := range []idv.Session{session("plain", idv.Pending), session("plain", idv.Expired), session("plain", idv.Approved)} {
		at, asked := noon, 0
		for at.Before(noon.Add(24 * time.Hour)) {
			next := s.Retry(x, at)
			if gap := next.Sub(at); gap < time.Minute || gap > time.Hour {
				t.Fatalf("%s is asked about again after %s", x.State.Status, gap)
			}
			at = next
			asked++
		}
		if asked > 40 {
			t.Errorf("%s was asked about %d times in a day", x.State.Status, asked)
		}
	}
	at, asked := noon, 0
	for ; at.Before(noon.Add(30 * 24 * time.Hour)); asked++ {
		at = s.Refused(session("plain", idv.InReview), at)
	}
	if asked > 15 {
		t.Errorf("a session that the provider does not know was asked about %d times in a month", asked)
	}
	for _, status := range []idv.Status{idv.Expired, idv.Declined, idv.Approved} {
		if got := s.Refused(session("plain", status), noon); !got.IsZero() {
			t.Errorf("%s is asked about again at %s though it was refused", status, got)
		}
	}
}

func TestTick(t *testing.T) {
	for interval, want := range map[time.Duration]time.Duration{
		time.Hour: time.Second, time.Minute: time.Second, time.Second: 200 * time.Millisecond, 20 * time.Millisecond: 10 * time.Millisecond, 0: time.Second,
	} {
		if got := reconcile.Tick(reconcile.Schedule{Interval: interval}); got != want {
			t.Errorf("at %s it is looked every %s, want %s", interval, got, want)
		}
	}
}
