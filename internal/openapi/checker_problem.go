package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
)

// CheckProblem holds an error reply against the schema of problems, whether or
// not its route is documented: a path or a method that there is not answers one
// as well.
func (c *Checker) CheckProblem(res *http.Response, body []byte) error {
	if got := res.Header.Get("Content-Type"); got != mediaProblem {
		return fmt.Errorf("a problem as %q", got)
	}
	ref := c.doc.Components.Schemas["Problem"]
	if ref == nil {
		return errors.New("the document has no schema of problems")
	}
	var value any
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&value); err != nil {
		return fmt.Errorf("a problem that is not JSON: %w", err)
	}
	if err := ref.Value.VisitJSON(value, openapi3.VisitAsResponse()); err != nil {
		return fmt.Errorf("a problem that is none: %w", err)
	}
	if status, _ := value.(map[string]any)["status"].(float64); int(status) != res.StatusCode {
		return fmt.Errorf("a problem of status %v in a reply of %d", status, res.StatusCode)
	}
	return nil
}
