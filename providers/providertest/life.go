package providertest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

const returnURL = "http://127.0.0.1:9/return?session=ses_test"

// stand is one emulator with the adapter, unchanged, in front of it.
type stand struct {
	suite    Suite
	root     string // the emulator's
	settings idv.Settings
	provider idv.Provider
	inbox    *receiver
	hc       *http.Client // a person's browser, which follows nothing
}

func (s Suite) stand(t *testing.T, pace emulator.Pace) *stand {
	t.Helper()
	inbox := newReceiver(t)
	var emu emulator.Emulator
	prefix := "/emulators/" + s.Adapter.Name
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix(prefix, emu).ServeHTTP(w, r)
	}))
	root := server.URL + prefix
	settings := s.filled(s.DevSettings(root))
	emu = s.Emulator(emulator.Options{PublicURL: root, WebhookURL: inbox.URL, Settings: settings, Pace: pace})
	t.Cleanup(func() {
		emu.Close()
		server.Close()
	})
	st := &stand{
		suite: s, root: root, settings: settings, inbox: inbox,
		provider: s.provider(t, settings, 10*time.Second),
		hc:       &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	if reader, ok := st.provider.(idv.WebhookReader); ok {
		inbox.mu.Lock()
		inbox.reader, inbox.fetch = reader, st.provider.Fetch
		inbox.mu.Unlock()
	}
	return st
}

// filled adds the defaults, as the configuration does.
func (s Suite) filled(settings idv.Settings) idv.Settings {
	full := idv.Settings{}
	for _, setting := range s.Adapter.Settings {
		full[setting.Key] = setting.Default
		if settings[setting.Key] != "" {
			full[setting.Key] = settings[setting.Key]
		}
	}
	return full
}

func (st *stand) request(externalUserID string) idv.StartRequest {
	req := st.suite.Start
	req.ExternalUserID = externalUserID
	req.CallbackURL = returnURL
	req.WebhookURL = st.inbox.URL
	req.At = time.Now().UTC()
	return req
}

func (st *stand) start(t *testing.T, externalUserID string) idv.Started {
	t.Helper()
	started, err := st.provider.Start(t.Context(), st.request(externalUserID))
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	if started.Ref == "" || !started.Status.Open() {
		t.Fatalf("started as %q with ref %q", started.Status, started.Ref)
	}
	return started
}

// reach waits until the session is where the outcome says, by webhooks, or by
// asking if the provider is silent; then asks once more and holds it against
// every order of what was heard.
func (st *stand) reach(t *testing.T, ref idv.Ref, want Outcome) {
	t.Helper()
	if want.Silent {
		st.ask(t, ref, want.Status)
	} else {
		st.inbox.wait(t, "webhooks lead to "+string(want.Status), func() bool {
			return idv.Fold(st.inbox.heard).Status == want.Status
		})
		st.inbox.add(st.fetch(t, ref))
	}
	if got := st.inbox.status(); got != want.Status {
		t.Errorf("asked, the provider makes it %q, not %q", got, want.Status)
	}
	if !st.inbox.sameBackwards() {
		t.Error("the order of what was heard makes a difference")
	}
}

// ask asks until the answer is the wanted one.
func (st *stand) ask(t *testing.T, ref idv.Ref, want idv.Status) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		u := st.fetch(t, ref)
		st.inbox.add(u)
		if st.inbox.status() == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("asked for %s, the provider says %q, not %q", patience, u.Status, want)
		}
	}
}

func (st *stand) fetch(t *testing.T, ref idv.Ref) idv.Update {
	t.Helper()
	u, err := st.provider.Fetch(t.Context(), ref)
	if err != nil {
		t.Fatalf("Fetch: %v", err)
	}
	if u.Ref != ref || u.Unknown {
		t.Errorf("Fetch: ref %q, unknown %v (%s)", u.Ref, u.Unknown, u.Why)
	}
	return u
}

