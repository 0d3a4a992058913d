package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// running is a session that the provider has.
func (k *kit) running(user string) idv.Session {
	k.t.Helper()
	x := k.created(user)
	return k.apply(idv.Change{
		SessionID: x.ID,
		Started:   &idv.Started{Ref: idv.Ref("ref-" + user)},
		Observations: []idv.Observation{{
			Fingerprint: "create", Source: idv.SourceCreate, HeardAt: k.now(), Status: idv.Pending,
		}},
	})
}

// plenty asks for more questions than there are.
var plenty = idv.Ration{Provider: "kora", Most: 1000, Lease: 15 * time.Second}

func (k *kit) take(r idv.Ration) []idv.Question {
	k.t.Helper()
	taken, err := k.TakeQuestions(k.t.Context(), r)
	if err != nil {
		k.t.Fatalf("TakeQuestions: %v", err)
	}
	return taken.List
}

// asked lists which sessions are to be asked about now.
func (k *kit) asked() []string {
	k.t.Helper()
	var ids []string
	for _, q := range k.take(plenty) {
		ids = append(ids, q.Session.ID)
	}
	slices.Sort(ids)
	return ids
}

// answer is what the provider says to a question of now.
func (k *kit) answer(id string, status idv.Status) idv.Session {
	k.t.Helper()
	o := k.word(status)
	o.Source = idv.SourceFetch
	return k.apply(idv.Change{SessionID: id, Observations: []idv.Observation{o}})
}

func TestSessionIsAskedAboutWhileItIsOpen(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		k.created("unconfirmed")
		x := k.running("user-1")
		if got := k.asked(); len(got) != 0 {
			t.Fatalf("asked about %v before its time", got)
		}
		k.pass(time.Minute)
		if got := k.asked(); !slices.Equal(got, []string{x.ID}) {
			t.Fatalf("asked about %v, want %s", got, x.ID)
		}
		if got := k.asked(); len(got) != 0 {
			t.Fatalf("asked about %v twice", got)
		}
		// An answer that changes nothing plans the next question.
		k.answer(x.ID, idv.Pending)
		k.pass(time.Minute - time.Millisecond)
		if got := k.asked(); len(got) != 0 {
			t.Fatalf("asked about %v before its time", got)
		}
		k.pass(time.Millisecond)
		if got := k.asked(); len(got) != 1 {
			t.Fatalf("asked about %v, want %s", got, x.ID)
		}
		k.answer(x.ID, idv.Approved)
		k.pass(365 * 24 * time.Hour)
		if got := k.asked(); len(got) != 0 {
			t.Errorf("asked about %v though it is decided", got)
		}
	})
}

// A process that dies with a question at hand loses nothing.
func TestLeaseThatRunsOutIsTakenAgain(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		x := k.running("user-1")
		k.pass(time.Hour)
		first := k.take(plenty)
		if len(first) != 1 || first[0].Session.ID != x.ID || first[0].Session.Ref != x.Ref || !first[0].Until.Equal(kept(k.now()).Add(plenty.Lease)) {
			t.Fatalf("took %+v", first)
		}
		k.pass(plenty.Lease - time.Millisecond)
		if got := k.asked(); len(got) != 0 {
			t.Fatalf("asked about %v during the lease", got)
		}
		k.pass(time.Millisecond)
		if got := k.asked(); len(got) != 1 {
			t.Fatalf("asked about %v after the lease", got)
		}
	})
}

func TestMostOverdueIsAskedAboutFirst(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		var want []string
		for i := range 5 {
			want = append(want, k.running(fmt.Sprint("user-", i)).ID)
			k.pass(time.Second)
		}
		if b, err := k.QuestionBacklog(t.Context(), "kora"); err != nil || b != (idv.QuestionBacklog{}) {
			t.Fatalf("backlog %+v, %v", b, err)
		}
		k.pass(time.Minute)
		b, err := k.QuestionBacklog(t.Context(), "kora")
		if err != nil || b != (idv.QuestionBacklog{Due: 5, Overdue: 5 * time.Second}) {
			t.Errorf("backlog %+v, %v", b, err)
		}
		few := plenty
		few.Most = 2
		var got []string
		for len(got) < len(want) {
			for _, q := range k.take(few) {
				got = append(got, q.Session.ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("asked about %v, want %v", got, want)
		}
	})
}

