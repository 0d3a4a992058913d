package app

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers"
)

// Order and repetition never matter: every recording is delivered in every
// order up to five webhooks, and in random orders beyond, with duplicates and
// replays in between. All of them end where the recording's want.json says, and
// none passes through a status that nothing supports.
//
// Each recording is played in all of its orders on PostgreSQL, and in a few of
// them, other ones each time, on SQLite, which the race detector makes slow.
//
// No recording has the same bytes twice: nobody could tell then whether a thing
// happened again or was only told again. The provider is asked in that case.
func TestOrderAndRepetitionNeverMatter(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		dice := rand.New(rand.NewPCG(seed, seed))
		w := startStudio(t, databaseURL, openDesk(t))
		log := keepAnnals(t, w.app.store.DB(), databaseURL)
		var plays []*performance
		for _, r := range recordings(t) {
			list := orders(len(r.webhooks), dice)
			if isSQLite(databaseURL) {
				dice.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				list = list[:min(len(list), fewOrders)]
			}
			for _, order := range list {
				plays = append(plays, newPerformance(r, order, dice, len(plays)))
			}
		}
		everyProvider(t, plays)
		t.Logf("%d sessions", len(plays))
		// A few at a time: their times are those of a moment ago.
		for some := range slices.Chunk(plays, 150) {
			must(t, atOnce(some, func(p *performance) (err error) {
				p.cast, err = w.begin(p.recording, fmt.Sprintf("user-%d", p.number))
				return err
			}))
			for _, together := range []bool{false, true} {
				w.perform(some, together)
			}
		}

		past, approvals := log.sessions(), log.approvals()
		must(t, atOnce(plays, func(p *performance) error {
			log.checkPast(p.String(), past[p.cast.session], p.want.Through, approvals[p.cast.session])
			if err := w.checkTimeline(p.cast.session, past[p.cast.session]); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
			return w.checkEnd(p)
		}))
		log.checkUsers()
	})
}

func everyProvider(t *testing.T, plays []*performance) {
	t.Helper()
	sets := map[string]map[string]bool{}
	for _, p := range plays {
		if sets[p.provider] == nil {
			sets[p.provider] = map[string]bool{}
		}
		sets[p.provider][p.name] = true
	}
	for _, entry := range providers.All() {
		if n := len(sets[entry.Adapter.Name]); n < 5 {
			t.Errorf("%d recordings of %s", n, entry.Adapter.Name)
		}
	}
}

const (
	randomOrders = 20 // of more than five webhooks
	fewOrders    = 3
)

// orders gives every order of n things up to five, and random ones beyond.
func orders(n int, dice *rand.Rand) [][]int {
	if n > 5 {
		list := make([][]int, randomOrders)
		for i := range list {
			list[i] = dice.Perm(n)
		}
		return list
	}
	list := [][]int{{}}
	for next := range n {
		var longer [][]int
		for _, order := range list {
			for at := range len(order) + 1 {
				longer = append(longer, slices.Insert(slices.Clone(order), at, next))
			}
		}
		list = longer
	}
	return list
}

// performance is a recording in one order.
type performance struct {
	recording
	number int
	order  []int
	steps  []step
	// together: nothing is worked before everything was delivered, and then
	// several things at once.
	together bool
	cast     cast
}

// step is one call at the door: a webhook is delivered, for the first time or
// again, or replayed.
type step struct {
	webhook int
	replay  bool
}

func newPerformance(r recording, order []int, dice *rand.Rand, number int) *performance {
	p := &performance{recording: r, number: number, order: order, together: dice.IntN(4) == 0}
	for i, webhook := range order {
		p.steps = append(p.steps, step{webhook: webhook})
		for _, replay := range []bool{false, true} {
			if dice.IntN(4) == 0 {
				p.steps = append(p.steps, step{webhook: order[dice.IntN(i+1)], replay: replay})
			}
		}
	}
	return p
}

func (p *performance) String() string {
	return fmt.Sprintf("%s/%s in the order %v (steps %v, together %t)", p.provider, p.name, p.order, p.steps, p.together)
}

// perform takes all sessions through their steps, side by side.
func (w *studio) perform(plays []*performance, together bool) {
	w.t.Helper()
	mine := slices.DeleteFunc(slices.Clone(plays), func(p *performance) bool { return p.together != together })
	for round := 0; ; round++ {
		now := slices.DeleteFunc(slices.Clone(mine), func(p *performance) bool { return len(p.steps) <= round })
		if len(now) > 0 {
			must(w.t, atOnce(now, func(p *performance) error { return w.step(p, p.steps[round]) }))
		}
		if len(now) == 0 || !together {
			must(w.t, w.errands.work(w.t.Context(), w.app, time.Now().Add(3*time.Second), idv.JobDelivery, idv.JobFetch))
		}
		if len(now) == 0 {
			return
		}
	}
}

func (w *studio) step(p *performance, s step) error {
	webhook, err := w.webhook(p.recording, s.webhook, p.cast)
	if err != nil {
		return err
	}
	if s.replay {
		return w.replay(webhook)
	}
	return w.send(webhook)
}

// checkEnd holds where a session and its user ended against what is wanted.
func (w *studio) checkEnd(p *performance) error {
	session, err := w.try("GET", "/v1/sessions/"+p.cast.session, nil)
	if err != nil {
		return err
	}
	user, err := w.try("GET", "/v1/users/"+p.cast.user+"/verification", nil)
	if err != nil {
		return err
	}
	got := wanted{About: p.want.About, Status: session.text("status"), User: user.text("status"), Through: p.want.Through, Reasons: []string{}}
	if decision, ok := session.at("decision").(map[string]any); ok {
		got.Decision = maps.Clone(decision)
		delete(got.Decision, "decidedAt")
	}
	for _, reason := range session.list("reasons") {
		code, _ := reason["code"].(string)
		got.Reasons = append(got.Reasons, code)
	}
	slices.Sort(got.Reasons)
	if diff := cmp.Diff(p.want, got); diff != "" {
		timeline, _ := w.try("GET", "/v1/sessions/"+p.cast.session+"/timeline", nil)
		w.t.Errorf("%s ends elsewhere (-want +got):\n%s\n%s", p, diff, timeline.raw)
	}
	return nil
}
