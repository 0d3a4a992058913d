package openapi

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// problems gives an error reply one example for each of its codes, by code.
func (o operation) problems(status, description string, schema *openapi3.Schema, patch any) (openapi3.Examples, error) {
	sample, err := exampleOf(schema, "body")
	if err != nil {
		return nil, err
	}
	fields, _ := sample.(map[string]any)
	code, _ := strconv.Atoi(status)
	examples := openapi3.Examples{}
	for _, name := range codesOf(description) {
		members, known := membersOf(name, fields)
		if !known {
			return nil, fmt.Errorf("there is no example for the code %s", name)
		}
		problem := merge(map[string]any{
			"type":      "urn:bonafide:problem:" + name,
			"title":     http.StatusText(code),
			"status":    code,
			"instance":  o.instance(),
			"code":      name,
			"requestId": fields["requestId"],
		}, members)
		examples[name] = &openapi3.ExampleRef{Value: openapi3.NewExample(patched(problem, patch))}
	}
	if len(examples) == 0 {
		return nil, fmt.Errorf("the description begins with none of the codes: %q", description)
	}
	return examples, nil
}

var leadingCode = regexp.MustCompile("^`([a-z_]+)`")

// codesOf reads the codes off a description: "`a`: …; `b`: …".
func codesOf(description string) []string {
	var codes []string
	for part := range strings.SplitSeq(description, ";") {
		if m := leadingCode.FindStringSubmatch(strings.TrimSpace(part)); m != nil {
			codes = append(codes, m[1])
		}
	}
	return codes
}

// instance is the operation's path with the examples of its parameters.
func (o operation) instance() string {
	path := o.path
	for _, p := range o.Parameters {
		if p.Value.In == openapi3.ParameterInPath && p.Value.Example != nil {
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", fmt.Sprint(p.Value.Example))
		}
	}
	return path
}

// membersOf gives what a problem of this code says beyond what all of them do.
// Values that are not its own come from the fields of the schema's example.
func membersOf(code string, fields map[string]any) (members map[string]any, known bool) {
	concerns := func(detail string) map[string]any {
		return map[string]any{"detail": detail, "sessionId": fields["sessionId"]}
	}
	provider := func(detail string, retryable bool) map[string]any {
		return map[string]any{"detail": detail, "provider": fields["provider"], "retryable": retryable}
	}
	says := func(detail string) map[string]any { return map[string]any{"detail": detail} }
	members, known = map[string]map[string]any{
		"invalid_request":        {"detail": fields["detail"], "errors": fields["errors"]},
		"unauthorized":           says("Send a credential: Authorization: Bearer <API key>."),
		"forbidden":              says("This credential lacks the scope that the request needs."),
		"forged":                 says("The webhook's signature is missing or wrong."),
		"not_found":              says("There is no such thing."),
		"already_verified":       concerns("The user is verified already. Send \"reverify\": true to verify again."),
		"already_decided":        concerns("The session is decided already."),
		"conflict":               concerns("The session's present state does not allow this."),
		"idempotency_in_flight":  says("The first request with this Idempotency-Key is still running."),
		"idempotency_mismatch":   says("This Idempotency-Key was used for another request."),
		"method_not_allowed":     says("This route does not take that method."),
		"unsupported_media_type": says("Send the body as Content-Type: application/json."),
		"too_large":              says("The body is larger than 1048576 bytes."),
		"rate_limited":           says("There were too many requests. Try again later."),
		"provider_rejected":      provider("The provider refused the request.", false),
		"provider_unavailable":   provider("The provider cannot be reached at the moment.", true),
		"provider_timeout":       provider("The provider did not answer in time.", true),
		"internal":               says("Something went wrong here."),
	}[code]
	return members, known
}
