package idenfy

import (
	"context"
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/signature"
)

// signatureHeader carries the HMAC-SHA256 of the raw body in hex (page
// security/callback-signing). iDenfy leaves it out where no signing key was
// assigned to the webhook; such a webhook is refused.
const signatureHeader = "Idenfy-Signature"

// Authenticate checks the signature with each signing key. Nothing but the body
// is signed: neither a time nor the type of the event.
func (p *provider) Authenticate(_ context.Context, w idv.Webhook) error {
	values := w.Header.Values(signatureHeader)
	if len(values) != 1 {
		return fmt.Errorf("%w: there must be one %s header", idv.ErrForged, signatureHeader)
	}
	sum, ok := signature.Parse(values[0])
	if !ok {
		return fmt.Errorf("%w: %s is not 64 hex digits", idv.ErrForged, signatureHeader)
	}
	if !signature.Fits(sum, p.settings.signingKeys, w.Body) {
		return fmt.Errorf("%w: no signing key fits", idv.ErrForged)
	}
	return nil
}
