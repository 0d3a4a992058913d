package openapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// extensionExample carries examples through the conversion: of parameters as
// they are, of operations as merge patches by status.
const extensionExample = "x-example"

// giveExamples gives every parameter, request and reply the example that the
// annotations make up.
func giveExamples(doc *openapi3.T) error {
	var faults []error
	for _, op := range operationsOf(doc) {
		for _, p := range op.Parameters {
			exemplifyParameter(p.Value)
		}
		patches, _ := op.Extensions[extensionExample].(map[string]any)
		delete(op.Extensions, extensionExample)
		for status, reply := range op.replies() {
			if err := op.exemplify(status, reply, patches[status]); err != nil {
				faults = append(faults, fmt.Errorf("%s: reply %s: %w", op, status, err))
			}
			delete(patches, status)
		}
		for status := range patches {
			faults = append(faults, fmt.Errorf("%s: %s is for reply %s, which is not documented", op, extensionExample, status))
		}
		for _, media := range op.bodies() {
			example, err := exampleOf(media.Schema.Value, "body")
			media.Example, faults = example, append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// exemplifyParameter tells the example of an optional parameter in words:
// Swagger UI would fill it in, and send what nobody asked for.
func exemplifyParameter(p *openapi3.Parameter) {
	example := p.Extensions[extensionExample]
	delete(p.Extensions, extensionExample)
	switch {
	case example == nil:
	case p.Required:
		p.Example = example
	default:
		p.Description += fmt.Sprintf("; for example `%v`", example)
	}
}

func (o operation) exemplify(status string, reply *openapi3.Response, patch any) error {
	for name, media := range reply.Content {
		if name == mediaProblem {
			examples, err := o.problems(status, *reply.Description, media.Schema.Value, patch)
			if err != nil {
				return err
			}
			media.Examples = examples
			continue
		}
		if text, ok := patch.(string); ok {
			media.Example = text // of a reply that is text
			continue
		}
		example, err := exampleOf(media.Schema.Value, "body")
		if err != nil {
			return err
		}
		media.Example = patched(example, patch)
	}
	return nil
}

// exampleOf puts an example together from those of the fields. Where tells the
// place for the error.
func exampleOf(s *openapi3.Schema, where string) (any, error) {
	switch {
	case s.Example != nil:
		return s.Example, nil
	case s.Nullable && len(s.Properties) == 0:
		return nil, nil
	case len(s.AllOf) == 1:
		return exampleOf(s.AllOf[0].Value, where)
	case len(s.Enum) > 0:
		return s.Enum[0], nil
	case s.Type.Is(openapi3.TypeArray):
		item, err := exampleOf(s.Items.Value, where+"[]")
		return []any{item}, err
	case s.Type.Is(openapi3.TypeObject):
		object := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			value, err := exampleOf(s.Properties[name].Value, where+"."+name)
			if err != nil {
				return nil, err
			}
			object[name] = value
		}
		return object, nil
	default:
		return nil, fmt.Errorf("%s has no example", strings.TrimPrefix(where, "body."))
	}
}

// patched gives the example with the patch, if there is one.
func patched(example, patch any) any {
	if patch == nil {
		return example
	}
	return merge(example, patch)
}

// merge gives the target with what the patch says in its place, at any depth. It
// is a JSON merge patch (RFC 7396) but for two things that replies need: null is
// a value, since their fields are always there, and a list has as many items as
// the patch says, each merged with the target's.
func merge(target, patch any) any {
	switch patch := patch.(type) {
	case map[string]any:
		merged := map[string]any{}
		if object, ok := target.(map[string]any); ok {
			maps.Copy(merged, object)
		}
		for name, change := range patch {
			merged[name] = merge(merged[name], change)
		}
		return merged
	case []any:
		items, _ := target.([]any)
		merged := make([]any, len(patch))
		for i, change := range patch {
			var item any
			if len(items) > 0 {
				item = items[min(i, len(items)-1)]
			}
			merged[i] = merge(item, change)
		}
		return merged
	default:
		return patch
	}
}