// Two replicas that take at once never take the same session.
func TestReplicasShareTheQuestions(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		replicas := []*kit{open(t, url), open(t, url)}
		const sessions = 40
		for i := range sessions {
			replicas[i%2].running(fmt.Sprint("user-", i))
		}
		for _, k := range replicas {
			k.pass(time.Hour)
		}
		few := plenty
		few.Most = 3
		var mu sync.Mutex
		taken := map[string]int{}
		done := func() bool { mu.Lock(); defer mu.Unlock(); return len(taken) == sessions }
		var work sync.WaitGroup
		for _, k := range replicas {
			work.Go(func() {
				for !done() && t.Context().Err() == nil {
					got, err := k.TakeQuestions(t.Context(), few)
					if err != nil {
						t.Errorf("TakeQuestions: %v", err)
						return
					}
					mu.Lock()
					for _, q := range got.List {
						taken[q.Session.ID]++
					}
					mu.Unlock()
				}
			})
		}
		work.Wait()
		for id, n := range taken {
			if n != 1 {
				t.Errorf("%s was taken %d times", id, n)
			}
		}
	})
}

// However many replicas take, an account is asked no more than its limit within
// any minute, and half of that on average.
func TestBudgetIsSharedByReplicas(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		replicas := []*kit{open(t, url), open(t, url)}
		for i := range 30 {
			replicas[0].running(fmt.Sprint("user-", i))
		}
		// 6 a minute: 3 at once, and one each 20 s.
		r := idv.Ration{Provider: "kora", Most: 8, Every: 20 * time.Second, Burst: 3, Lease: time.Second}
		var at []time.Duration
		clock := time.Duration(0)
		pass := func(d time.Duration) {
			clock += d
			for _, k := range replicas {
				k.pass(d)
			}
		}
		pass(time.Hour)
		began := clock
		for clock < began+10*time.Minute {
			for _, k := range replicas {
				for range k.take(r) {
					at = append(at, clock-began)
				}
			}
			pass(500 * time.Millisecond)
		}
		// 3 at once, then 3 a minute for ten minutes.
		if len(at) != 3+29 {
			t.Errorf("%d questions in ten minutes, want 32", len(at))
		}
		for i, first := range at {
			n := 0
			for _, other := range at[i:] {
				if other < first+time.Minute {
					n++
				}
			}
			if n > 6 {
				t.Errorf("%d questions in the minute from %s", n, first)
			}
		}
	})
}

// An account in trouble is asked by nobody for a while, and then by one.
func TestPauseIsForAllReplicas(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, url string) {
		a, b := open(t, url), open(t, url)
		pass := func(d time.Duration) { a.pass(d); b.pass(d) }
		for i := range 5 {
			a.running(fmt.Sprint("user-", i))
		}
		pass(time.Hour)
		one := plenty
		one.Most = 1
		q := a.take(one)[0]
		var failures []int
		pause := func(n int) time.Duration { failures = append(failures, n); return time.Minute }
		for range 2 {
			if err := a.Pause(t.Context(), "kora", pause); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(failures, []int{1, 2}) {
			t.Errorf("failures were counted as %v", failures)
		}
		if err := a.PostponeQuestion(t.Context(), q, a.now().Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute - time.Millisecond)
		if got := b.take(plenty); len(got) != 0 {
			t.Fatalf("%d questions during the pause", len(got))
		}
		pass(time.Millisecond)
		probe, err := b.TakeQuestions(t.Context(), plenty)
		if err != nil || len(probe.List) != 1 || probe.Failures != 2 || probe.List[0].Session.ID == q.Session.ID {
			t.Fatalf("after the pause: %+v, %v", probe, err)
		}
		if got := a.take(plenty); len(got) != 0 {
			t.Fatalf("%d questions while one is out to see", len(got))
		}
		if err := b.Resume(t.Context(), "kora", 1); err != nil { // of before the second failure
			t.Fatal(err)
		}
		if got := a.take(plenty); len(got) != 0 {
			t.Fatalf("%d questions, though it failed since", len(got))
		}
		if err := b.Resume(t.Context(), "kora", probe.Failures); err != nil {
			t.Fatal(err)
		}
		if got := a.take(plenty); len(got) != 3 {
			t.Errorf("%d questions after the trouble, want the other 3", len(got))
		}
	})
}

