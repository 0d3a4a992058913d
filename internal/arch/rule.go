// Package arch says which package may import which. Its test holds the code to
// it, and the architecture page prints it.
package arch

import (
	"path"
	"slices"
)

// Rule says what one package may import, tests aside. Packages are named by
// their path in the module, "." for its root; a * stands for one element.
type Rule struct {
	Package string
	// Imports are the packages of ours.
	Imports []string
	// Pure: nothing but the standard library besides.
	Pure bool
	// ForTests: only test files may import it.
	ForTests bool
}

// Rules lists the rule of every package. Where two fit, the first one holds.
func Rules() []Rule {
	return []Rule{
		{Package: ".", Imports: []string{"internal/app"}},
		{Package: "api", Imports: []string{"internal/id", "internal/idv", "internal/inbox", "internal/limit", "internal/session", "internal/token", "internal/watch"}},
		{Package: "docs"},
		{Package: "migrations", Imports: []string{"internal/queue"}},
		{Package: "bench", Imports: []string{"bench/bare", "bench/load", "internal/pgserver"}},
		{Package: "bench/bare", Imports: []string{"internal/id"}},
		{Package: "bench/load", Pure: true},
		{Package: "examples/go/follow", Pure: true},
		{Package: "examples/go/receive"},

		{Package: "internal/idv", Pure: true},
		{Package: "internal/country"},
		{Package: "internal/payload", Imports: []string{"internal/idv"}},
		{Package: "internal/signature", Pure: true},
		{Package: "internal/scaffold"},
		{Package: "internal/id"},
		{Package: "internal/limit", Pure: true},
		{Package: "internal/seal", Imports: []string{"internal/idv"}},
		{Package: "internal/ledger", Pure: true},
		{Package: "internal/token", Imports: []string{"internal/id", "internal/idv"}},
		{Package: "internal/config", Imports: []string{"internal/idv"}},

		{Package: "internal/session", Imports: []string{"internal/idv"}},
		{Package: "internal/inbox", Imports: []string{"internal/idv"}},
		{Package: "internal/reconcile", Imports: []string{"internal/idv"}},
		{Package: "internal/watch", Imports: []string{"internal/idv"}},
		{Package: "internal/outbox", Imports: []string{"internal/idv"}},
		{Package: "internal/queue", Imports: []string{"internal/idv"}},
		{Package: "internal/metric", Imports: []string{"internal/idv"}},
		{Package: "internal/trace"},
		{Package: "internal/store", Imports: []string{"internal/id", "internal/idv", "internal/seal", "migrations"}},
		{Package: "internal/httpclient", Imports: []string{"internal/idv"}},
		{Package: "internal/emulator", Imports: []string{"internal/idv"}},

		{Package: "providers", Imports: []string{"internal/emulator", "internal/idv", "providers/*", "providers/*/emulator"}},
		{Package: "providers/providertest", Imports: []string{"internal/emulator", "internal/httpclient", "internal/idv"}, ForTests: true},
		{Package: "providers/*", Imports: []string{"internal/country", "internal/httpclient", "internal/idv", "internal/payload", "internal/signature"}},
		{Package: "providers/*/emulator", Imports: []string{"internal/country", "internal/emulator", "internal/httpclient", "internal/idv"}},

		{Package: "internal/app", Imports: []string{
			"api", "docs", "migrations", "providers",
			"internal/config", "internal/emulator", "internal/httpclient", "internal/id", "internal/idv", "internal/inbox", "internal/ledger",
			"internal/metric", "internal/outbox", "internal/queue", "internal/reconcile", "internal/seal", "internal/session", "internal/store", "internal/token",
			"internal/trace", "internal/watch",
		}},

		{Package: "internal/arch"},
		{Package: "internal/diagram", Imports: []string{"internal/arch", "internal/idv"}},
		{Package: "internal/openapi"},
		{Package: "internal/openapi/generate", Imports: []string{"internal/openapi"}},
		{Package: "internal/pgserver"},
		{Package: "internal/logtest", ForTests: true},
		{Package: "internal/enginetest", Imports: []string{"internal/idv", "internal/pgserver", "internal/store", "migrations"}, ForTests: true},
	}
}

// Confined names the packages of ours that may know a module of others; without
// any, tests alone do.
type Confined struct {
	Module   string
	Packages []string
}

// ConfinedModules lists the modules that only some packages may know.
func ConfinedModules() []Confined {
	return []Confined{
		{"github.com/labstack", []string{"api"}},
		{"gorm.io", []string{"internal/store"}},
		{"github.com/glebarez/sqlite", []string{"internal/store"}},
		{"github.com/go-resty/resty", []string{"internal/httpclient"}},
		{"github.com/riverqueue", []string{"internal/queue", "migrations"}},
		{"riverqueue.com", []string{"internal/queue", "migrations"}},
		{"github.com/prometheus", []string{"internal/metric"}},
		{"go.opentelemetry.io", []string{"internal/trace"}},
		{"google.golang.org/protobuf", []string{"internal/trace"}},
		{"github.com/standard-webhooks", []string{"examples/go/receive", "internal/outbox"}},
		{"code.dny.dev/ssrf", []string{"internal/outbox"}},
		{"github.com/swaggest", []string{"api", "docs"}},
		{"github.com/golang-jwt", []string{"internal/token"}},
		{"github.com/MicahParks", []string{"internal/token"}},
		{"github.com/evanw/esbuild", nil},
	}
}

// RuleOf finds the rule of a package.
func RuleOf(pkg string) (Rule, bool) {
	i := slices.IndexFunc(Rules(), func(r Rule) bool { return match(r.Package, pkg) })
	if i < 0 {
		return Rule{}, false
	}
	return Rules()[i], true
}

// Allows reports whether the rule lets its package import one of ours.
func (r Rule) Allows(pkg string) bool {
	target, ok := RuleOf(pkg)
	return ok && !target.ForTests && slices.ContainsFunc(r.Imports, func(pattern string) bool { return match(pattern, pkg) })
}

// match reports whether the pattern, which is one of Rules, fits the package.
func match(pattern, pkg string) bool {
	ok, err := path.Match(pattern, pkg)
	return ok && err == nil
}
