// Command diagram writes down what the code says of itself: the statuses and
// which can follow which into docs/states.md, and the import rules into their
// place in docs/architecture.md, if that page is there. It is run at the root
// of the module:
//
//	go run ./internal/diagram
package main

import (
	"fmt"
	"os"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func main() {
	pages, err := generate(os.DirFS("."), transitions(idv.Fold))
	if err != nil {
		fmt.Fprintln(os.Stderr, "diagram:", err)
		os.Exit(1)
	}
	for name, text := range pages {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "diagram:", err)
			os.Exit(1)
		}
	}
}
