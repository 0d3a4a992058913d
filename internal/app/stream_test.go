package app

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// follower reads a stream of events as a browser does.
type follower struct {
	w     *world
	lines *bufio.Scanner
	res   *http.Response
	stop  func()
}

// event is one block of a stream: fields by name, a comment under "".
type event map[string]string

func (w *world) follow(user, lastEventID string) *follower {
	w.t.Helper()
	return w.followAt("/v1/users/"+user+"/verification/stream", lastEventID)
}

func (w *world) followAt(path, lastEventID string) *follower {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+path, nil)
	must(w.t, err)
	req.Header.Set("Authorization", "Bearer "+w.key)
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	w.t.Cleanup(func() { _ = res.Body.Close() })
	w.checkReply(http.MethodGet, path, res, nil)
	if h := res.Header; h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" || h.Get("X-Accel-Buffering") != "no" {
		w.t.Fatalf("%d %v", res.StatusCode, h)
	}
	f := &follower{w: w, lines: bufio.NewScanner(res.Body), res: res, stop: cancel}
	if e, ok := f.block(); !ok || e["retry"] == "" {
		w.t.Fatalf("the stream begins with %v", e)
	}
	return f
}

// block reads up to an empty line.
func (f *follower) block() (event, bool) {
	e := event{}
	for f.lines.Scan() {
		if f.lines.Text() == "" {
			return e, true
		}
		name, value, _ := strings.Cut(f.lines.Text(), ":")
		e[name] = strings.TrimPrefix(value, " ")
	}
	return nil, false
}

// next reads the next event; comments are passed over. Its data is held against
// the document.
func (f *follower) next() event {
	f.w.t.Helper()
	for {
		e, ok := f.block()
		if !ok {
			f.w.t.Fatalf("the stream ended: %v", f.lines.Err())
		}
		if e["event"] == "" {
			continue
		}
		res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{
			"Content-Type": {"application/json"}, "Etag": {`"x"`}, "X-Request-Id": {"x"},
		}}
		f.w.checkReply(http.MethodGet, verification, res, []byte(e["data"]))
		if e["event"] != "verification" || !strings.Contains(e["data"], `"version":`+e["id"]+`}`) && !strings.Contains(e["data"], `"version":`+e["id"]+`,`) {
			f.w.t.Fatalf("told %v", e)
		}
		return e
	}
}

func (f *follower) wantEnd() {
	f.w.t.Helper()
	for {
		if e, ok := f.block(); !ok {
			return
		} else if e["event"] != "" && e["id"] != "0" {
			f.w.t.Errorf("told %v", e)
		}
	}
}

func TestStream(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		f := w.follow("user-1", "")
		if e := f.next(); e["id"] != "0" || !strings.Contains(e["data"], `"status":"unverified"`) {
			t.Fatalf("at first %v", e)
		}
		session := w.create("user-1", "kora")
		e := f.next()
		if e["id"] == "0" || !strings.Contains(e["data"], `"status":"pending"`) {
			t.Fatalf("after a create %v", e)
		}
		// Another one who knows the present state is told of what comes after it.
		pending := w.awaitUser("user-1", "pending")
		late := w.follow("user-1", string(versionOf(pending)))
		old := w.follow("user-1", "0")
		if e := old.next(); e["id"] != string(versionOf(pending)) {
			t.Errorf("who knows an old state is told %v", e)
		}
		w.decide(session, "approve")
		for name, f := range map[string]*follower{"from the beginning": f, "late": late, "old": old} {
			for e := (event{}); !strings.Contains(e["data"], `"status":"verified"`); {
				before := e["id"]
				if e = f.next(); e["id"] == before || name == "late" && e["id"] == string(versionOf(pending)) {
					t.Fatalf("%s: told %v twice", name, e)
				}
			}
		}
		w.call("GET", verification+"/stream?wait=1", nil).want(t, 400, "invalid_request")
		w.call("GET", "/v1/users/a%00b/verification/stream", nil).want(t, 400, "invalid_request")
	})
}

// versionOf gives the version in a reply as it was written.
func versionOf(a answer) []byte {
	_, after, _ := strings.Cut(string(a.raw), `"version":`)
	return []byte(after[:strings.IndexAny(after, ",}")])
}

func TestStreamShowsThatItLives(t *testing.T) {
	first := start(t, enginetest.SQLite(t))
	w, count := first.beside(func(o *api.Options) { o.Heartbeat = 10 * time.Millisecond })
	f := w.follow("user-1", "0")
	for range 3 {
		if e, ok := f.block(); !ok || len(e) != 1 || e[""] == "" {
			t.Fatalf("a sign of life is %v", e)
		}
	}
	if n := count.reads.Load() + count.users.Load(); n > 2 {
		t.Errorf("%d reads", n)
	}
	f.stop()
	w.awaitWaiting(0)

	// With its key, a stream ends.
	w.key = w.grant([]idv.Scope{idv.ScopeUsersRead}, time.Time{})
	f = w.follow("user-1", "0")
	keys, err := w.app.store.Keys(t.Context(), idv.Page{})
	must(t, err)
	must(t, w.app.store.RevokeKey(t.Context(), keys[0].ID, "test", time.Now()))
	f.wantEnd()
}

// A phone follows its user with its client token.
func TestPhoneStreams(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		phone := *w
		phone.key = w.call("POST", "/v1/users/user-1/client-tokens", nil).want(t, 201, "").text("clientToken")
		f := phone.followAt("/v1/me/verification/stream", "0")
		etag := phone.call("GET", "/v1/me/verification", nil).want(t, 200, "").header.Get("ETag")
		answered := phone.later("/v1/me/verification?wait=60", "If-None-Match", etag)
		phone.awaitWaiting(2)
		w.create("user-1", "kora")
		if e := f.next(); !strings.Contains(e["data"], `"externalUserId":"user-1","status":"pending"`) {
			t.Errorf("told %v", e)
		}
		if a := (<-answered).want(t, 200, ""); a.text("status") != "pending" {
			t.Errorf("told %s", a.raw)
		}
		phone.call("GET", "/v1/me/verification?wait=61", nil).want(t, 400, "invalid_request")
		phone.call("GET", "/v1/me/verification/stream?wait=1", nil).want(t, 400, "invalid_request")
		phone.call("GET", "/v1/users/user-1/verification/stream", nil).want(t, 403, "forbidden")
	})
}

func TestHeadOfAStreamEnds(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, w.base+verification+"/stream", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+w.key)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// A server that limits the time of requests and replies does not cut off those
// who wait: neither long polls nor streams.
func TestServersLimitsAreNotForThoseWhoWait(t *testing.T) {
	first := start(t, enginetest.SQLite(t))
	server := newServer(first.app.handler(), writeWithin)
	server.ReadTimeout, server.WriteTimeout = 50*time.Millisecond, 2*time.Second
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()
	w := *first
	w.base = "http://" + l.Addr().String()
	f := w.follow("user-2", "0")
	etag := w.user("user-1").header.Get("ETag")
	begun := time.Now()
	w.call("GET", verification+"?wait=1", nil, "If-None-Match", etag).want(t, 304, "")
	if took := time.Since(begun); took < time.Second {
		t.Errorf("a wait of a second was over after %s", took)
	}
	eventually(t, "a reply's time is over", func() bool { return time.Since(begun) > server.WriteTimeout })
	first.create("user-2", "kora")
	f.next()
}
