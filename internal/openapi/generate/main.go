// Command generate writes the OpenAPI 3.0 document:
//
//	go run ./internal/openapi/generate docs/swagger.json docs/openapi.json
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/bonafide-idv/bonafide/internal/openapi"
)

func main() {
	if err := generate(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(args []string) error {
	if len(args) != 2 {
		return errors.New("give the Swagger document to read and the OpenAPI document to write")
	}
	swagger, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	document, err := openapi.Convert(swagger)
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], document, 0o644)
}
