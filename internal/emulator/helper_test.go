package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

// toy is the smallest provider: it knows one call, POST /start with the
// externalUserId as its body, and tells each step in one word.
type toy struct {
	stage *emulator.Stage
	http.Handler
	hook string
}

func (p *toy) Tell(s emulator.Session, step emulator.Step) []emulator.Message {
	return []emulator.Message{{URLs: []string{p.hook}, Event: string(step), Body: []byte(strings.TrimSpace(string(step) + " " + s.Reason))}}
}

func (p *toy) Sign(m emulator.Message, _ time.Time) http.Header {
	return http.Header{"x-signature": {"over:" + string(m.Body) + ":"}}
}

func (p *toy) Refuse(w http.ResponseWriter, status int, retryAfter time.Duration) {
	http.Error(w, "refused for "+retryAfter.String(), status)
}

func (p *toy) start(w http.ResponseWriter, r *http.Request) {
	user, _ := io.ReadAll(r.Body) // a short body of a test
	session := emulator.Session{
		ID:             "s" + r.URL.Query().Get("n"),
		ExternalUserID: string(user),
		ReturnURL:      r.URL.Query().Get("return"),
	}
	if r.URL.Query().Has("short") {
		session.ExpiresAt = p.stage.Now().Add(time.Millisecond)
	}
	if session, ok := p.stage.Create(w, r, session); ok {
		emulator.WriteJSON(w, http.StatusCreated, map[string]string{"id": session.ID})
	}
}

// world is the toy's emulator over HTTP, and where its webhooks go.
type world struct {
	t     *testing.T
	root  string
	stage *emulator.Stage
	hc    *http.Client

	mu    sync.Mutex
	heard []string // bodies, "forged: " before those whose signature is wrong
	fail  int      // how many webhooks are refused first
	news  chan struct{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, news: make(chan struct{}, 1),
		hc: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	inbox := httptest.NewServer(http.HandlerFunc(w.hear))
	t.Cleanup(inbox.Close)
	p := &toy{hook: inbox.URL}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/emulators/toy", p).ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.root = server.URL + "/emulators/toy"
	p.stage = emulator.NewStage(emulator.Options{
		PublicURL: w.root,
		Pace:      emulator.Pace{Scenario: time.Millisecond, Slow: 2 * time.Millisecond, Retry: time.Millisecond, Hold: 50 * time.Millisecond},
	}, emulator.Profile{
		Name: "toy", Title: "Toy & Sons", Page: "/capture/",
		Steps: []emulator.Step{
			emulator.Approve, emulator.Decline, emulator.Review, emulator.Resubmit, emulator.Fraud,
			emulator.Fail, emulator.Abandon, emulator.Expire,
		},
		Reasons:         []emulator.Choice{{Value: "BLURRED", Label: "The picture is blurred"}, {Value: "FAKE", Label: "The document is fake"}},
		ResubmitReasons: []emulator.Choice{{Value: "AGAIN", Label: "Once more"}},
		Scenarios:       map[string][]emulator.Move{"twice": {{Step: emulator.Decline, Reason: "FAKE"}, {Step: emulator.Approve}}},
	}, p)
	t.Cleanup(p.stage.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /start", p.start)
	p.Handler, w.stage = p.stage.Handler(mux), p.stage
	return w
}

func (w *world) hear(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a short body of a test
	text := string(body)
	if r.Header.Get("X-Signature") != "over:"+text+":" {
		text = "forged: " + text
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail > 0 {
		w.fail--
		rw.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.heard = append(w.heard, text)
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// wait returns what was heard once there are n webhooks.
func (w *world) wait(n int) []string {
	w.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		w.mu.Lock()
		heard := append([]string(nil), w.heard...)
		w.mu.Unlock()
		if len(heard) >= n {
			return heard
		}
		select {
		case <-w.news:
		case <-deadline:
			w.t.Fatalf("heard only %q", heard)
		}
	}
}

// call gives the status, the headers and the body of an answer.
func (w *world) call(method, path, contentType, body string) (int, http.Header, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.root+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := w.hc.Do(req)
	if err != nil {
		return 0, nil, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// start creates session "s<n>" for the user.
func (w *world) start(n, user, query string) int {
	w.t.Helper()
	status, _, _ := w.call("POST", "/start?n="+n+query, "text/plain", user)
	return status
}

// session reads a session through the control door.
func (w *world) session(id string) map[string]any {
	w.t.Helper()
	status, _, body := w.call("GET", "/_sessions/"+id, "", "")
	if status != http.StatusOK {
		w.t.Fatalf("session %s: HTTP %d", id, status)
	}
	var s map[string]any
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// reach waits until a session has the status.
func (w *world) reach(id, status string) map[string]any {
	w.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		s := w.session(id)
		if s["status"] == status {
			return s
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s is %v, not %s", id, s["status"], status)
		}
	}
}
