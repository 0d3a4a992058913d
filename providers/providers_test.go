package providers_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers"
)

func TestEveryProviderIsDescribed(t *testing.T) {
	name, key := regexp.MustCompile(`^[a-z][a-z0-9]*$`), regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
	var names []string
	for _, e := range providers.All() {
		a := e.Adapter
		names = append(names, a.Name)
		if !name.MatchString(a.Name) || a.Title == "" || !strings.HasPrefix(a.Docs, "https://") {
			t.Errorf("%q is not described", a.Name)
		}
		var keys []string
		for _, s := range a.Settings {
			keys = append(keys, s.Key)
			if !key.MatchString(s.Key) || s.Help == "" || s.Required && s.Default != "" || s.Secret && s.Default != "" {
				t.Errorf("%s: setting %q is not described", a.Name, s.Key)
			}
		}
		if slices.Sort(keys); len(slices.Compact(slices.Clone(keys))) != len(keys) || !slices.Contains(keys, "BASE_URL") {
			t.Errorf("%s: settings %v", a.Name, keys)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names %v", names)
	}
}

// A development account must be enough for the adapter, and obviously made up.
func TestEveryEmulatorHasAnAccount(t *testing.T) {
	for _, e := range providers.All() {
		t.Run(e.Adapter.Name, func(t *testing.T) {
			settings := idv.Settings{}
			for _, s := range e.Adapter.Settings {
				settings[s.Key] = s.Default
			}
			for key, value := range e.DevSettings("http://127.0.0.1:8080/emulators/" + e.Adapter.Name) {
				if _, ok := settings[key]; !ok {
					t.Errorf("the adapter has no setting %s", key)
				}
				settings[key] = value
			}
			if !strings.HasPrefix(settings["BASE_URL"], "http://127.0.0.1:8080/emulators/"+e.Adapter.Name) {
				t.Errorf("the account is at %s", settings["BASE_URL"])
			}
			if _, err := e.Adapter.New(settings, &http.Client{}); err != nil {
				t.Errorf("the account is not enough: %v", err)
			}

			emu := e.Emulator(emulator.Options{PublicURL: "http://127.0.0.1:8080", Settings: settings})
			defer emu.Close()
			rec := httptest.NewRecorder()
			emu.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_sessions", nil))
			if rec.Code != http.StatusOK || strings.TrimSpace(rec.Body.String()) != `{"sessions":[]}` {
				t.Errorf("control door: HTTP %d %s", rec.Code, rec.Body)
			}
		})
	}
}
