package app

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// checkTimeline holds the timeline of a session against what the database saw
// happen to it: entry n of the timeline is the nth thing that was taken into
// account; those that moved or revised are the recorded changes, each of them,
// in order, and from and to the recorded statuses; nothing else changed
// anything. This holds as long as no reading of a delivery was mended: a replay
// then changes the reading of an entry that stays in its place.
func (w *studio) checkTimeline(session string, past []stage) error {
	timeline, err := w.try("GET", "/v1/sessions/"+session+"/timeline", nil)
	if err != nil {
		return err
	}
	if len(past) == 0 || past[0] != (stage{status: "created"}) {
		return fmt.Errorf("session %s begins as %+v", session, past)
	}
	now, later := past[0], past[1:]
	for i, entry := range timeline.list("data") {
		effect, why := idv.Effect(fmt.Sprint(entry["effect"])), fmt.Sprint(entry["why"])
		if !slices.Contains(idv.Effects(), effect) || entry["why"] == nil || why == "" {
			return fmt.Errorf("entry %d has the effect %q, because %q", i, effect, why)
		}
		before, changed := now, len(later) > 0 && later[0].heard == i+1
		if changed {
			now, later = later[0], later[1:]
		}
		told := idv.EffectNone
		sentence := ""
		switch {
		case changed && before.outcome != "" && before.outcome != now.outcome:
			told, sentence = idv.EffectRevised, fmt.Sprintf("revised the decision from %s to %s", before.outcome, now.outcome)
		case changed:
			told, sentence = idv.EffectMoved, fmt.Sprintf("moved the session from %s to %s", before.status, now.status)
		case effect != idv.EffectMoved && effect != idv.EffectRevised:
			continue
		}
		if effect != told || !strings.HasPrefix(why, sentence) {
			return fmt.Errorf("entry %d %s (%s), but the session went from %+v to %+v:\n%s", i, effect, why, before, now, timeline.raw)
		}
	}
	if len(later) > 0 || timeline.text("status") != now.status {
		return fmt.Errorf("the timeline does not tell of %+v, the session is %s:\n%s", later, timeline.text("status"), timeline.raw)
	}
	return nil
}

// Every change that any session ever made is told by its timeline.
func TestEveryChangeIsExplained(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := startStudio(t, databaseURL, openDesk(t))
		log := keepAnnals(t, w.app.store.DB(), databaseURL)
		w.richLives()

		past := log.sessions()
		sessions := w.call("GET", "/v1/sessions?limit=200", nil).want(t, 200, "").list("data")
		seen := map[string]bool{}
		for _, s := range sessions {
			seen[fmt.Sprint(s["status"])] = true
			if err := w.checkTimeline(fmt.Sprint(s["id"]), past[fmt.Sprint(s["id"])]); err != nil {
				t.Error(err)
			}
		}
		for _, status := range []string{"approved", "declined", "canceled", "expired", "failed", "in_review", "resubmission_requested"} {
			if !seen[status] {
				t.Errorf("no session ended %s", status)
			}
		}
		if len(past) != len(sessions) {
			t.Errorf("%d sessions are listed, %d were written", len(sessions), len(past))
		}
		log.checkUsers()
		for _, state := range []string{"parked", "unmatched"} {
			list := w.deliveries("state=" + state)
			if len(list) == 0 {
				t.Errorf("no delivery is %s", state)
			}
			for _, d := range list {
				if reason, _ := d["reason"].(string); reason == "" {
					t.Errorf("%s without a reason: %v", state, d)
				}
			}
		}
	})
}

// richLives has everything happen to sessions that can.
func (w *studio) richLives() {
	dice := rand.New(rand.NewPCG(7, 7))
	for i, r := range recordings(w.t) {
		c, err := w.begin(r, fmt.Sprintf("recorded-%d", i))
		must(w.t, err)
		w.playAll(r, c, dice.Perm(len(r.webhooks))...)
	}
	w.canceledAndDecidedAllTheSame()
	w.lostAndFound()
	w.lostAndHeardOf()
	w.refused()
	w.ranOutAndDecidedAllTheSame()
	w.askedAgainAndAgain()
	w.workedInAnotherOrderThanHeard()
	w.neverOurs()
}

