package main

import (
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

const module = "github.com/bonafide-idv/bonafide"

// provider is what the templates know of the new provider.
type provider struct {
	Name   string // "acme": the package, the route and part of the variables
	Title  string // "Acme"
	Upper  string // "ACME"
	Module string
}

func newProvider(name string) (provider, error) {
	if !regexp.MustCompile(`^[a-z][a-z0-9]{1,31}$`).MatchString(name) {
		return provider{}, fmt.Errorf("%q is no name for a provider: want 2 to 32 lower-case letters and digits, a letter first", name)
	}
	taken, err := words()
	if err != nil {
		return provider{}, err
	}
	// The go command gives these folders a meaning of its own.
	special := []string{"internal", "vendor", "testdata", "main"}
	if token.IsKeyword(name) || taken[name] || slices.Contains(special, name) {
		return provider{}, fmt.Errorf("%q is no name for a provider: it means something else in Go or in the adapter's code", name)
	}
	return describe(name), nil
}

func describe(name string) provider {
	return provider{Name: name, Title: strings.ToUpper(name[:1]) + name[1:], Upper: strings.ToUpper(name), Module: module}
}

// next says what is left to do.
func (p provider) next() string {
	return fmt.Sprintf(`providers/%[1]s is there. Add it to providers/providers.go, in the order of the names:

	"%[2]s/providers/%[1]s"
	%[1]semulator "%[2]s/providers/%[1]s/emulator"

		{Adapter: %[1]s.Adapter(), Emulator: %[1]semulator.New, DevSettings: %[1]semulator.Settings},

Then:

	go test ./providers/...        it passes as it is, against an invented API
	go run . dev                   the invented provider is there, with a page to decide on

and change it into the real one: docs/add-a-provider.md says in which order.
`, p.Name, p.Module)
}
