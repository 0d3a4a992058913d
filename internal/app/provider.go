package app

import (
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers"
)

func (c *command) providers() *cobra.Command {
	return &cobra.Command{
		Use:   "providers",
		Short: "The configured providers, their capabilities, and what is missing from their settings",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// What is missing is shown; other mistakes are too, afterwards.
			cfg, _, err := c.load(cmd)
			if perr := c.printProviders(cfg); perr != nil {
				return perr
			}
			return err
		},
	}
}

func (c *command) printProviders(cfg config.Config) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PROVIDER\tSTATE\tCAPABILITIES\tMISSING")
	for _, entry := range providers.All() {
		accounts := 0
		for _, a := range cfg.Accounts {
			if a.Adapter != entry.Adapter.Name {
				continue
			}
			accounts++
			state := "on"
			switch {
			case len(a.Missing) > 0:
				state = "incomplete"
			case forTests(a):
				state = "test"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.Name, state, words(capabilitiesOf(entry)), variables(a.Name, a.Missing))
		}
		if accounts == 0 {
			fmt.Fprintf(w, "%s\toff\t%s\t%s\n", entry.Adapter.Name, words(capabilitiesOf(entry)), variables(entry.Adapter.Name, required(entry.Adapter.Info)))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	c.printf("\nSettings:\n")
	for _, entry := range providers.All() {
		for _, s := range config.Provider(entry.Adapter.Info) {
			fmt.Fprintf(w, "  %s%s\t%s\t%s\n", config.Prefix, s.Name, s.Help, defaultOf(s))
		}
	}
	return w.Flush()
}

func defaultOf(s config.Setting) string {
	if s.Default == "" {
		return ""
	}
	return "default " + s.Default
}

// capabilitiesOf discovers what an adapter can do from a provider made with its
// development settings.
func capabilitiesOf(entry providers.Entry) api.Capabilities {
	p, err := entry.Adapter.New(devSettings(entry, "http://127.0.0.1"), &http.Client{})
	if err != nil {
		return api.Capabilities{}
	}
	return capabilities(p)
}

func words(c api.Capabilities) string {
	list := []string{"start", "fetch"}
	for _, w := range []struct {
		has  bool
		word string
	}{{c.Webhooks, "webhooks"}, {c.Cancel, "cancel"}, {c.Erase, "erase"}, {c.Find, "find-lost-creates"}} {
		if w.has {
			list = append(list, w.word)
		}
	}
	return strings.Join(list, ",")
}

func required(info idv.Info) []string {
	var keys []string
	for _, s := range info.Settings {
		if s.Required {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

func variables(account string, keys []string) string {
	var names []string
	for _, k := range keys {
		names = append(names, config.Variable(account, k))
	}
	return strings.Join(names, " ")
}
