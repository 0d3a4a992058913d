package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// story is something that happens to a user, from the first call to the last
// job. It may begin with what is not disturbed; disturb says that from now on
// connections may break.
type story struct {
	name string
	user string // how the provider treats the user, and what the id begins with
	tell func(w *brittle, user string, disturb func())
}

func stories() []story {
	return []story{
		{"a session is created", "plain", func(w *brittle, user string, disturb func()) {
			disturb()
			w.create(user, "k", 259200)
			w.work()
		}},
		{"its webhooks come, one of them twice", "plain", func(w *brittle, user string, disturb func()) {
			ref := w.create(user, "k", 259200).text("providerSessionId")
			disturb()
			w.deliver(w.kora.decide(ref, "processing"))
			w.pass(time.Second)
			verified := w.kora.decide(ref, "verified")
			w.deliver(verified)
			w.work()
			w.deliver(verified)
			w.work()
		}},
		{"the decision is revised, and what was said before is replayed", "plain", func(w *brittle, user string, disturb func()) {
			ref := w.create(user, "k", 259200).text("providerSessionId")
			w.deliver(w.kora.decide(ref, "verified"))
			w.work()
			first := one[string](w, "SELECT id FROM deliveries WHERE ref = $1", ref)
			disturb()
			w.pass(time.Second)
			w.deliver(w.kora.decide(ref, "rejected"))
			w.work()
			w.ask("POST", "/v1/webhook-deliveries/"+first+"/replay", "", user+"-replay")
			w.work()
		}},
		{"the client asks", "plain", func(w *brittle, user string, disturb func()) {
			session := w.create(user, "k", 259200)
			w.kora.decide(session.text("providerSessionId"), "verified")
			disturb()
			w.ask("POST", "/v1/sessions/"+session.text("id")+"/refresh", "", user+"-refresh")
			w.work()
		}},
		{"the client cancels, and the provider decides all the same", "plain", func(w *brittle, user string, disturb func()) {
			session := w.create(user, "k", 259200)
			disturb()
			w.ask("POST", "/v1/sessions/"+session.text("id")+"/cancel", "", user+"-cancel")
			w.work()
			w.deliver(w.kora.decide(session.text("providerSessionId"), "verified"))
			w.work()
		}},
		{"the person's data is erased, and the provider decides all the same", "plain", func(w *brittle, user string, disturb func()) {
			session := w.create(user, "k", 259200)
			w.deliver(w.kora.decide(session.text("providerSessionId"), "processing"))
			w.work()
			disturb()
			w.ask("DELETE", "/v1/users/"+user, "", user+"-erase")
			w.pass(time.Second)
			w.deliver(w.kora.decide(session.text("providerSessionId"), "verified"))
			w.work()
		}},
		{"the link runs out", "plain", func(w *brittle, user string, disturb func()) {
			w.create(user, "k", 60)
			disturb()
			w.pass(61 * time.Second)
			w.work()
		}},
		{"the provider calls before it answers", "hasty", func(w *brittle, user string, disturb func()) {
			w.kora.asked = sync.OnceFunc(disturb)
			w.create(user, "k", 259200)
			w.work()
		}},
		{"the provider's answer is lost", "lost", func(w *brittle, user string, disturb func()) {
			w.kora.asked = sync.OnceFunc(disturb)
			ref := w.create(user, "k", 259200).text("providerSessionId")
			w.deliver(w.kora.decide(ref, "verified"))
			w.work()
		}},
		{"the provider never made the session", "refused", func(w *brittle, user string, disturb func()) {
			w.kora.asked = sync.OnceFunc(disturb)
			if a := w.create(user, "k", 259200); a.status != 504 {
				w.t.Errorf("a create that came to nothing was answered %d %s", a.status, a.raw)
			}
			w.create(user, "again", 259200)
			w.work()
		}},
	}
}

func (w *brittle) create(user, key string, seconds int) answer {
	w.t.Helper()
	body := fmt.Sprintf(`{"externalUserId":%q,"provider":"kora","expiresInSeconds":%d}`, user, seconds)
	return w.ask("POST", "/v1/sessions", body, user+"-"+key)
}

// Whichever statement fails, before or after it had its effect: once everybody
// has repeated what was not answered, all is as if nothing had failed.
func TestAnyStatementMayFail(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			enginetest.Each(t, func(t *testing.T, url string) {
				w := newBrittle(t, url)
				want := w.tell(s, s.user+"-calm", 0, "")
				statements := w.breaker.Seen()
				if len(statements) == 0 {
					t.Fatal("nothing could have failed")
				}
				t.Logf("%d statements; undisturbed:\n%s", len(statements), want)
				if got := w.tellTwice(s, s.user+"-twice"); got != want {
					t.Errorf("with each job worked twice:\n%s\nwant:\n%s", got, want)
				}
				for i, statement := range statements {
					for _, moment := range moments(statement) {
						got := w.tell(s, fmt.Sprintf("%s-%s%d", s.user, moment, i+1), i+1, moment)
						if w.breaker.Broken() == "" {
							t.Errorf("statement %d was never reached", i+1)
						}
						if got != want {
							t.Errorf("%s:\n%s\nwant:\n%s", w.breaker.Broken(), got, want)
						}
					}
				}
			})
		})
	}
}

