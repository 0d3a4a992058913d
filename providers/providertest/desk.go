package providertest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Desk is an adapter in front of its emulator, whose webhooks come out as
// updates: for what a provider has beyond the suite.
type Desk struct {
	Root     string       // the emulator's
	Settings idv.Settings // of the adapter and the emulator
	Provider idv.Provider
	said     chan idv.Update
}

// Desk starts the emulator and the adapter, which must read webhooks, with the
// given settings over the emulator's own. A forged webhook is answered with 401
// and never comes out; one that is not understood fails the test.
func (s Suite) Desk(t *testing.T, over idv.Settings) *Desk {
	t.Helper()
	d := &Desk{said: make(chan idv.Update, 64)}
	var reader idv.WebhookReader
	inbox := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a body that is cut off is refused below
		hook := idv.Webhook{Header: r.Header, Body: body, ReceivedAt: time.Now()}
		if err := reader.Authenticate(r.Context(), hook); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		updates, err := reader.Normalize(hook)
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
		for _, u := range updates {
			d.said <- u
		}
	}))
	var emu emulator.Emulator
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { emu.ServeHTTP(w, r) }))
	d.Root, d.Settings = server.URL, s.DevSettings(server.URL)
	maps.Copy(d.Settings, over)
	emu = s.Emulator(emulator.Options{
		PublicURL: server.URL, WebhookURL: inbox.URL, Settings: d.Settings,
		Pace: emulator.Pace{Scenario: time.Millisecond, Retry: 5 * time.Millisecond},
	})
	t.Cleanup(func() {
		emu.Close()
		server.Close()
		inbox.Close()
	})
	d.Provider = s.provider(t, d.Settings, 5*time.Second)
	reader = d.Provider.(idv.WebhookReader)
	return d
}

// Hear waits for the next update.
func (d *Desk) Hear(t *testing.T) idv.Update {
	t.Helper()
	return d.Await(t, func(idv.Update) bool { return true })
}

// Await waits for the update that is asked for; those before it are passed over.
func (d *Desk) Await(t *testing.T, wanted func(idv.Update) bool) idv.Update {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case u := <-d.said:
			if wanted(u) {
				return u
			}
		case <-deadline:
			t.Fatal("the webhook never came")
		}
	}
}

// Is asks for an update with the given status.
func Is(status idv.Status) func(idv.Update) bool {
	return func(u idv.Update) bool { return u.Status == status }
}

// Call speaks to the emulator as somebody else than the adapter, follows no
// redirect, and gives the answer with its text.
func (d *Desk) Call(t *testing.T, method, path, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.Root+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	hc := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, strings.TrimSpace(string(text))
}
