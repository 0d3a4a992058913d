package openapi

import (
	"net/http"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"
	mediaEvents  = "text/event-stream"

	headerRequestID = "X-Request-Id"
)

// repairReplies gives errors and streams their own media types, which Swagger 2.0
// cannot, and every reply a description and the header that every reply carries.
func repairReplies(doc *openapi3.T) {
	requestID := &openapi3.Header{Parameter: openapi3.Parameter{
		Description: "names this request in the logs; the caller's own, if it sent one that is safe to log",
		Required:    true,
		Schema:      openapi3.NewStringSchema().NewRef(),
	}}
	doc.Components.Headers[headerRequestID] = &openapi3.HeaderRef{Value: requestID}
	for _, op := range operationsOf(doc) {
		if op.RequestBody != nil {
			op.RequestBody.Value.Extensions = nil
		}
		for status, reply := range op.replies() {
			code, _ := strconv.Atoi(status)
			if *reply.Description == "" {
				reply.Description = openapi3.Ptr(http.StatusText(code))
			}
			if reply.Headers == nil {
				reply.Headers = openapi3.Headers{}
			}
			reply.Headers[headerRequestID] = &openapi3.HeaderRef{Ref: "#/components/headers/" + headerRequestID, Value: requestID}
			if isError(status) {
				reply.Content = asProblem(reply.Content)
			}
			if stream := reply.Content[mediaEvents]; stream != nil {
				reply.Content = openapi3.Content{mediaEvents: stream}
			}
		}
	}
}

func isError(status string) bool {
	code, err := strconv.Atoi(status)
	return err != nil || code >= http.StatusBadRequest
}

// asProblem gives the one body of an error its media type, whatever that of a
// success is.
func asProblem(content openapi3.Content) openapi3.Content {
	for _, body := range content {
		return openapi3.Content{mediaProblem: body}
	}
	return content
}
