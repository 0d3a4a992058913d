// Command scaffold writes the folder of a new provider: an adapter with its
// mapping, webhooks, fixtures, suite test, emulator and README, for an invented
// API that is as small as can be. It compiles and passes its own suite, and is
// changed from there into the real one. docs/add-a-provider.md says how.
//
//	make provider name=acme
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() { os.Exit(run(os.Args[1:], ".", os.Stdout, os.Stderr)) }

// run makes the provider whose name is the one argument, in the module at root.
// It returns the process's exit code.
func run(args []string, root string, stdout, stderr io.Writer) int {
	if len(args) != 1 || args[0] == "" {
		fmt.Fprintln(stderr, "want the name of the provider, as in: make provider name=acme")
		return 2
	}
	p, err := newProvider(args[0])
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if err := p.write(filepath.Join(root, "providers", p.Name)); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	fmt.Fprint(stdout, p.next())
	return 0
}
