// Package providertest is the suite that every provider's adapter passes. It
// holds the adapter against readable fixtures, against everything that a
// network can do to it, against forged webhooks, and, unchanged and over real
// HTTP, against its own emulator.
//
// Fixtures live in three folders:
//
//	start/NAME.json    an exchange script, see Script; NAME.want.json is what the
//	                   adapter sent and the idv.Started it made of the answer
//	fetch/NAME.json    the same for Fetch and the idv.Update
//	webhook/NAME.json  the raw body as it comes (one newline at the end of the
//	                   file does not count); NAME.want.json is the list of updates
//
// go test -update writes the wanted files anew; read the difference.
package providertest

import (
	"flag"
	"net/http"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

var update = flag.Bool("update", false, "write the wanted files of the fixtures anew")

// Suite says what the suite needs to know of one provider.
type Suite struct {
	Adapter idv.Adapter
	// Settings gives a complete account whose base URL lies on the given server
	// ("http://127.0.0.1:1234"). Every secret is distinct and not a word that
	// could occur by chance.
	Settings func(server string) idv.Settings
	// Credentials are the keys of the settings without which the provider's API
	// answers 401.
	Credentials []string
	// Start is a request that the provider accepts; Ref an id that it might give.
	Start idv.StartRequest
	Ref   idv.Ref
	// Fixtures is the folder of the fixtures, "testdata".
	Fixtures string

	// Sign gives the headers of a genuine webhook of the account of Settings,
	// sent at the given time. Nil for a provider without webhooks.
	Sign func(body []byte, at time.Time) http.Header
	// Window is how far the time that Sign signs may be from ours; 0 where the
	// provider signs no time.
	Window time.Duration
	// ReceivedAt is when the webhooks of the fixtures come in.
	ReceivedAt time.Time
	// Statuses are all documented words for a status. StatusWebhook gives the
	// body of a webhook that says such a word, or any other.
	Statuses      []string
	StatusWebhook func(word string) []byte

	Emulator func(emulator.Options) emulator.Emulator
	// DevSettings gives the account that the emulator at the given root accepts.
	DevSettings func(publicURL string) idv.Settings
	// Outcomes says where each step that the emulator knows must lead.
	Outcomes map[emulator.Step]Outcome
	// Scenarios says the same for each word of a magic externalUserId.
	Scenarios map[string]Outcome
}

// Outcome is what the rest of the program must make of a step.
type Outcome struct {
	Status idv.Status
	// Silent: the provider sends no webhook for it, so that it has to be asked.
	Silent bool
}

// Run runs the whole suite.
func Run(t *testing.T, s Suite) {
	t.Run("settings", s.settings)
	t.Run("start", s.startFixtures)
	t.Run("fetch", s.fetchFixtures)
	t.Run("start faults", s.startFaults)
	t.Run("fetch faults", s.fetchFaults)
	if s.Sign != nil {
		t.Run("webhook", s.webhookFixtures)
		t.Run("authenticate", s.authenticate)
		t.Run("statuses", s.statuses)
	}
	t.Run("emulator", s.lifeCycle)
}

// provider makes the adapter's provider for an account on the given server. The
// time-out is the provider's to keep.
func (s Suite) provider(t testing.TB, settings idv.Settings, timeout time.Duration) idv.Provider {
	t.Helper()
	transport := &http.Transport{Proxy: nil}
	t.Cleanup(transport.CloseIdleConnections)
	p, err := s.Adapter.New(settings, &http.Client{Transport: transport, Timeout: timeout})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return p
}

// reader gives the provider as a webhook reader.
func (s Suite) reader(t testing.TB) idv.WebhookReader {
	t.Helper()
	r, ok := s.provider(t, s.Settings("http://127.0.0.1:1"), time.Second).(idv.WebhookReader)
	if !ok {
		t.Fatal("the suite can sign webhooks, but the provider reads none")
	}
	return r
}
