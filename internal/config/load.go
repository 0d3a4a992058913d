package config

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Mistakes is every mistake in a configuration, one sentence each.
type Mistakes []string

func (m Mistakes) Error() string {
	return "the configuration has mistakes:\n  - " + strings.Join(m, "\n  - ")
}

// Load reads the configuration for the given providers. required are the names
// of settings that the command at hand cannot do without. The error is
// Mistakes.
func Load(src Source, infos []idv.Info, required ...string) (Config, error) {
	v := read(src)
	c := Config{
		Listen:            v.address(core(listen)),
		PublicURL:         v.webAddress(core(publicURL)),
		DatabaseURL:       v.database(core(databaseURL)),
		BootstrapAPIKey:   v.bootstrap(core(bootstrapAPIKey)),
		EncryptionKeys:    v.keys(core(EncryptionKey)),
		ValidFor:          v.duration(core(validFor), 0),
		ProviderTimeout:   v.duration(core(providerTimeout), time.Millisecond),
		ReconcileInterval: v.duration(core(reconcile), time.Millisecond),
		CORSOrigins:       v.origins(core(corsOrigins)),
		MetricsListen:     v.perhapsAddress(core(metricsListen)),
		EndpointAllow:     v.ranges(core(endpointAllow)),
		WebhookRetention:  v.duration(core(webhookKept), 0),
		ResultRetention:   v.duration(core(resultKept), 0),
		ErasureLedger:     v.get(core(erasureLedger)),
		Sandbox:           v.truth(core(sandbox)),
		RateLimit:         v.perSecond(core(rateLimit)),
		WebhookRateLimit:  v.perSecond(core(webhookRateLimit)),
		TrustedProxies:    v.ranges(core(trustedProxies)),
		LogLevel:          v.level(core(logLevel)),
		TracesURL:         v.webAddress(core(tracesURL)),
		TracesSample:      v.part(core(tracesSample)),
		Drain:             v.duration(core(drain), 0),
		Routing:           v.file.Routing,
	}
	for _, name := range required {
		if v.get(core(name)) == "" {
			v.wrong("%s%s is required: %s", Prefix, name, core(name).Help)
		}
	}
	if path, ok := strings.CutPrefix(c.DatabaseURL, "sqlite:"); ok && c.ErasureLedger == "" {
		c.ErasureLedger = path + ".erased"
	}
	c.Accounts = v.accounts(infos)
	v.checkRouting(c)
	c.JWT, c.Warnings = v.jwt()
	c.Warnings = append(c.Warnings, v.leftOver()...)
	if len(v.mistakes) > 0 {
		return c, Mistakes(v.mistakes)
	}
	return c, nil
}

func core(name string) Setting {
	all := Core()
	return all[slices.IndexFunc(all, func(s Setting) bool { return s.Name == name })]
}

func (v *values) address(s Setting) string {
	value := v.get(s)
	_, port, err := net.SplitHostPort(value)
	if err == nil && port != "" {
		_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port)
	}
	if err != nil || port == "" {
		v.wrong("%s%s must be an address such as 127.0.0.1:8080", Prefix, s.Name)
	}
	return value
}

func (v *values) perhapsAddress(s Setting) string {
	if v.get(s) == "" {
		return ""
	}
	return v.address(s)
}

func (v *values) webAddress(s Setting) string {
	value := strings.TrimRight(v.get(s), "/")
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		v.wrong("%s%s must be an http or https address without credentials or query", Prefix, s.Name)
	}
	return value
}

func (v *values) database(s Setting) string {
	value := v.get(s)
	scheme, rest, _ := strings.Cut(value, ":")
	if rest == "" || !slices.Contains([]string{"postgres", "postgresql", "sqlite"}, scheme) {
		v.wrong("%s%s must be postgres://… or sqlite:PATH", Prefix, s.Name)
	}
	return value
}

func (v *values) bootstrap(s Setting) string {
	value := v.get(s)
	if value != "" && len(value) < 32 {
		v.wrong("%s%s must have at least 32 characters", Prefix, s.Name)
	}
	return value
}

func (v *values) keys(s Setting) [][]byte {
	value := v.get(s)
	if value == "" {
		return nil
	}
	var keys [][]byte
	for part := range strings.SplitSeq(value, ",") {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil || len(key) != 32 {
			v.wrong("%s%s must be base64 of 32 bytes, or several separated by commas", Prefix, s.Name)
			return nil
		}
		keys = append(keys, key)
	}
	return keys
}

func (v *values) ranges(s Setting) []netip.Prefix {
	value := v.get(s)
	if value == "" {
		return nil
	}
	var list []netip.Prefix
	for part := range strings.SplitSeq(value, ",") {
		p, err := netip.ParsePrefix(strings.TrimSpace(part))
		// One that ends in bits of the host is a slip: it names more than it seems.
		if err != nil || p != p.Masked() || p.Addr().Is4In6() {
			v.wrong("%s%s must be ranges such as 10.0.0.0/8,fd00::/8", Prefix, s.Name)
			return nil
		}
		list = append(list, p)
	}
	return list
}

