package openapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Examples makes sure that every body that the document knows, of requests and
// of replies, has an example, and that each example fits its schema as a reply
// would have to.
func (c *Checker) Examples() error {
	var faults []error
	for _, op := range c.operations {
		for _, media := range op.bodies() {
			faults = append(faults, checkExamples(media, op.String()+": request", openapi3.VisitAsRequest()))
		}
		for status, reply := range op.replies() {
			for name, media := range reply.Content {
				where := fmt.Sprintf("%s: reply %s as %s", op, status, name)
				faults = append(faults, checkExamples(media, where, openapi3.VisitAsResponse()))
			}
		}
	}
	return errors.Join(faults...)
}

func checkExamples(media *openapi3.MediaType, where string, as openapi3.SchemaValidationOption) error {
	examples := map[string]any{}
	if media.Example != nil {
		examples["example"] = media.Example
	}
	for name, ref := range media.Examples {
		examples[name] = ref.Value.Value
	}
	if len(examples) == 0 {
		return fmt.Errorf("%s has no example", where)
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		if err := media.Schema.Value.VisitJSON(examples[name], as, openapi3.MultiErrors()); err != nil {
			faults = append(faults, fmt.Errorf("%s: %s does not fit: %w", where, name, err))
		}
	}
	return errors.Join(faults...)
}
