package app

import (
	"slices"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// feed reads the feed from its beginning, page by page.
func (w *world) feed(limit string) []map[string]any {
	w.t.Helper()
	var events []map[string]any
	for after := ""; ; {
		a := w.call("GET", "/v1/events?limit="+limit+after, nil).want(w.t, 200, "")
		events = append(events, a.list("data")...)
		if a.at("hasMore") != true {
			return events
		}
		after = "&after=" + a.text("nextCursor")
	}
}

func TestFeedTellsTheWholeWalk(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		if a := w.call("GET", "/v1/events", nil).want(t, 200, ""); len(a.list("data")) != 0 || a.at("nextCursor") != nil {
			t.Errorf("before anything happened: %s", a.raw)
		}
		session := w.create("user-1", "kora")
		w.press(session.text("launch.url"), "approve")
		verified := w.awaitUser("user-1", "verified")
		var types []string
		var last map[string]any
		eventually(t, "the feed is whole", func() bool {
			types = nil
			for _, e := range w.feed("1") {
				types, last = append(types, e["type"].(string)), e
			}
			return slices.Contains(types, "user.verified")
		})
		for _, want := range []string{"session.created", "user.pending", "session.pending", "session.approved"} {
			if !slices.Contains(types, want) {
				t.Errorf("%s is not among %v", want, types)
			}
		}
		if last["type"] != "user.verified" || last["externalUserId"] != "user-1" || last["sessionId"] != session.text("id") ||
			last["status"] != "verified" || last["version"] != verified.at("version") {
			t.Errorf("the last event is %v", last)
		}
		a := w.call("GET", "/v1/events?after="+last["id"].(string), nil).want(t, 200, "")
		if len(a.list("data")) != 0 || a.text("nextCursor") != last["id"] || a.at("hasMore") != false {
			t.Errorf("after the last: %s", a.raw)
		}
	})
}

func TestFeedRefusesWhatItDoesNotKnow(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	for _, query := range []string{"after=evt_01kagt2f6pe4mrt1qq3g1c2s8f", "after=1", "after=", "limit=0", "cursor=x"} {
		w.call("GET", "/v1/events?"+query, nil).want(t, 400, "invalid_request")
	}
}
