// Package docs holds the description of the API and the page that shows it.
// The documents beside it are generated; the pages in Markdown are written.
package docs

import (
	"bytes"
	_ "embed"
)

//go:embed openapi.json
var document []byte

// OpenAPI gives the OpenAPI 3.0 document in JSON.
func OpenAPI() []byte { return bytes.Clone(document) }
