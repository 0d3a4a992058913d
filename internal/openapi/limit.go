package openapi

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	headerRateLimit       = "RateLimit"
	headerRateLimitPolicy = "RateLimit-Policy"
	headerRetryAfter      = "Retry-After"

	// problemSchema is what errors are documented as.
	problemSchema = "Problem"
)

// limitReply is what an operation that asks for a credential answers to one
// request too many.
const limitReply = "`rate_limited`: there were too many requests with this credential, or without a valid one from this address; `Retry-After` says when to come back"

// documentLimits says of every operation that asks for a credential that its
// requests are counted, so that no annotation has to. An operation without one may
// document the reply itself; the headers are given to it here.
func documentLimits(doc *openapi3.T) error {
	status := strconv.Itoa(http.StatusTooManyRequests)
	for name, header := range limitHeaders() {
		doc.Components.Headers[name] = &openapi3.HeaderRef{Value: header}
	}
	for _, op := range operationsOf(doc) {
		secured := op.Security != nil && len(*op.Security) > 0
		if secured && op.Responses.Status(http.StatusTooManyRequests) == nil {
			problem := doc.Components.Schemas[problemSchema]
			if problem == nil {
				return errors.New("there is no schema " + problemSchema + ", which every operation with a credential may answer with")
			}
			op.Responses.Set(status, &openapi3.ResponseRef{Value: &openapi3.Response{
				Description: openapi3.Ptr(limitReply),
				Content: openapi3.NewContentWithSchemaRef(
					openapi3.NewSchemaRef("#/components/schemas/"+problemSchema, problem.Value), []string{mediaProblem}),
			}})
		}
		for code, reply := range op.replies() {
			// Whoever has no valid credential is told nothing of its quota.
			if secured && code != strconv.Itoa(http.StatusUnauthorized) || code == status {
				refer(doc, reply, headerRateLimit, headerRateLimitPolicy)
			}
			if code == status {
				refer(doc, reply, headerRetryAfter)
			}
		}
	}
	return nil
}

// refer documents shared headers of a reply.
func refer(doc *openapi3.T, reply *openapi3.Response, names ...string) {
	if reply.Headers == nil {
		reply.Headers = openapi3.Headers{}
	}
	for _, name := range names {
		reply.Headers[name] = &openapi3.HeaderRef{Ref: "#/components/headers/" + name, Value: doc.Components.Headers[name].Value}
	}
}

func limitHeaders() map[string]*openapi3.Header {
	header := func(description string, schema *openapi3.Schema, example any) *openapi3.Header {
		return &openapi3.Header{Parameter: openapi3.Parameter{Description: description, Schema: schema.NewRef(), Example: example}}
	}
	return map[string]*openapi3.Header{
		headerRateLimit: header("how many requests may follow at once (`r`), and in how many seconds the whole quota is there again (`t`); absent where there is no limit",
			openapi3.NewStringSchema(), `"credential";r=399;t=1`),
		headerRateLimitPolicy: header("the quota (`q`) for a window of so many seconds (`w`)",
			openapi3.NewStringSchema(), `"credential";q=400;w=2`),
		headerRetryAfter: header("in how many seconds to come back", openapi3.NewIntegerSchema().WithMin(1), 1),
	}
}
