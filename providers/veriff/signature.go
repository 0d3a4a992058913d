package veriff

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/signature"
)

const (
	clientHeader    = "X-Auth-Client"
	signatureHeader = "X-Hmac-Signature"
	legacyHeader    = "X-Signature"
)

// digest is the signature by one secret, which is used as it is written, dashes
// and all (page /docs/hmac-authentication-and-endpoint-security).
type digest func(secret string, message []byte) []byte

func hmacDigest(secret string, message []byte) []byte {
	return signature.Sum([]byte(secret), message)
}

// legacyDigest hashes the message and then the secret (page /docs/general-faq).
func legacyDigest(secret string, message []byte) []byte {
	sum := sha256.Sum256(append(slices.Clone(message), secret...))
	return sum[:]
}

func (p *provider) sign(message []byte) http.Header {
	return http.Header{signatureHeader: {hex.EncodeToString(hmacDigest(p.secrets[0], message))}}
}

// signBody signs what is sent: for POST and PATCH.
func (p *provider) signBody() httpclient.Option { return httpclient.Sign(p.sign) }

// signID signs the id in the path: for GET and DELETE.
func (p *provider) signID(id idv.Ref) httpclient.Option {
	return httpclient.Sign(func([]byte) http.Header { return p.sign([]byte(id)) })
}

// Authenticate checks that the webhook names our integration and is signed over
// the raw body. The legacy signature is looked at only where it is allowed and
// there is no other, so that nobody can fall back to it. Nothing signed tells
// the time, so repetitions are told by their bytes.
func (p *provider) Authenticate(_ context.Context, w idv.Webhook) error {
	client := w.Header[clientHeader]
	if len(client) != 1 || !slices.Contains(p.apiKeys, client[0]) {
		return forged("x-auth-client is not our API key")
	}
	header, digest := signatureHeader, digest(hmacDigest)
	if p.allowLegacy && len(w.Header[signatureHeader]) == 0 {
		header, digest = legacyHeader, legacyDigest
	}
	got, err := readSignature(w.Header[header])
	if err != nil {
		return forged(err.Error())
	}
	for _, secret := range p.secrets {
		if hmac.Equal(got, digest(secret, w.Body)) {
			return nil
		}
	}
	return forged("no secret fits")
}

// readSignature takes exactly 64 hex digits of either case.
func readSignature(values []string) ([]byte, error) {
	if len(values) != 1 {
		return nil, errors.New("there must be one signature")
	}
	sum, ok := signature.Parse(values[0])
	if !ok {
		return nil, errors.New("the signature is not 64 hex digits")
	}
	return sum, nil
}

func forged(why string) error { return fmt.Errorf("%w: %s", idv.ErrForged, why) }
