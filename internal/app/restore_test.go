package app

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// feedSQL is what the page on operations has one run after restoring a dump.
func feedSQL(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/operations.md")
	must(t, err)
	_, rest, found := strings.Cut(string(raw), "<!-- feed:begin -->\n```sql\n")
	statements, _, closed := strings.Cut(rest, "```\n<!-- feed:end -->")
	if !found || !closed {
		t.Fatal("the page has no statements")
	}
	return statements
}

// A dump that was restored into another server has places in the feed that lie in
// that server's future. After the statements of the page the feed goes on: what
// was told is told in its order, what was not yet sent is sent, and nothing twice.
func TestFeedAfterRestoringADump(t *testing.T) {
	databaseURL := enginetest.Postgres(t)
	w := start(t, databaseURL, onLoopback)
	c := newClient(t)
	made := w.call("POST", "/v1/endpoints", map[string]any{"url": c.URL, "types": []string{"user.*"}}).want(t, 201, "")
	c.set(made.text("secret"), 204)
	w.create("user-1", "kora")
	w.create("user-2", "kora")
	eventually(t, "both are told", func() bool { return len(c.events()) == 2 })
	ids := func() (list []string) {
		for _, e := range w.call("GET", "/v1/events?limit=200", nil).want(t, 200, "").list("data") {
			id, _ := e["id"].(string)
			list = append(list, id)
		}
		return list
	}
	w.stop()

	st, err := store.Open(t.Context(), store.Options{URL: databaseURL})
	must(t, err)
	exec := func(statements string) {
		t.Helper()
		_, err := st.Pool().Exec(t.Context(), statements) // several at once, as psql does
		must(t, err)
	}
	before := feed(t, st)
	// One was announced that nobody took from the feed; and the other server had
	// seen many more transactions than this one.
	exec("INSERT INTO events (id, type, external_user_id, status, version, created_at) VALUES ('evt_unsent', 'user.pending', 'user-3', 'pending', 1, now())")
	for _, table := range []string{"events", "followers", "endpoints"} {
		exec("UPDATE " + table + " SET xid = ((xid::text)::bigint + 1000000000000)::text::xid8")
	}
	exec(feedSQL(t))
	must(t, st.Close())

	w = start(t, databaseURL, onLoopback)
	w.create("user-4", "kora")
	eventually(t, "what is new is told", func() bool { return len(c.events()) >= 4 })
	eventually(t, "the feed shows it", func() bool { return len(ids()) == len(before)+1+len(before)/2 })
	if after := ids(); !slices.Equal(after[:len(before)], before) || after[len(before)] != "evt_unsent" {
		t.Errorf("the feed is %v, and was %v", after, before)
	}
	var told []string
	for _, e := range c.events() {
		id, _ := e["webhook-id"].(string)
		told = append(told, id)
	}
	if len(told) != 4 || len(slices.Compact(slices.Sorted(slices.Values(told)))) != 4 || !slices.Contains(told, "evt_unsent") {
		t.Errorf("told %v", told)
	}
}

// feed lists the events in the order of the feed.
func feed(t *testing.T, st *store.Store) (ids []string) {
	t.Helper()
	rows, err := st.DB().QueryContext(t.Context(), "SELECT id FROM events ORDER BY xid, seq")
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var id string
		must(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	must(t, rows.Err())
	return ids
}