// works works what is due within the time.
func (w *studio) works(within time.Duration) {
	w.t.Helper()
	must(w.t, w.errands.work(w.t.Context(), w.app, time.Now().Add(within),
		idv.JobDelivery, idv.JobFetch, idv.JobSettle, idv.JobExpire))
}

func (w *studio) playAll(r recording, c cast, order ...int) {
	w.t.Helper()
	for _, i := range order {
		p, err := w.webhook(r, i, c)
		must(w.t, err)
		must(w.t, w.send(p))
		w.works(0)
		must(w.t, w.replay(p))
		w.works(0)
	}
}

func (w *studio) canceledAndDecidedAllTheSame() {
	r := recorded(w.t, "veriff", "review_then_approve")
	for _, decided := range []bool{false, true} {
		c, err := w.begin(r, fmt.Sprintf("canceled-%t", decided))
		must(w.t, err)
		w.playAll(r, c, 1)
		w.call("POST", "/v1/sessions/"+c.session+"/cancel", nil).want(w.t, 200, "")
		w.playAll(r, c, 0, 2)
		if decided {
			w.playAll(r, c, 3)
		}
	}
}

// lostAndFound is a create whose answer was lost, at a provider that can be
// asked for it.
func (w *studio) lostAndFound() {
	r := recorded(w.t, "kora", "review_then_approve")
	ref := w.desk.lose("kora")
	a := w.call("POST", "/v1/sessions", forUser("lost-and-found", "kora")).want(w.t, 504, "provider_timeout")
	c := cast{session: a.text("sessionId"), user: "lost-and-found", ref: ref, shift: r.recently(time.Now())}
	list, err := json.Marshal([]map[string]any{{"id": ref, "externalId": c.user, "status": "processing", "createdAt": time.Now().UTC()}})
	must(w.t, err)
	w.desk.listed["kora"] = list
	w.desk.tell(ref, w.truth(r, c))
	w.works(6 * time.Second) // a create is settled after a few seconds
	w.playAll(r, c, 0, 1)
}

// lostAndHeardOf is one of which a webhook tells that carries our session's id.
func (w *studio) lostAndHeardOf() {
	r := recorded(w.t, "veriff", "approve")
	ref := w.desk.lose("veriff")
	a := w.call("POST", "/v1/sessions", forUser("lost-and-heard-of", "veriff")).want(w.t, 504, "provider_timeout")
	c := cast{session: a.text("sessionId"), user: "lost-and-heard-of", ref: ref, shift: r.recently(time.Now())}
	w.desk.tell(ref, w.truth(r, c))
	w.playAll(r, c, 1, 2, 0)
}

func (w *studio) refused() {
	w.desk.refused["veriff"] = true
	w.call("POST", "/v1/sessions", forUser("refused", "veriff")).want(w.t, 502, "provider_rejected")
}

// ranOutAndDecidedAllTheSame has links that live for a second.
func (w *studio) ranOutAndDecidedAllTheSame() {
	start := w.desk.starts["idenfy"]
	defer func() { w.desk.starts["idenfy"] = start }()
	start.Body = []byte(strings.Replace(string(start.Body), `"expiryTime": 86400`, `"expiryTime": 1`, 1))
	brief := start
	w.desk.starts["idenfy"] = brief
	r := recorded(w.t, "idenfy", "review_then_approve")
	var casts []cast
	for _, user := range []string{"ran-out", "ran-out-and-decided"} {
		c, err := w.begin(r, user)
		must(w.t, err)
		casts = append(casts, c)
	}
	w.works(2 * time.Second)
	for _, c := range casts {
		if got := w.session(c.session).text("status"); got != "expired" {
			w.t.Errorf("a link of a second: %s", got)
		}
	}
	w.playAll(r, casts[1], 2, 0, 1)
}

