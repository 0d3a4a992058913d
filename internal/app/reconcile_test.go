package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers"
)

// calls counts the calls of each provider's own API.
type calls struct {
	next http.Handler
	mu   sync.Mutex
	of   map[string]int
}

func (c *calls) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, emulatorPath+"/"); ok {
		if name, path, _ := strings.Cut(rest, "/"); !strings.HasPrefix(path, "_") {
			c.mu.Lock()
			c.of[name]++
			c.mu.Unlock()
		}
	}
	c.next.ServeHTTP(w, r)
}

func (c *calls) count(provider string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[provider]
}

// often is an interval that tests can wait for.
const often = 60 * time.Millisecond

func everyInterval(d time.Duration) func(*config.Config) {
	return func(c *config.Config) { c.ReconcileInterval = d }
}

// deaf starts a world in which no webhook of any provider ever comes.
func deaf(t *testing.T, databaseURL string, change ...func(*config.Config)) *world {
	w := start(t, databaseURL, append([]func(*config.Config){everyInterval(often)}, change...)...)
	for _, entry := range providers.All() {
		w.emulator("PUT", entry.Adapter.Name, "/_faults", map[string]any{"webhook": map[string]any{"drop": true}})
	}
	return w
}

// turn is one thing that happens at a provider, to a session in one status, and
// what it makes of the user.
type turn struct {
	outcome string
	was     idv.Status
	user    string
}

// lives are what happens to sessions of a provider, by a name for each.
func (w *world) lives(provider string) map[string][]turn {
	lives := map[string][]turn{
		"approved": {{"approve", idv.Pending, "verified"}},
		"declined": {{"decline", idv.Pending, "rejected"}},
		"reviewed": {{"review", idv.Pending, "in_review"}, {"approve", idv.InReview, "verified"}},
	}
	if slices.Contains([]string{"idnorm", "veriff"}, provider) { // the others have no such thing, or do not tell
		lives["again"] = []turn{{"resubmit", idv.Pending, "action_required"}, {"approve", idv.ResubmissionRequested, "verified"}}
	}
	if w.app.accounts.paces()[provider].Reverses {
		lives["reversed"] = []turn{{"approve", idv.Pending, "verified"}, {"decline", idv.Approved, "revoked"}}
	}
	return lives
}

// With every webhook lost, each session still gets to where it belongs, and in
// the time that is documented for the status that it was in. A machine that is
// busy with other tests gets a lot on top.
func TestEveryWebhookIsLost(t *testing.T) {
	const slack = 45 * time.Second
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := deaf(t, databaseURL)
		type life struct {
			session answer
			turns   []turn
		}
		var lives []life
		for _, entry := range providers.All() {
			for name, turns := range w.lives(entry.Adapter.Name) {
				lives = append(lives, life{w.create(name+"-"+entry.Adapter.Name, entry.Adapter.Name), turns})
			}
		}
		schedule := w.app.accounts.schedule(w.app.config)
		for n := range 2 {
			lives = slices.DeleteFunc(lives, func(l life) bool { return len(l.turns) <= n })
			for _, l := range lives {
				w.decide(l.session, l.turns[n].outcome)
			}
			began := time.Now()
			for _, l := range lives {
				user, turn := l.session.text("externalUserId"), l.turns[n]
				w.awaitUser(user, turn.user)
				gap, asked := schedule.Gap(l.session.text("provider"), turn.was)
				if took := time.Since(began); !asked || took > gap.Most+slack {
					t.Errorf("%s was %s and became %s after %s, documented are %s", user, turn.was, turn.user, took, gap.Most)
				}
			}
			w.awaitSecond() // so that clocks that show seconds can tell the next turn from this one
		}
		if n := len(w.deliveries("")); n != 0 {
			t.Errorf("%d webhooks came all the same", n)
		}
	})
}

// An approval that lapses is written down by itself, once.
func TestApprovalLapsesByItself(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, everyInterval(often), func(c *config.Config) { c.ValidFor = 1500 * time.Millisecond })
		session := w.create("user-1", "kora")
		w.decide(session, "approve")
		// The row itself: reading the user through the API would write it.
		eventually(t, "the approval lapses", func() bool { return scan[string](w, "SELECT status FROM users")[0] == "expired" })
		var told []any
		for _, e := range w.feed("200") {
			if kind := e["type"]; kind == "user.verified" || kind == "user.expired" {
				told = append(told, kind)
			}
		}
		if want := []any{"user.verified", "user.expired"}; !slices.Equal(told, want) {
			t.Errorf("told were %v", told)
		}
	})
}

// A link ends by itself, and what the user did in its last moment counts.
func TestLinkExpiresByItself(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		// The interval is too long for the schedule to come across the decision.
		w := deaf(t, databaseURL, everyInterval(time.Hour))
		left, done := w.create("left", "idnorm"), w.create("done", "idnorm")
		soon := time.Now().Add(time.Second).UTC().Truncate(time.Millisecond)
		for _, x := range []answer{left, done} {
			_, err := w.app.store.Apply(t.Context(), idv.Change{
				SessionID: x.text("id"), Started: &idv.Started{ExpiresAt: soon},
				Jobs: []idv.Job{{Kind: idv.JobExpire, ID: x.text("id"), RunAt: soon}},
			})
			must(t, err)
		}
		w.decide(done, "approve")
		w.awaitUser("done", "verified")
		eventually(t, "the link has expired", func() bool { return w.session(left.text("id")).text("status") == "expired" })
		if late := time.Since(soon); late > 15*time.Second {
			t.Errorf("it expired %s late", late)
		}
	})
}

// A provider that is down, or asked too often, is left alone for a while, and what
// happened there meanwhile is heard of afterwards.
func TestProviderInTroubleIsNotHammered(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		for name, fault := range map[string]map[string]any{
			"it is down":            {"status": 500},
			"it is asked too often": {"status": 429, "retryAfter": 2},
		} {
			t.Run(name, func(t *testing.T) {
				w := *deaf(t, databaseURL)
				w.t = t
				const sessions = 6
				var all []answer
				for i := range sessions {
					all = append(all, w.create(fmt.Sprint(strings.ReplaceAll(name, " ", "-"), i), "kora"))
				}
				w.emulator("PUT", "kora", "/_faults", map[string]any{"api": fault, "webhook": map[string]any{"drop": true}})
				for _, x := range all {
					w.decide(x, "approve")
				}
				before := w.calls.count("kora")
				began := time.Now()
				wait(t, time.Second)
				asked := w.calls.count("kora") - before
				// Without a pause it would be one for each session and interval: 100.
				// With one it is a handful, and then one for each pause.
				pauses := int(time.Since(began)/(5*often)) + 1
				if most := 2*sessions + pauses; asked > most {
					t.Errorf("%d calls in %s of trouble, want at most %d", asked, time.Since(began), most)
				}
				w.emulator("PUT", "kora", "/_faults", map[string]any{"webhook": map[string]any{"drop": true}})
				for _, x := range all {
					w.awaitUser(x.text("externalUserId"), "verified")
				}
			})
		}
	})
}

// wait lets real time pass, where nothing is to happen in it.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	<-ctx.Done()
}
