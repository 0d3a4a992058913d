package arch_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bonafide-idv/bonafide/internal/arch"
)

// TestImports holds the whole module to the rules.
func TestImports(t *testing.T) {
	violations, packages, err := check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
	if !slices.Contains(packages, "internal/idv") || !slices.Contains(packages, "internal/arch") {
		t.Errorf("the module was not read: found %v", packages)
	}
}

// check gives the breaches of the rules in a module, and its packages.
func check(module fs.FS) (violations, packages []string, err error) {
	name, err := moduleName(module)
	if err != nil {
		return nil, nil, err
	}
	found := map[string]bool{}
	err = fs.WalkDir(module, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(module, file)
		}
		if path.Ext(file) != ".go" {
			return nil
		}
		pkg := path.Dir(file)
		found[pkg] = true
		if strings.HasSuffix(file, "_test.go") {
			return nil
		}
		imports, err := importsOf(module, file)
		if err != nil {
			return err
		}
		for _, imported := range imports {
			if why := breach(name, pkg, imported); why != "" {
				violations = append(violations, file+": "+why)
			}
		}
		return nil
	})
	packages = slices.Sorted(maps.Keys(found))
	for _, pkg := range packages {
		if _, ok := arch.RuleOf(pkg); !ok {
			violations = append(violations, pkg+": the package has no rule")
		}
	}
	return violations, packages, err
}

// skip leaves out what the go command leaves out, and modules of their own.
func skip(module fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	_, err := fs.Stat(module, path.Join(dir, "go.mod"))
	if base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || err == nil {
		return fs.SkipDir
	}
	return nil
}

func moduleName(module fs.FS) (string, error) {
	text, err := fs.ReadFile(module, "go.mod")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", fmt.Errorf("go.mod names no module")
}

func importsOf(module fs.FS, file string) ([]string, error) {
	source, err := fs.ReadFile(module, file)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, imported)
	}
	return imports, nil
}

// breach says what is wrong with the import, if anything.
func breach(module, pkg, imported string) string {
	rule, _ := arch.RuleOf(pkg)
	if imported == module {
		return "imports the command"
	}
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		if !rule.Allows(ours) {
			return "may not import " + ours
		}
		return ""
	}
	first, _, _ := strings.Cut(imported, "/")
	if rule.Pure && strings.Contains(first, ".") {
		return "may import the standard library only, not " + imported
	}
	for _, c := range arch.ConfinedModules() {
		if within(c.Module, imported) && !slices.Contains(c.Packages, pkg) {
			return "may not know " + imported
		}
	}
	return ""
}

func within(module, imported string) bool {
	return imported == module || strings.HasPrefix(imported, module+"/")
}

