// Package emulator is what the stand-ins for all providers share: sessions in
// memory, a hosted page on which a person decides, scenarios that decide by
// themselves, the sending of webhooks with retries, faults on demand, and a
// control door for tests. What differs, a provider's own API, words and
// signatures, is in its folder's emulator.
//
// An emulator sees paths relative to its own root, so it is mounted with
// http.StripPrefix under any prefix:
//
//	/                       GET: a page that explains the emulator
//	/_faults                GET, PUT, DELETE: faults on demand, see Faults
//	/_sessions              GET: the sessions, newest first
//	/_sessions/{id}         GET: one of them
//	/_sessions/{id}/decide  POST {"outcome":"approve","reason":""}: see Step
//	the hosted page         at Profile.Page + id
//	everything else         the provider's own API
//
// A session whose externalUserId begins with "test-", a word and a dash decides
// by itself, shortly after it was created: test-approve-42, test-reject-42,
// test-review-42, test-resubmit-42, test-fraud-42, test-fail-42,
// test-abandon-42, test-expired-42, as far as the provider knows such a thing,
// and test-slow-42, which is approved after ten seconds. Faults may be named at
// its end, each after a plus sign: "test-approve-42+duplicate", see FaultsOf.
package emulator

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Emulator stands in for one provider. Close ends its background work and waits
// for it.
type Emulator interface {
	http.Handler
	Close()
}

// Options are what every provider's emulator is made from.
type Options struct {
	// PublicURL is the emulator's own root as a browser and our server see it,
	// without a slash at its end: "http://127.0.0.1:8080/emulators/kora".
	PublicURL string
	// WebhookURL is where the account at the provider sends its webhooks. It
	// may be empty.
	WebhookURL string
	// Settings hold the credentials that the emulator accepts and signs with,
	// under the keys of the adapter's settings.
	Settings idv.Settings
	// Client sends the webhooks; nil for one with a time-out of 10 s.
	Client *http.Client
	Logger *slog.Logger     // nil logs nothing
	Now    func() time.Time // nil is time.Now
	Pace   Pace
}

// Pace is how fast things happen; zero fields take the defaults.
type Pace struct {
	Scenario time.Duration // from the create to what a scenario decides; 300 ms
	Slow     time.Duration // the same for "test-slow-"; 10 s
	Retry    time.Duration // to the second try of a webhook, then doubling; 500 ms
	Hold     time.Duration // by which the fault "reorder" holds back a single webhook; 1 s
}

// Provider is the part in which emulators differ.
type Provider interface {
	// Tell gives the webhooks that follow a step, in the order in which they
	// are sent. s is the session after the step.
	Tell(s Session, step Step) []Message
	// Sign gives the headers that authenticate a message sent at the given time.
	Sign(m Message, at time.Time) http.Header
	// Refuse answers an API call with an HTTP error as the provider would.
	Refuse(w http.ResponseWriter, status int, retryAfter time.Duration)
}

// Message is one webhook.
type Message struct {
	URLs   []string // every one of them gets it
	Event  string   // the provider's word for what happened, may be empty
	Header http.Header
	Body   []byte
}

// Profile describes a provider's emulator.
type Profile struct {
	Name  string // as the adapter's
	Title string
	Page  string // path of the hosted page before the id: "/capture/"
	// Steps are what the provider can do, besides Open and Submit.
	Steps []Step
	// Reasons are the provider's codes that a person may choose from for a
	// decline (the first is the default), and for a resubmission.
	Reasons         []Choice
	ResubmitReasons []Choice
	// Scenarios add to those that follow from Steps, or replace them, by word.
	Scenarios map[string][]Move
}

// Choice is a provider's code and what it means.
type Choice struct{ Value, Label string }
