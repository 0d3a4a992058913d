package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/metric"
	"github.com/bonafide-idv/bonafide/internal/reconcile"
	"github.com/bonafide-idv/bonafide/internal/session"
	"github.com/bonafide-idv/bonafide/providers"
)

// accounts are the accounts that are on, with what is known of their providers.
type accounts struct {
	names     []string
	titles    map[string]string
	providers map[string]idv.Provider
	monitors  map[string]*monitor
	// tests are those that are for tests.
	tests map[string]bool
	// sandbox: the server is, too, so that they count.
	sandbox bool
}

// openAccounts makes a provider for each account that is on, and has its calls
// counted. The error names every setting that is wrong.
func openAccounts(c config.Config, m *metric.Set) (*accounts, error) {
	a := &accounts{titles: map[string]string{}, providers: map[string]idv.Provider{}, monitors: map[string]*monitor{}, tests: map[string]bool{}, sandbox: c.Sandbox}
	var errs []error
	for _, account := range c.On() {
		adapter := adapterOf(account.Adapter)
		watch := &monitor{
			next:    newTransport(c.ProviderTimeout),
			tell:    func(method, outcome string, took time.Duration) { m.Call(account.Name, method, outcome, took) },
			answers: func(yes bool) { m.Answers(account.Name, yes) },
		}
		p, err := adapter.New(account.Settings, &http.Client{Transport: watch, Timeout: c.ProviderTimeout})
		if err != nil {
			errs = append(errs, fmt.Errorf("provider %s: %w", account.Name, err))
			continue
		}
		a.names = append(a.names, account.Name)
		a.tests[account.Name] = forTests(account)
		a.titles[account.Name], a.providers[account.Name], a.monitors[account.Name] = adapter.Title, p, watch
	}
	return a, errors.Join(errs...)
}

func sandboxed(p idv.Provider) bool {
	s, ok := p.(idv.Sandboxed)
	return ok && s.Sandbox()
}

// emulated reports whether an account has a secret of the emulators, which
// everybody can read in their source.
func emulated(account config.Account) bool {
	entry := entryOf(account.Adapter)
	known := entry.DevSettings("")
	for _, setting := range entry.Adapter.Settings {
		if setting.Secret && slices.Contains(account.Settings.List(setting.Key), known[setting.Key]) {
			return true
		}
	}
	return false
}

func entryOf(name string) providers.Entry {
	all := providers.All()
	return all[slices.IndexFunc(all, func(e providers.Entry) bool { return e.Adapter.Name == name })]
}

// unreal reports whether an account is for tests, on a server that is not.
func (a *accounts) unreal(name string) bool { return a.tests[name] && !a.sandbox }

// forTests reports whether an account that has all it needs is for tests.
func forTests(account config.Account) bool {
	p, err := adapterOf(account.Adapter).New(account.Settings, &http.Client{})
	return err == nil && (sandboxed(p) || emulated(account))
}

// warn tells an operator of accounts that never count here.
func (a *accounts) warn(log *slog.Logger) {
	for _, name := range a.names {
		if a.unreal(name) {
			log.Warn("the account is for tests: what it says is kept and never counted, unless "+config.Prefix+"SANDBOX is true", "provider", name)
		}
	}
}

func adapterOf(name string) idv.Adapter { return entryOf(name).Adapter }

func infos() []idv.Info {
	var list []idv.Info
	for _, e := range providers.All() {
		list = append(list, e.Adapter.Info)
	}
	return list
}

// routing is the operator's rules, and after them the first account.
func (a *accounts) routing(rules []config.Rule) session.Routing {
	var r session.Routing
	for _, rule := range rules {
		r = append(r, session.Rule(rule))
	}
	if len(a.names) > 0 {
		r = append(r, session.Rule{Provider: a.names[0]})
	}
	return r
}

func (a *accounts) statuses() []api.ProviderStatus {
	var list []api.ProviderStatus
	for _, name := range a.names {
		list = append(list, api.ProviderStatus{
			Name:         name,
			Title:        a.titles[name],
			Capabilities: capabilities(a.providers[name]),
			Mode:         a.mode(name),
			Health:       a.monitors[name].health(),
		})
	}
	return list
}

func (a *accounts) mode(name string) string {
	if a.tests[name] {
		return string(idv.ModeTest)
	}
	return string(idv.ModeLive)
}

// capabilities are discovered, so that nobody can claim too much.
func capabilities(p idv.Provider) api.Capabilities {
	_, webhooks := p.(idv.WebhookReader)
	_, cancel := p.(idv.Canceler)
	_, erase := p.(idv.Eraser)
	_, find := p.(idv.Finder)
	return api.Capabilities{Webhooks: webhooks, Cancel: cancel, Erase: erase, Find: find}
}

// paces are how the accounts may be asked, where their providers say so.
func (a *accounts) paces() map[string]idv.Pace {
	paces := map[string]idv.Pace{}
	for name, p := range a.providers {
		paces[name] = idv.Pace{}
		if paced, ok := p.(idv.Paced); ok {
			paces[name] = paced.Pace()
		}
	}
	return paces
}

// schedule says when the accounts are asked about their sessions.
func (a *accounts) schedule(c config.Config) reconcile.Schedule {
	return reconcile.Schedule{Interval: c.ReconcileInterval, Paces: a.paces(), ValidFor: c.ValidFor}
}