// moments are those at which it makes a difference that a statement fails. What
// was done within a transaction that is then rolled back is as if it never was,
// and so is what only reads.
func moments(statement string) []enginetest.Moment {
	if strings.HasPrefix(statement, " ") || strings.HasPrefix(statement, "SELECT") || statement == "BEGIN" || statement == "ROLLBACK" {
		return []enginetest.Moment{enginetest.Before}
	}
	return []enginetest.Moment{enginetest.Before, enginetest.After}
}

func (w *brittle) tellTwice(s story, user string) string {
	w.twice = true
	defer func() { w.twice = false }()
	return w.tell(s, user, 0, "")
}

// tell has a story happen to a user while the n-th statement fails, and gives
// what came of it.
func (w *brittle) tell(s story, user string, n int, moment enginetest.Moment) string {
	w.t.Helper()
	w.mu.Lock()
	w.at, w.later, w.worked = time.Now().UTC(), map[int64]time.Time{}, map[int64]int{}
	w.mu.Unlock()
	w.breaker.Arm(0, "")
	for _, table := range []string{"privacy_tasks", "erasures", "sessions", "users", "deliveries", "events", "idempotency_keys", "river_job"} {
		_, err := w.plain.DB().ExecContext(w.t.Context(), "DELETE FROM "+table)
		must(w.t, err)
	}
	w.kora.asked = func() {}
	s.tell(w, user, func() { w.breaker.Arm(n, moment) })
	return w.outcome(user)
}

// outcome is all that matters of a user in the end, without ids and times.
func (w *brittle) outcome(user string) string {
	w.t.Helper()
	var b strings.Builder
	v := w.look("/v1/users/" + user + "/verification")
	fmt.Fprintf(&b, "user %s version %v\n", v.text("status"), v.at("version"))
	var ids []string
	for _, x := range w.look("/v1/sessions?externalUserId=" + user).list("data") {
		id := fmt.Sprint(x["id"])
		ids = append(ids, id)
		fmt.Fprintf(&b, "session %v, known to the provider %t, decision %v\n", x["status"], x["providerSessionId"] != nil, decisionOf(x["decision"]))
		var told []string
		for _, o := range w.look("/v1/sessions/" + id + "/timeline").list("data") {
			told = append(told, fmt.Sprintf("  %v said %v, read as %v\n", o["source"], o["providerStatus"], o["status"]))
		}
		slices.Sort(told)
		// A provider that was asked twice says the same twice.
		b.WriteString(strings.Join(slices.Compact(told), ""))
	}
	fmt.Fprintf(&b, "announced %s\n", strings.Join(w.announced(user), ", "))
	total, most := w.kora.count(ids)
	fmt.Fprintf(&b, "the provider was asked for %d sessions, for one %d times\n", total, most)

	fmt.Fprintf(&b, "deliveries %d, processed %d, heard %d, in %d observations\n",
		one[int](w, "SELECT count(*) FROM deliveries"),
		one[int](w, "SELECT count(*) FROM deliveries WHERE state = 'processed'"),
		one[int](w, "SELECT count(DISTINCT delivery_id) FROM observations"),
		one[int](w, "SELECT count(delivery_id) FROM observations"))
	fmt.Fprintf(&b, "keys %d, without an answer %d\n",
		one[int](w, "SELECT count(*) FROM idempotency_keys"),
		one[int](w, "SELECT count(*) FROM idempotency_keys WHERE answer IS NULL"))
	fmt.Fprintf(&b, "keys of users %d, webhooks %d, tasks %d\n",
		one[int](w, "SELECT count(*) FROM users WHERE wrapped_key IS NOT NULL"),
		one[int](w, "SELECT count(*) FROM deliveries WHERE gone_at IS NULL"),
		one[int](w, "SELECT count(*) FROM privacy_tasks"))
	changed, err := w.plain.Recompute(w.t.Context())
	must(w.t, err)
	fmt.Fprintf(&b, "kept otherwise than it follows %d\n", len(changed))

	// Jobs for later are those about links.
	w.pass(96 * time.Hour)
	w.work()
	fmt.Fprintf(&b, "jobs left %d\n", one[int](w, "SELECT count(*) FROM river_job"))
	return b.String()
}

// announced tells what the world was told: of the user everything, of a session
// only how it ended. A delivery that had to wait for its second try may be
// overtaken, and then the session goes from the first to the last without what
// lies between. No version may be missing or told twice.
func (w *brittle) announced(user string) []string {
	w.t.Helper()
	rows, err := w.plain.DB().QueryContext(w.t.Context(),
		"SELECT type, version, coalesce(session_id, '') FROM events WHERE external_user_id = $1 ORDER BY seq", user)
	must(w.t, err)
	defer func() { _ = rows.Close() }()
	var list []string
	last, versions := map[string]string{}, map[string]int{}
	for rows.Next() {
		var kind, id string
		var version int
		must(w.t, rows.Scan(&kind, &version, &id))
		if strings.HasPrefix(kind, "user.") {
			list, id = append(list, kind), user
		}
		last[id] = kind
		if versions[id]++; versions[id] != version {
			list = append(list, fmt.Sprintf("%s at version %d after %d others", kind, version, versions[id]-1))
		}
	}
	must(w.t, rows.Err())
	delete(last, user)
	return append(list, slices.Sorted(maps.Values(last))...)
}

func decisionOf(v any) string {
	d, ok := v.(map[string]any)
	if !ok {
		return "none"
	}
	return fmt.Sprintf("%v version %v from %v", d["outcome"], d["version"], d["revisedFrom"])
}
