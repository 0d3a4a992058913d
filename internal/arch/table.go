package arch

import (
	"fmt"
	"strings"
)

// Table gives the rules as two Markdown tables.
func Table() string {
	var b strings.Builder
	b.WriteString("| package | may import of ours |\n|---|---|\n")
	for _, r := range Rules() {
		name := code(r.Package)
		if r.Package == "." {
			name = "`main.go`"
		}
		if r.ForTests {
			name += " (for tests only)"
		}
		imports := codes(r.Imports)
		if r.Pure {
			imports += ", and the standard library only"
		}
		fmt.Fprintf(&b, "| %s | %s |\n", name, imports)
	}
	b.WriteString("\n| module of others | known to nobody but |\n|---|---|\n")
	for _, c := range ConfinedModules() {
		packages := "tests"
		if len(c.Packages) > 0 {
			packages = codes(c.Packages)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", code(c.Module), packages)
	}
	return b.String()
}

func codes(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	var quoted []string
	for _, n := range names {
		quoted = append(quoted, code(n))
	}
	return strings.Join(quoted, ", ")
}

func code(name string) string { return "`" + name + "`" }
