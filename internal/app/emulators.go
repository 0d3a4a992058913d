package app

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers"
)

// emulatorPath is where dev serves the emulators, beside the API.
const emulatorPath = "/emulators"

// emulators are the stand-ins for all providers, each under its name.
type emulators struct {
	*http.ServeMux
	running  []emulator.Emulator
	settings map[string]idv.Settings
}

// startEmulators starts them below the given root. webhookURL says where each
// provider sends its webhooks; given are settings to use instead of those for
// development.
func startEmulators(root string, webhookURL func(name string) string, given []config.Account, log *slog.Logger) *emulators {
	e := &emulators{ServeMux: http.NewServeMux(), settings: map[string]idv.Settings{}}
	for _, entry := range providers.All() {
		name := entry.Adapter.Name
		public := root + "/" + name
		settings := devSettings(entry, public)
		for _, account := range given {
			if account.Adapter == name {
				maps.Copy(settings, account.Settings)
			}
		}
		running := entry.Emulator(emulator.Options{
			PublicURL:  public,
			WebhookURL: webhookURL(name),
			Settings:   settings,
			Logger:     log,
		})
		e.Handle("/"+name+"/", http.StripPrefix("/"+name, running))
		e.running = append(e.running, running)
		e.settings[name] = settings
	}
	return e
}

// devSettings are those of an account at the emulator, with every default.
func devSettings(entry providers.Entry, root string) idv.Settings {
	all := idv.Settings{}
	for _, s := range entry.Adapter.Settings {
		all[s.Key] = s.Default
	}
	maps.Copy(all, entry.DevSettings(root))
	return all
}

// beside serves the emulators and the API. A ServeMux would not do: it tidies
// paths, and a user's id may be untidy.
func (e *emulators) beside(api http.Handler) http.Handler {
	stripped := http.StripPrefix(emulatorPath, e)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, emulatorPath+"/") {
			stripped.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// Close ends what the emulators do in the background.
func (e *emulators) Close() {
	for _, r := range e.running {
		r.Close()
	}
}

// accounts are accounts at the emulators.
func (e *emulators) accounts() []config.Account {
	var list []config.Account
	for _, entry := range providers.All() {
		name := entry.Adapter.Name
		list = append(list, config.Account{Name: name, Adapter: name, Settings: maps.Clone(e.settings[name])})
	}
	return list
}

// environment is the same as variables, one a line.
func (e *emulators) environment() string {
	var b strings.Builder
	for _, account := range e.accounts() {
		for _, key := range slices.Sorted(maps.Keys(account.Settings)) {
			if value := account.Settings[key]; value != "" {
				fmt.Fprintf(&b, "%s%s_%s=%s\n", config.Prefix, strings.ToUpper(account.Name), key, value)
			}
		}
	}
	return b.String()
}