// call speaks to the emulator as a person or a test does.
func (st *stand) call(t *testing.T, method, link, contentType, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, link, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := st.hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// choose decides on the hosted page, as a person does.
func (st *stand) choose(t *testing.T, page string, step emulator.Step) {
	t.Helper()
	resp, text := st.call(t, http.MethodGet, page, "", "")
	if resp.StatusCode != http.StatusOK || !strings.Contains(text, "Emulator") {
		t.Fatalf("page: HTTP %d", resp.StatusCode)
	}
	for _, outside := range []string{"<script", "src=", "@import", "url("} {
		if strings.Contains(text, outside) {
			t.Errorf("the page is not self-contained: %s", outside)
		}
	}
	form := url.Values{"step": {string(step)}}.Encode()
	resp, _ = st.call(t, http.MethodPost, page, "application/x-www-form-urlencoded", form)
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("choosing %s: HTTP %d", step, resp.StatusCode)
	}
	location := resp.Header.Get("Location")
	if step != emulator.Review && !strings.HasPrefix(location, strings.Split(returnURL, "?")[0]) {
		t.Errorf("after %s the browser goes to %q, not to the callback URL", step, location)
	}
}

// faults sets what goes wrong, through the control door.
func (st *stand) faults(t *testing.T, f emulator.Faults) {
	t.Helper()
	body, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	resp, text := st.call(t, http.MethodPut, st.root+"/_faults", "application/json", string(body))
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("faults: HTTP %d %s", resp.StatusCode, text)
	}
}

func (s Suite) lifeCycle(t *testing.T) {
	quick := emulator.Pace{Scenario: time.Millisecond, Slow: 5 * time.Millisecond, Retry: 5 * time.Millisecond, Hold: 20 * time.Millisecond}
	for step, want := range s.Outcomes {
		t.Run("a person chooses "+string(step), func(t *testing.T) {
			t.Parallel()
			st := s.stand(t, quick)
			started := st.start(t, "user-42")
			if u := st.fetch(t, started.Ref); !u.Status.Open() {
				t.Errorf("a new session is %q", u.Status)
			}
			if step == emulator.Expire {
				// Nobody chooses that; it is made to happen.
				st.decide(t, started.Ref, step)
			} else {
				st.choose(t, started.Launch.URL, step)
			}
			st.reach(t, started.Ref, want)
		})
	}
	if _, ok := s.Outcomes[emulator.Review]; ok {
		t.Run("a reviewer approves", func(t *testing.T) { s.afterReview(t, quick, emulator.Approve) })
		t.Run("a reviewer declines", func(t *testing.T) { s.afterReview(t, quick, emulator.Decline) })
	}
	if want, ok := s.Outcomes[emulator.Resubmit]; ok {
		t.Run("a second round is approved", func(t *testing.T) {
			t.Parallel()
			st := s.stand(t, quick)
			started := st.start(t, "user-42")
			st.choose(t, started.Launch.URL, emulator.Resubmit)
			st.reach(t, started.Ref, want)
			st.choose(t, started.Launch.URL, emulator.Approve)
			st.reach(t, started.Ref, s.Outcomes[emulator.Approve])
		})
	}
	for word, want := range s.Scenarios {
		t.Run("scenario "+word, func(t *testing.T) {
			t.Parallel()
			st := s.stand(t, quick)
			st.reach(t, st.start(t, "test-"+word+"-1").Ref, want)
		})
	}
	t.Run("faults", func(t *testing.T) { s.emulatorFaults(t, quick) })
}

func (s Suite) afterReview(t *testing.T, pace emulator.Pace, step emulator.Step) {
	t.Parallel()
	st := s.stand(t, pace)
	started := st.start(t, "user-42")
	st.choose(t, started.Launch.URL, emulator.Review)
	st.reach(t, started.Ref, s.Outcomes[emulator.Review])
	st.choose(t, started.Launch.URL, step)
	st.reach(t, started.Ref, s.Outcomes[step])
}

// decide is a test that decides through the control door.
func (st *stand) decide(t *testing.T, ref idv.Ref, step emulator.Step) {
	t.Helper()
	link := st.root + "/_sessions/" + url.PathEscape(string(ref)) + "/decide"
	body, _ := json.Marshal(map[string]string{"outcome": string(step)}) // plain text always marshals
	resp, text := st.call(t, http.MethodPost, link, "application/json", string(body))
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("decide %s: HTTP %d %s", step, resp.StatusCode, text)
	}
}
