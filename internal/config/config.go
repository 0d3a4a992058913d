// Package config reads what an operator sets: flags, environment variables,
// files named by them, and a YAML file, in this order of precedence. It reports
// every mistake at once and by name, and never a secret's value.
package config

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Prefix begins the name of every variable.
const Prefix = "BONAFIDE_"

// Config is everything an operator can set, checked.
type Config struct {
	Listen          string
	PublicURL       string // without a slash at the end; empty if it follows from Listen
	DatabaseURL     string
	BootstrapAPIKey string
	EncryptionKeys  [][]byte // the first encrypts, all decrypt
	JWT             JWT
	ValidFor        time.Duration
	ProviderTimeout time.Duration
	CORSOrigins     []string // that may call with a client token from a browser
	MetricsListen   string   // empty for none
	// ReconcileInterval is the unit of the schedule by which providers are asked.
	ReconcileInterval time.Duration
	EndpointAllow     []netip.Prefix // where endpoints may be besides public addresses
	// WebhookRetention and ResultRetention are how long personal data is kept; 0
	// for ever.
	WebhookRetention, ResultRetention time.Duration
	ErasureLedger                     string // a path; empty for none
	// Sandbox: the server is not about real people.
	Sandbox          bool
	RateLimit        int            // requests a second for one credential; 0 for no limit
	WebhookRateLimit int            // refused webhooks a second from one address; 0 for no limit
	TrustedProxies   []netip.Prefix // whose X-Forwarded-For is believed
	LogLevel         slog.Level
	TracesURL        string        // of a collector, without a slash at the end; empty for none
	TracesSample     float64       // from 0 to 1
	Drain            time.Duration // between being told to stop and closing the door
	Accounts         []Account     // in the order in which routing falls back to them
	Routing          []Rule
	// Warnings are for the log: settings that were given and do nothing, or less
	// than they should.
	Warnings []string
}

// Account is one account at one provider.
type Account struct {
	Name     string // in routes and requests
	Adapter  string // the provider's name
	Settings idv.Settings
	Missing  []string // required settings that are not there; empty if it is on
}

// Rule sends requests that name no provider to one.
type Rule struct {
	Countries     []string           `yaml:"countries"`
	DocumentTypes []idv.DocumentType `yaml:"document_types"`
	Provider      string             `yaml:"provider"`
}

// On lists the accounts that have all they need.
func (c Config) On() []Account {
	var on []Account
	for _, a := range c.Accounts {
		if len(a.Missing) == 0 {
			on = append(on, a)
		}
	}
	return on
}
