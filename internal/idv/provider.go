package idv

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Adapter is what a provider's folder exports.
type Adapter struct {
	Info
	// New makes the provider for one account. hc carries the time-out and the
	// transport; settings hold every key of Info.Settings, defaults filled in.
	// The error names each setting that is wrong, never its value.
	New func(settings Settings, hc *http.Client) (Provider, error)
}

// Info describes a provider.
type Info struct {
	Name     string // lower case; in routes and variables
	Title    string // as the provider writes it
	Docs     string // the provider's own documentation
	Settings []Setting
}

// Setting is one thing that an operator sets for an account at a provider.
type Setting struct {
	Key      string // upper snake case; the variable is BONAFIDE_<NAME>_<KEY>
	Required bool
	Secret   bool
	Default  string
	Help     string
}

// Settings are the values of an account's settings by key.
type Settings map[string]string

// List splits a comma-separated setting. For secrets: the first signs, all
// verify.
func (s Settings) List(key string) []string {
	var list []string
	for part := range strings.SplitSeq(s[key], ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// Provider is one account at one provider. Its methods return a *ProviderError
// for anything that is machinery; a person who is declined is an Update.
type Provider interface {
	// Start creates the session at the provider. It is sent once.
	Start(ctx context.Context, req StartRequest) (Started, error)
	// Fetch asks for the present truth about a session.
	Fetch(ctx context.Context, ref Ref) (Update, error)
}

// WebhookReader is a provider that calls us.
type WebhookReader interface {
	// Authenticate answers who sent it, over the raw bytes, before anything is
	// kept. It returns ErrForged (wrapped) or nil.
	Authenticate(ctx context.Context, w Webhook) error
	// Normalize reads what it says. It is pure, so that it can be repeated. It
	// returns ErrNotUnderstood (wrapped) for a body that it cannot read at all.
	Normalize(w Webhook) ([]Update, error)
}

// Repeater is a provider whose webhooks neither name nor date the event they
// tell: the same bytes may be sent again as a repetition, or because the same
// thing has happened again, and a late one looks like a new one. Where that
// makes a difference, the truth is asked for.
type Repeater interface {
	WebhookReader
	Repeats() bool
}

// Canceler is a provider at which a session can be cancelled.
type Canceler interface {
	Cancel(ctx context.Context, ref Ref) error
}

// Eraser is a provider that can be asked to erase a person's data.
type Eraser interface {
	Erase(ctx context.Context, ref Ref) error
}

// SlowEraser is one that confirms at once and is done later.
type SlowEraser interface {
	Eraser
	ErasesWithin() time.Duration
}

// Checker is a provider that cannot start every session. Check says what a
// request lacks, before anything is kept or sent: an *InputError, or nil.
type Checker interface {
	Check(req StartRequest) error
}

// Finder is a provider that can be asked for sessions that a Start made whose
// answer was lost. It lists every session that could be the one.
type Finder interface {
	Find(ctx context.Context, req StartRequest) ([]Started, error)
}

// Paced is a provider that says how it may be asked about its sessions when no
// webhook comes. The others are asked at the default pace.
type Paced interface{ Pace() Pace }

// Pace is how an account may be asked about sessions by ourselves.
type Pace struct {
	// Every is the shortest time between two questions about one session, in
	// intervals of the schedule; 0 is 1.
	Every int
	// PerMinute is how many questions about all sessions may be asked within any
	// one minute, and half of it how many on average, for limits by the hour are
	// tighter; 0 is the default, for a provider that documents no limit.
	PerMinute int
	// Reverses: the provider may turn a decision round later on, so that its
	// approvals are asked about as well.
	Reverses bool
}

// Ref is the provider's id of a session.
type Ref string

// StartRequest is all that a provider may be told when a session starts.
type StartRequest struct {
	SessionID      string
	ExternalUserID string
	At             time.Time // when the session was recorded here
	CallbackURL    string    // where the user's browser returns, may be empty
	WebhookURL     string    // where this provider's webhooks go
	ExpiresIn      time.Duration
	Country        string // ISO 3166-1 alpha-2, may be empty
	DocumentTypes  []DocumentType
	Locale         string // BCP 47, may be empty
	Prefill        Prefill
}

// Prefill is what the client knows of the user already: personal data, passed
// on and never kept.
type Prefill struct {
	FirstName, LastName string
	DateOfBirth         string // YYYY-MM-DD
	Email, Phone        string
}

// Started is a session that exists at the provider.
type Started struct {
	Ref            Ref
	Launch         Launch
	ProviderStatus string // the provider's word for the new session, may be empty
	Status         Status // our reading of it
	ExpiresAt      time.Time
	CreatedAt      time.Time // by the provider's clock, zero if it does not say
}

// Launch is what an app needs to start the user's part.
type Launch struct {
	URL            string `json:"url"`
	Token          string `json:"token"`
	VerificationID string `json:"verificationId"`
}

// Webhook is an HTTP call from a provider, as it came.
type Webhook struct {
	Header     http.Header
	Body       []byte
	ReceivedAt time.Time
}

// Update is what a provider says about one session.
type Update struct {
	Ref Ref
	// SessionID is our own id, where the provider echoes it.
	SessionID      string
	EventType      string // the provider's word for the kind of webhook
	OccurredAt     time.Time
	ProviderStatus string
	Status         Status // empty: moves nothing
	Attempt        string
	Unknown        bool // a word that the tables do not have; Why says which
	Partial        bool // does not count by itself: the truth is fetched
	Ask            bool // counts, and the truth is fetched all the same
	Test           bool // see Observation.Test
	Reasons        []Reason
	Notice         *Notice
	Result         *Result
	// DocumentExpiresAt is the first moment at which the document no longer
	// counts, zero if unknown.
	DocumentExpiresAt time.Time
	Why               string // for operators: what is odd about it, no personal data
}

// AfterDay gives the moment at which a document that is valid through the given
// day (YYYY-MM-DD) no longer counts; zero if it is not such a day.
func AfterDay(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, 1)
}

// AsOf dates an answer to a question that was asked at the given time: where
// the provider does not date it, it is true as of the question. Providers that
// date at all do so to the second, and so is this, that neither seems newer
// than the other by its fraction alone.
func (u Update) AsOf(asked time.Time) Update {
	if u.OccurredAt.IsZero() {
		u.OccurredAt = asked.UTC().Truncate(time.Second)
	}
	return u
}

// Observation is what is kept of the update.
func (u Update) Observation(source Source, fingerprint string, heardAt time.Time) Observation {
	return Observation{
		Fingerprint:       fingerprint,
		Source:            source,
		HeardAt:           heardAt,
		OccurredAt:        u.OccurredAt.Truncate(time.Millisecond), // as precise as it is kept
		ProviderStatus:    u.ProviderStatus,
		Status:            u.Status,
		Attempt:           u.Attempt,
		Unknown:           u.Unknown,
		Partial:           u.Partial,
		Test:              u.Test,
		Reasons:           u.Reasons,
		Notice:            u.Notice,
		DocumentExpiresAt: u.DocumentExpiresAt,
		Why:               u.Why,
	}
}
