package openapi

import (
	"cmp"
	"iter"
	"maps"
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// operation is one method of one path.
type operation struct {
	method, path string
	item         *openapi3.PathItem
	*openapi3.Operation
}

func (o operation) String() string { return o.method + " " + o.path }

// operationsOf lists the operations of a document by path and method.
func operationsOf(doc *openapi3.T) []operation {
	var list []operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			list = append(list, operation{method, path, item, op})
		}
	}
	slices.SortFunc(list, func(a, b operation) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.method, b.method))
	})
	return list
}

// replies gives an operation's documented replies by status.
func (o operation) replies() iter.Seq2[string, *openapi3.Response] {
	return func(yield func(string, *openapi3.Response) bool) {
		all := o.Responses.Map()
		for _, status := range slices.Sorted(maps.Keys(all)) {
			if !yield(status, all[status].Value) {
				return
			}
		}
	}
}

// bodies gives the media types of the request's body.
func (o operation) bodies() openapi3.Content {
	if o.RequestBody == nil {
		return nil
	}
	return o.RequestBody.Value.Content
}

// streams reports whether a reply is a stream of events, and documented as one.
func (o operation) streams(res *http.Response) bool {
	documented := o.Responses.Status(res.StatusCode)
	return documented != nil && documented.Value.Content[mediaEvents] != nil && res.Header.Get("Content-Type") == mediaEvents
}