// TestCheck: the check finds each kind of breach, and nothing else.
func TestCheck(t *testing.T) {
	file := func(imports ...string) *fstest.MapFile {
		source := "package p\n"
		for _, i := range imports {
			source += "import _ " + strconv.Quote(i) + "\n"
		}
		return &fstest.MapFile{Data: []byte(source)}
	}
	const m = "example.org/m"
	tests := map[string]struct {
		file    string
		imports []string
		want    string
	}{
		"allowed":                             {"internal/session/a.go", []string{m + "/internal/idv", "net/http", "github.com/google/uuid"}, ""},
		"a neighbour":                         {"internal/session/a.go", []string{m + "/internal/inbox"}, "internal/session/a.go: may not import internal/inbox"},
		"the vocabulary is pure":              {"internal/idv/a.go", []string{"github.com/google/uuid"}, "internal/idv/a.go: may import the standard library only, not github.com/google/uuid"},
		"the vocabulary imports none of ours": {"internal/idv/a.go", []string{m + "/internal/id"}, "internal/idv/a.go: may not import internal/id"},
		"a new adapter":                       {"providers/veriff/a.go", []string{m + "/internal/idv", m + "/internal/httpclient"}, ""},
		"an adapter with another one":         {"providers/veriff/a.go", []string{m + "/providers/kora"}, "providers/veriff/a.go: may not import providers/kora"},
		"an adapter with its emulator":        {"providers/veriff/a.go", []string{m + "/providers/veriff/emulator"}, "providers/veriff/a.go: may not import providers/veriff/emulator"},
		"an emulator with its adapter":        {"providers/veriff/emulator/a.go", []string{m + "/providers/veriff"}, "providers/veriff/emulator/a.go: may not import providers/veriff"},
		"the list of adapters":                {"providers/a.go", []string{m + "/providers/veriff", m + "/providers/veriff/emulator"}, ""},
		"the list and the suite":              {"providers/a.go", []string{m + "/providers/providertest"}, "providers/a.go: may not import providers/providertest"},
		"a package without a rule":            {"internal/util/a.go", nil, "internal/util: the package has no rule"},
		"tests without a rule":                {"internal/util/a_test.go", nil, "internal/util: the package has no rule"},
		"a test":                              {"internal/session/a_test.go", []string{m + "/internal/enginetest", "gorm.io/gorm"}, ""},
		"an engine outside of tests":          {"internal/session/a.go", []string{m + "/internal/enginetest"}, "internal/session/a.go: may not import internal/enginetest"},
		"the command":                         {"internal/app/a.go", []string{m}, "internal/app/a.go: imports the command"},
		"gorm":                                {"internal/inbox/a.go", []string{"gorm.io/gorm"}, "internal/inbox/a.go: may not know gorm.io/gorm"},
		"gorm in the store":                   {"internal/store/a.go", []string{"gorm.io/gorm/clause"}, ""},
		"resty":                               {"providers/kora/a.go", []string{"github.com/go-resty/resty/v2"}, "providers/kora/a.go: may not know github.com/go-resty/resty/v2"},
		"river":                               {"internal/app/a.go", []string{"github.com/riverqueue/river"}, "internal/app/a.go: may not know github.com/riverqueue/river"},
		"echo":                                {"internal/app/a.go", []string{"github.com/labstack/echo/v4"}, "internal/app/a.go: may not know github.com/labstack/echo/v4"},
		"echo in the api":                     {"api/a.go", []string{"github.com/labstack/echo/v4/middleware"}, ""},
		"prometheus":                          {"api/a.go", []string{"github.com/prometheus/client_golang/prometheus"}, "api/a.go: may not know github.com/prometheus/client_golang/prometheus"},
		"opentelemetry":                       {"api/a.go", []string{"go.opentelemetry.io/otel/trace"}, "api/a.go: may not know go.opentelemetry.io/otel/trace"},
		"the documents' page":                 {"internal/app/a.go", []string{"github.com/swaggest/swgui/v5emb"}, "internal/app/a.go: may not know github.com/swaggest/swgui/v5emb"},
		"a name that only begins alike":       {"internal/app/a.go", []string{"gorm.io.example.org/x"}, ""},
		"what only tests may know":            {"internal/app/a.go", []string{"github.com/evanw/esbuild/pkg/api"}, "internal/app/a.go: may not know github.com/evanw/esbuild/pkg/api"},
		"an example":                          {"examples/go/follow/a.go", []string{m + "/internal/idv"}, "examples/go/follow/a.go: may not import internal/idv"},
		"test data":                           {"internal/idv/testdata/a.go", []string{"gorm.io/gorm"}, ""},
		"hidden":                              {".ci/a.go", []string{"gorm.io/gorm"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			violations, _, err := check(fstest.MapFS{
				"go.mod":  {Data: []byte("module " + m + "\n\ngo 1.26\n")},
				tt.file:   file(tt.imports...),
				"main.go": file(m + "/internal/app"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(violations, "\n"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestOtherModulesAreLeftOut: tools have a module of their own.
func TestOtherModulesAreLeftOut(t *testing.T) {
	violations, _, err := check(fstest.MapFS{
		"go.mod":       {Data: []byte("module example.org/m\n")},
		"tools/go.mod": {Data: []byte("module example.org/tools\n")},
		"tools/a.go":   {Data: []byte("package tools\nimport _ \"gorm.io/gorm\"\n")},
	})
	if err != nil || len(violations) > 0 {
		t.Errorf("%v, %v", violations, err)
	}
}

// TestBrokenFile: what cannot be read is no pass.
func TestBrokenFile(t *testing.T) {
	for name, module := range map[string]fstest.MapFS{
		"go.mod": {"main.go": {Data: []byte("package main")}},
		"module": {"go.mod": {Data: []byte("go 1.26\n")}},
		"source": {"go.mod": {Data: []byte("module m\n")}, "a.go": {Data: []byte("pack")}},
	} {
		if _, _, err := check(module); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestRulesAreWellFormed: each pattern can match, each name has a rule of its
// own, no rule allows what is for tests or itself.
func TestRulesAreWellFormed(t *testing.T) {
	var names []string
	for _, r := range arch.Rules() {
		if _, err := path.Match(r.Package, ""); err != nil {
			t.Errorf("%s: %v", r.Package, err)
		}
		names = append(names, r.Package)
	}
	for _, r := range arch.Rules() {
		for _, imported := range r.Imports {
			if !slices.Contains(names, imported) {
				t.Errorf("%s may import %s, which has no rule", r.Package, imported)
			}
			if imported == r.Package {
				t.Errorf("%s may import itself", r.Package)
			}
		}
	}
	for _, c := range arch.ConfinedModules() {
		for _, pkg := range c.Packages {
			if !slices.Contains(names, pkg) {
				t.Errorf("%s is confined to %s, which has no rule", c.Module, pkg)
			}
		}
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("a package has two rules")
	}
}

// TestTable: every rule is in the printed table.
func TestTable(t *testing.T) {
	table := arch.Table()
	for _, r := range arch.Rules() {
		name := "`" + r.Package + "`"
		if r.Package == "." {
			name = "`main.go`"
		}
		if !strings.Contains(table, "| "+name) {
			t.Errorf("the table lacks %s", r.Package)
		}
	}
	for _, row := range []string{
		"| `internal/idv` | nothing, and the standard library only |\n",
		"| `internal/session` | `internal/idv` |\n",
		"| `internal/enginetest` (for tests only) |",
		"| `gorm.io` | `internal/store` |\n",
		"| `github.com/evanw/esbuild` | tests |\n",
	} {
		if !strings.Contains(table, row) {
			t.Errorf("the table lacks %q", row)
		}
	}
}