// askedAgainAndAgain has nothing but questions tell of a check that was
// completed and then rejected; the webhook of its completion comes last.
func (w *studio) askedAgainAndAgain() {
	c, err := w.begin(recorded(w.t, "realid", "opened"), "asked-again")
	must(w.t, err)
	withdrawn := recorded(w.t, "realid", "approve_then_decline")
	for _, name := range []string{"opened", "review", "approve", withdrawn.name} {
		w.desk.tell(c.ref, w.truth(recorded(w.t, "realid", name), c))
		w.call("POST", "/v1/sessions/"+c.session+"/refresh", nil).want(w.t, 200, "")
		w.awaitSecond() // answers without a time are told apart by the second
	}
	w.playAll(withdrawn, c, 1, 0)
	if a := w.user(c.user); a.text("status") != "revoked" {
		w.t.Errorf("an approval that was withdrawn: %s", a.raw)
	}
	if a := w.session(c.session); a.at("decision.version") != 2.0 || a.text("decision.revisedFrom") != "approved" {
		w.t.Errorf("an approval that was withdrawn: %s", a.raw)
	}
}

// workedInAnotherOrderThanHeard: what came first is worked last, as may happen
// with several workers.
func (w *studio) workedInAnotherOrderThanHeard() {
	r := recorded(w.t, "veriff", "review_then_approve")
	c, err := w.begin(r, "worked-late")
	must(w.t, err)
	var ids []string
	for i := range r.webhooks {
		p, err := w.webhook(r, i, c)
		must(w.t, err)
		must(w.t, w.send(p))
		id, err := w.deliveryOf(p)
		must(w.t, err)
		ids = append(ids, id)
	}
	for _, i := range []int{2, 0, 3, 1} {
		_, err := w.app.inbox.Work(w.t.Context(), ids[i], 1)
		must(w.t, err)
	}
	w.works(0)
}

// neverOurs are webhooks about a session of somebody else, and one that cannot
// be read.
func (w *studio) neverOurs() {
	r := recorded(w.t, "kora", "approve")
	c := cast{session: "ses_none", user: "nobody", ref: refNumber(0), shift: r.recently(time.Now())}
	p, err := w.webhook(r, 0, c)
	must(w.t, err)
	must(w.t, w.send(p))
	p.body = `{"id":`
	p.header = append(signed("kora", w.settings["kora"], p.body, time.Now()), "Authorization", "")
	must(w.t, w.send(p))
	w.works(0)
}

// After a mapping was mended and a delivery replayed, the timeline tells the
// past as it is read now: it leads to where the session is, every status that
// the session ever had is still told by an entry, and the change that the replay
// made is that of the entry which is read anew.
func TestReplayAfterAMappingWasMended(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		d := openDesk(t)
		before := startStudio(t, databaseURL, d)
		log := keepAnnals(t, before.app.store.DB(), databaseURL)
		r := recorded(t, "idnorm", "unknown_word")
		c, err := before.begin(r, "user-1")
		must(t, err)
		before.playAll(r, c, 0, 1, 2, 3)
		if got := before.session(c.session).text("status"); got != "in_review" || len(before.deliveries("state=parked")) != 1 {
			t.Fatalf("session is %s", got)
		}

		after := startStudio(t, databaseURL, d, func(provider string, s idv.Settings) {
			if provider == "idnorm" {
				s["STATUS_MAP"] = "ESCALATED=declined"
			}
		})
		mended, err := after.webhook(r, 1, c)
		must(t, err)
		must(t, after.replay(mended))
		after.works(0)
		if n := len(after.deliveries("state=parked")); n != 0 {
			t.Errorf("%d deliveries are parked", n)
		}
		session := after.session(c.session)
		if session.text("status") != "declined" || session.at("decision.version") != 1.0 || after.user("user-1").text("status") != "rejected" {
			t.Errorf("session %s", session.raw)
		}

		timeline := after.call("GET", "/v1/sessions/"+c.session+"/timeline", nil).want(t, 200, "")
		told, last := []string{"created"}, ""
		for _, entry := range timeline.list("data") {
			told = append(told, fmt.Sprint(entry["status"]))
			if effect := entry["effect"]; effect == "moved" || effect == "revised" {
				last = fmt.Sprint(entry["providerStatus"])
			}
		}
		past := log.sessions()[c.session]
		for _, s := range past {
			if !slices.Contains(told, s.status) {
				t.Errorf("it was %s, which no entry tells: %s", s.status, timeline.raw)
			}
		}
		if past[len(past)-1].status != "declined" || timeline.text("status") != "declined" || !strings.Contains(last, "ESCALATED") {
			t.Errorf("it went through %+v, and the timeline is %s", past, timeline.raw)
		}
	})
}
