package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// Convert turns a Swagger 2.0 document in JSON into an OpenAPI 3.0 document in
// indented JSON. The same input gives the same bytes. The error names every
// place at which the annotations lack something.
func Convert(swagger []byte) ([]byte, error) {
	doc, err := parse(swagger)
	if err != nil {
		return nil, fmt.Errorf("read the Swagger document: %w", err)
	}
	doc.Servers = openapi3.Servers{{URL: "/", Description: "this server"}}
	repairSecurity(doc)
	repairSchemas(doc)
	doc.Components.Headers = openapi3.Headers{}
	if err := documentLimits(doc); err != nil {
		return nil, err
	}
	repairReplies(doc)
	if err := giveExamples(doc); err != nil {
		return nil, err
	}
	dropUnused(doc)
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("the OpenAPI document is not valid: %w", err)
	}
	return render(doc)
}

func parse(swagger []byte) (*openapi3.T, error) {
	prepared, err := prepare(swagger)
	if err != nil {
		return nil, err
	}
	var source openapi2.T
	if err := json.Unmarshal(prepared, &source); err != nil {
		return nil, err
	}
	if source.Paths == nil {
		return nil, errors.New("it has no paths")
	}
	return openapi2conv.ToV3(&source)
}

// render sorts all members, so that the bytes depend on nothing but the content.
func render(doc *openapi3.T) ([]byte, error) {
	raw, err := doc.MarshalJSON()
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(tree)
	return out.Bytes(), err
}

// repairSecurity says what Swagger 2.0 has no word for: the Authorization
// header carries a bearer credential.
func repairSecurity(doc *openapi3.T) {
	for _, ref := range doc.Components.SecuritySchemes {
		if s := ref.Value; s.Type == "apiKey" && s.In == "header" && s.Name == "Authorization" {
			ref.Value = &openapi3.SecurityScheme{Type: "http", Scheme: "bearer", Description: s.Description}
		}
	}
}