// mostPerSecond is where a limit is none any more.
const mostPerSecond = 1_000_000

func (v *values) perSecond(s Setting) int {
	n, err := strconv.Atoi(v.get(s))
	if err != nil || n < 0 || n > mostPerSecond {
		v.wrong("%s%s must be a whole number from 0 (no limit) to %d", Prefix, s.Name, mostPerSecond)
		return 0
	}
	return n
}

func (v *values) duration(s Setting, least time.Duration) time.Duration {
	d, err := time.ParseDuration(v.get(s))
	if err != nil || d < least {
		v.wrong("%s%s must be a duration such as %s", Prefix, s.Name, s.Default)
	}
	return d
}

func (v *values) truth(s Setting) bool {
	switch v.get(s) {
	case "true":
		return true
	case "false":
		return false
	default:
		v.wrong("%s%s must be true or false", Prefix, s.Name)
		return false
	}
}

// part reads a part of a whole.
func (v *values) part(s Setting) float64 {
	f, err := strconv.ParseFloat(v.get(s), 64)
	if err != nil || !(f >= 0 && f <= 1) { // NaN is neither
		v.wrong("%s%s must be a number from 0 to 1", Prefix, s.Name)
	}
	return f
}

// origins reads a list of web origins as browsers send them: no path, no slash
// at the end.
func (v *values) origins(s Setting) []string {
	var list []string
	for part := range strings.SplitSeq(v.get(s), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		u, err := url.Parse(part)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || part != u.Scheme+"://"+u.Host {
			v.wrong("%s%s must be origins such as https://app.example.com, separated by commas", Prefix, s.Name)
			return nil
		}
		list = append(list, part)
	}
	return list
}

func (v *values) level(s Setting) slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(v.get(s))); err != nil {
		v.wrong("%s%s must be debug, info, warn or error", Prefix, s.Name)
	}
	return l
}

var accountName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// accounts gives the accounts of the file, then those that variables alone set.
func (v *values) accounts(infos []idv.Info) []Account {
	var list []Account
	for _, name := range v.file.order {
		given := v.file.Providers[name]
		adapter := given["adapter"]
		if adapter == "" {
			adapter = name
		}
		at := slices.IndexFunc(infos, func(i idv.Info) bool { return i.Name == adapter })
		switch {
		case !accountName.MatchString(name):
			v.wrong("providers.%s: a name has lower-case letters, digits, - and _ only", name)
		case at < 0:
			v.wrong("providers.%s: there is no adapter %q", name, adapter)
		default:
			list = append(list, v.account(name, infos[at], given))
		}
	}
	for _, info := range infos {
		if _, named := v.file.Providers[info.Name]; !named {
			list = append(list, v.account(info.Name, info, nil))
		}
	}
	return slices.DeleteFunc(list, func(a Account) bool { return a.Settings == nil })
}

// account reads one account. Its Settings are nil if nobody set any of those
// that are required. One that is set in part is a mistake.
func (v *values) account(name string, info idv.Info, given map[string]string) Account {
	a := Account{Name: name, Adapter: info.Name, Settings: idv.Settings{}}
	some := given != nil
	known := []string{"adapter"}
	for _, s := range info.Settings {
		key := strings.ToLower(s.Key)
		known = append(known, key)
		fallback := s.Default
		if value, ok := given[key]; ok {
			fallback = value
		}
		value := v.get(Setting{Name: variable(name, s.Key), Default: fallback})
		a.Settings[s.Key] = value
		switch {
		case !s.Required:
		case value == "":
			a.Missing = append(a.Missing, s.Key)
		case s.Default == "":
			some = true
		}
	}
	for key := range given {
		if !slices.Contains(known, key) {
			v.wrong("providers.%s.%s is not a setting of %s", name, key, info.Title)
		}
	}
	if !some {
		a.Settings = nil
		return a
	}
	for _, key := range a.Missing {
		v.wrong("%s is required for %s, of which other settings are set", Variable(name, key), info.Title)
	}
	return a
}

func (v *values) checkRouting(c Config) {
	for i, r := range c.Routing {
		if !slices.ContainsFunc(c.On(), func(a Account) bool { return a.Name == r.Provider }) {
			v.wrong("routing[%d]: %q is not a configured provider", i, r.Provider)
		}
	}
}

// leftOver warns of variables that nothing reads, and refuses keys of the file
// that nothing reads.
func (v *values) leftOver() []string {
	variables, keys := v.unknown()
	for _, key := range keys {
		v.wrong("--config: %s is not a setting", key)
	}
	var warnings []string
	for _, name := range variables {
		if name != "CONFIG" {
			warnings = append(warnings, Prefix+name+" is not a setting of this version")
		}
	}
	return warnings
}
