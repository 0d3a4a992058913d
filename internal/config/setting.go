package config

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Setting is one thing that can be set by a flag, a variable or the file.
type Setting struct {
	Name    string // the variable without its prefix
	Default string
	Help    string
	Secret  bool
}

// Flag is the name of the setting's flag.
func (s Setting) Flag() string { return strings.ReplaceAll(strings.ToLower(s.Name), "_", "-") }

const (
	listen          = "LISTEN"
	publicURL       = "PUBLIC_URL"
	databaseURL     = "DATABASE_URL"
	bootstrapAPIKey = "BOOTSTRAP_API_KEY"
	validFor        = "VERIFICATION_VALID_FOR"
	providerTimeout = "PROVIDER_TIMEOUT"
	corsOrigins     = "CORS_ORIGINS"
	metricsListen   = "METRICS_LISTEN"
	reconcile       = "RECONCILE_INTERVAL"
	endpointAllow   = "ENDPOINT_ALLOW_CIDRS"
	webhookKept     = "WEBHOOK_RETENTION"
	resultKept      = "RESULT_RETENTION"
	erasureLedger   = "ERASURE_LEDGER"
	sandbox         = "SANDBOX"
	logLevel        = "LOG_LEVEL"
	jwtSecret       = "JWT_SECRET"
	jwksURL         = "JWT_JWKS_URL"
	jwtIssuer       = "JWT_ISSUER"
	jwtAudience     = "JWT_AUDIENCE"
	tracesURL       = "TRACES_URL"
	tracesSample    = "TRACES_SAMPLE"
	drain           = "DRAIN"
)

// The settings of limits.
const (
	rateLimit        = "RATE_LIMIT"
	webhookRateLimit = "WEBHOOK_RATE_LIMIT"
	trustedProxies   = "TRUSTED_PROXIES"
)

// EncryptionKey is the name of the setting that only some commands need.
const EncryptionKey = "ENCRYPTION_KEY"

// Core lists the settings of the server itself.
func Core() []Setting {
	return []Setting{
		{Name: listen, Default: "127.0.0.1:8080", Help: "address of the API"},
		{Name: publicURL, Help: "how providers and phones reach this server (default http:// and the address of the API)"},
		{Name: databaseURL, Default: "sqlite:bonafide.db", Help: "postgres://… or sqlite:PATH"},
		{Name: bootstrapAPIKey, Secret: true, Help: "an API key with every scope, for provisioning; at least 32 characters"},
		{Name: EncryptionKey, Secret: true, Help: "base64 of 32 bytes; encrypts personal data and stored webhooks. A comma-separated list: the first encrypts, all decrypt"},
		{Name: jwtSecret, Secret: true, Help: "accept JWTs (HS256) that are signed with this secret; one literal of at least 16 bytes, better 32"},
		{Name: jwksURL, Help: "accept JWTs that are signed with the keys of this JSON Web Key Set; https (http for localhost), and wants issuer and audience"},
		{Name: jwtIssuer, Help: "the issuer (iss) that JWTs must have"},
		{Name: jwtAudience, Help: "the audience (aud) that JWTs must have"},
		{Name: validFor, Default: "8760h", Help: "how long an approval counts; 0 for ever"},
		{Name: providerTimeout, Default: "10s", Help: "one call to a provider, all tries of a read included"},
		{Name: rateLimit, Default: "200", Help: "requests a second for one credential, and failed authentications a second from one address; bursts of twice that; 0 for no limit"},
		{Name: webhookRateLimit, Default: "1000", Help: "webhooks a second from one address that are refused with a reason, in bursts of twice that; 0 for no limit. Genuine webhooks are never limited"},
		{Name: trustedProxies, Help: "ranges of the proxies in front of this server, such as 10.0.0.0/8,fd00::/8; only what they say in X-Forwarded-For is believed (default: nobody)"},
		{Name: corsOrigins, Help: "origins, separated by commas, whose pages may call /v1/me/… from a browser, such as https://app.example.com"},
		{Name: metricsListen, Help: "an address of its own for /metrics, where no credential is asked for (default: none, /metrics is beside the API)"},
		{Name: reconcile, Default: "1m", Help: "shortest time between two questions about one session whose webhooks do not come; the schedule is a multiple of it"},
		{Name: endpointAllow, Help: "ranges that endpoints for events may be in although they are not public, such as 10.0.0.0/8,fd00::/8; only there may they do without https"},
		{Name: webhookKept, Default: "2160h", Help: "how long the webhooks themselves are kept, for replays; 0 for ever. What they said stays"},
		{Name: resultKept, Default: "0", Help: "how long results (person, document, checks) are kept since the decision; 0 until the user is erased"},
		{Name: erasureLedger, Help: "a file outside of the database that names the keys of erased people, so that a restored backup is made to forget them again (default: beside a SQLite file, with .erased after its name; none for PostgreSQL)"},
		{Name: sandbox, Default: "false", Help: "true for a server that is not about real people: accounts of providers that are for tests, and emulators, count only there"},
		{Name: logLevel, Default: "info", Help: "debug, info, warn or error; logs are JSON lines on standard error"},
		{Name: tracesURL, Help: "a collector that takes traces by OTLP over HTTP, such as http://collector:4318 (default: none, nothing is traced)"},
		{Name: tracesSample, Default: "1", Help: "the part of requests and jobs that is traced, from 0 to 1; a caller that sends traceparent decides for its own"},
		{Name: drain, Default: "0s", Help: "how long a server that is told to stop still takes requests while /readyz says that it stops"},
	}
}

// Provider lists the settings of an account at a provider.
func Provider(info idv.Info) []Setting {
	var list []Setting
	for _, s := range info.Settings {
		help := info.Title + ": " + s.Help
		if s.Required {
			help += " (required)"
		}
		list = append(list, Setting{Name: variable(info.Name, s.Key), Default: s.Default, Help: help, Secret: s.Secret})
	}
	return list
}

// Variable is the name of the variable for a setting of an account.
func Variable(account, key string) string { return Prefix + variable(account, key) }

func variable(account, key string) string {
	return strings.ToUpper(strings.ReplaceAll(account, "-", "_")) + "_" + key
}
