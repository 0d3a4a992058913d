package veriff

import (
	"errors"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// errorCode finds the code in {"status":"fail","code":"1104","message":"…"}
// (page /docs/api-error-codes), a string or a number.
func errorCode(body []byte) string {
	var refusal struct{ Code text }
	if read(body, &refusal) != nil {
		return ""
	}
	return word(refusal.Code)
}

// explained reads the codes that say more than the HTTP status: those about the
// API key and the signature.
func explained(err error) error {
	var failure *idv.ProviderError
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Code {
	case "1801", "1802", "1803", "1804", "1812", "1813", "1814", "1818", "1819":
		failure.Kind, failure.RetryAfter = idv.KindUnauthorized, 0
	}
	return err
}