// What was scheduled anew while a question was out is not postponed by its end.
func TestPostponingTouchesOnlyOnesOwnQuestion(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		x := k.running("user-1")
		k.pass(time.Hour)
		q := k.take(plenty)[0]
		k.say(x.ID, idv.Processing)
		if err := k.PostponeQuestion(t.Context(), q, k.now().Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		k.pass(time.Minute)
		q = k.take(plenty)[0]
		if err := k.PostponeQuestion(t.Context(), q, time.Time{}); err != nil {
			t.Fatal(err)
		}
		k.pass(24 * time.Hour)
		if got := k.asked(); len(got) != 0 {
			t.Errorf("asked about %v, which is not to be asked about any more", got)
		}
	})
}

// Any number of wishes is one question, also about a session that nobody would
// ask about otherwise.
func TestWishes(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		x := k.running("user-1")
		d := idv.Delivery{ID: "whd_1", Provider: "kora", Digest: "digest", State: idv.DeliveryReceived, ReceivedAt: k.now()}
		if _, err := k.SaveDelivery(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		k.apply(idv.Change{
			SessionID: x.ID, Observations: []idv.Observation{k.word(idv.Declined)},
			Delivery: &idv.DeliveryOutcome{ID: d.ID, State: idv.DeliveryProcessed, SessionID: x.ID},
		})
		wish := func() {
			t.Helper()
			if err := k.AskAgain(t.Context(), "kora", "digest"); err != nil {
				t.Fatal(err)
			}
		}
		k.pass(time.Hour)
		if got := k.asked(); len(got) != 0 {
			t.Fatalf("asked about %v without a wish", got)
		}
		for range 3 {
			wish()
		}
		if got := k.asked(); !slices.Equal(got, []string{x.ID}) {
			t.Fatalf("asked about %v, want %s", got, x.ID)
		}
		// The answer to that question may be older than this wish.
		k.pass(time.Second)
		wish()
		k.answer(x.ID, idv.Declined)
		k.pass(time.Minute - time.Second - time.Millisecond)
		if got := k.asked(); len(got) != 0 {
			t.Fatalf("asked about %v faster than the pace", got)
		}
		k.pass(time.Millisecond)
		if got := k.asked(); len(got) != 1 {
			t.Fatalf("asked about %v, the second wish was lost", got)
		}
		k.answer(x.ID, idv.Declined)
		k.pass(time.Hour)
		if got := k.asked(); len(got) != 0 {
			t.Errorf("asked about %v though nobody wishes it", got)
		}
		k.apply(idv.Change{SessionID: x.ID, Ask: true})
		if got := k.asked(); len(got) != 1 {
			t.Errorf("asked about %v, the wish of a change was lost", got)
		}
		if n := len(k.queued(idv.JobFetch)); n != 0 {
			t.Errorf("%d jobs for wishes", n)
		}
	})
}

// Being asked about over and over does not make a session's history grow.
func TestRepeatedAnswersAreNotKept(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		x := k.running("user-1")
		for range 5 {
			k.pass(time.Hour)
			k.answer(x.ID, idv.InReview)
		}
		if n := k.count("observations"); n != 2 {
			t.Errorf("%d observations of a create and one answer", n)
		}
		if differs, err := k.Recompute(t.Context()); err != nil || len(differs) != 0 {
			t.Errorf("Recompute = %v, %v", differs, err)
		}
	})
}
