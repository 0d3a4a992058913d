package openapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// repairSchemas gives nullable references and enums their OpenAPI 3.0 form,
// and closes the objects of requests, whose unknown fields are refused.
func repairSchemas(doc *openapi3.T) {
	for _, ref := range doc.Components.Schemas {
		walk(ref, func(s *openapi3.SchemaRef) { describeEnum(s.Value) })
	}
	for _, ref := range doc.Components.Schemas {
		walk(ref, inlineNullable)
	}
	for _, op := range operationsOf(doc) {
		for _, media := range op.bodies() {
			walk(media.Schema, func(s *openapi3.SchemaRef) { closeObject(s.Value) })
		}
	}
}

// inlineNullable copies what a nullable property refers to: a reference to a
// schema that refuses null would refuse it in the property too.
func inlineNullable(ref *openapi3.SchemaRef) {
	s := ref.Value
	if !s.Nullable || len(s.AllOf) != 1 {
		return
	}
	target := *s.AllOf[0].Value
	target.Nullable, target.Example = true, s.Example
	target.Description = strings.TrimSpace(s.Description + "\n\n" + target.Description)
	if s.Enum != nil {
		target.Enum = s.Enum
	}
	if target.Enum != nil {
		target.Enum = append(slices.Clone(target.Enum), nil)
	}
	ref.Value = &target
}

// The words in which swag tells the names and comments of an enum's constants.
const (
	extensionEnumNames        = "x-enum-varnames"
	extensionEnumComments     = "x-enum-comments"
	extensionEnumDescriptions = "x-enum-descriptions"
)

// describeEnum says what each value means where readers look for it.
func describeEnum(s *openapi3.Schema) {
	if meanings, ok := s.Extensions[extensionEnumDescriptions].([]any); ok && len(meanings) == len(s.Enum) {
		var list strings.Builder
		for i, meaning := range meanings {
			fmt.Fprintf(&list, "- `%v`: %v\n", s.Enum[i], meaning)
		}
		s.Description = strings.TrimSpace(s.Description + "\n\n" + list.String())
	}
	for _, name := range []string{extensionEnumNames, extensionEnumComments, extensionEnumDescriptions} {
		delete(s.Extensions, name)
	}
}

// closeObject refuses members that the schema does not name.
func closeObject(s *openapi3.Schema) {
	if a := s.AdditionalProperties; len(s.Properties) > 0 && a.Has == nil && a.Schema == nil {
		s.AdditionalProperties.Has = openapi3.Ptr(false)
	}
}

// dropUnused removes schemas to which nothing refers any more.
func dropUnused(doc *openapi3.T) {
	used := map[string]bool{}
	mark := func(s *openapi3.SchemaRef) { used[strings.TrimPrefix(s.Ref, "#/components/schemas/")] = true }
	for _, op := range operationsOf(doc) {
		for _, media := range op.bodies() {
			walk(media.Schema, mark)
		}
		for _, reply := range op.replies() {
			for _, media := range reply.Content {
				walk(media.Schema, mark)
			}
		}
	}
	maps.DeleteFunc(doc.Components.Schemas, func(name string, _ *openapi3.SchemaRef) bool { return !used[name] })
}

// walk visits a schema and all those that it is made of, each once.
func walk(root *openapi3.SchemaRef, visit func(*openapi3.SchemaRef)) {
	seen := map[*openapi3.Schema]bool{}
	var step func(*openapi3.SchemaRef)
	step = func(ref *openapi3.SchemaRef) {
		if ref == nil || ref.Value == nil {
			return
		}
		visit(ref)
		s := ref.Value
		if seen[s] {
			return
		}
		seen[s] = true
		for _, property := range s.Properties {
			step(property)
		}
		for _, part := range s.AllOf {
			step(part)
		}
		step(s.Items)
		step(s.AdditionalProperties.Schema)
	}
	step(root)
}
