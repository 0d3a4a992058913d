package idnorm

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// gatewayCode finds the gRPC code in an error's body, which has the form
// {"code": 3, "message": "…", "details": []} as far as is known.
func gatewayCode(body []byte) string {
	var refusal struct {
		Code text `json:"code"`
	}
	if json.Unmarshal(body, &refusal) != nil {
		return ""
	}
	return string(refusal.Code)
}

// statusClientClosedRequest is how a gRPC gateway writes CANCELLED.
const statusClientClosedRequest = 499

// gatewayError puts right what a gRPC gateway's statuses mean beyond HTTP:
// CANCELLED may be tried again, UNIMPLEMENTED may not, and after
// DEADLINE_EXCEEDED, as after CANCELLED, a write may have had its effect.
func gatewayError(err error, write bool) error {
	var refusal *idv.ProviderError
	if !errors.As(err, &refusal) {
		return err
	}
	switch refusal.HTTPStatus {
	case statusClientClosedRequest:
		refusal.Kind, refusal.Ambiguous = idv.KindUnavailable, write
	case http.StatusGatewayTimeout:
		refusal.Kind, refusal.Ambiguous = idv.KindTimeout, write
	case http.StatusNotImplemented:
		refusal.Kind = idv.KindRejected
	}
	return err
}
