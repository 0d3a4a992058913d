package app

import (
	"errors"
	"fmt"
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
}

// openAccounts makes a provider for each account that is on, and has its calls
// counted. The error names every setting that is wrong.
func openAccounts(c config.Config, m *metric.Set) (*accounts, error) {
	a := &accounts{titles: map[string]string{}, providers: map[string]idv.Provider{}, monitors: map[string]*monitor{}}
	var errs []error
	for _, account := range c.On() {
		adapter := adapterOf(account.Adapter)
		watch := &monitor{
			next: http.DefaultTransport.(*http.Transport).Clone(),
			tell: func(method, outcome string, took time.Duration) { m.Call(account.Name, method, outcome, took) },
		}
		p, err := adapter.New(account.Settings, &http.Client{Transport: watch, Timeout: c.ProviderTimeout})
		if err != nil {
			errs = append(errs, fmt.Errorf("provider %s: %w", account.Name, err))
			continue
		}
		a.names = append(a.names, account.Name)
		a.titles[account.Name], a.providers[account.Name], a.monitors[account.Name] = adapter.Title, p, watch
	}
	return a, errors.Join(errs...)
}

func adapterOf(name string) idv.Adapter {
	all := providers.All()
	return all[slices.IndexFunc(all, func(e providers.Entry) bool { return e.Adapter.Name == name })].Adapter
}

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
			Health:       a.monitors[name].health(),
		})
	}
	return list
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
