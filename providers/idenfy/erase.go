package idenfy

import (
	"context"
	"errors"
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Erase has iDenfy delete what it keeps of a session, for good (page
// kyc/deletion). It is refused with the code PARTNER_ERROR while the session's
// token is alive. No webhook tells of it.
func (p *provider) Erase(ctx context.Context, ref idv.Ref) error {
	err := p.http.Write(ctx, http.MethodPost, "/api/v2/delete", scan{ScanRef: ref}, nil)
	var failure *idv.ProviderError
	if errors.As(err, &failure) && failure.HTTPStatus == http.StatusNotFound {
		failure.Kind = idv.KindNotFound // a POST, but about something that should be there
	}
	return err
}
