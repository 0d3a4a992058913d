package kora

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/signature"
)

// freshness is how far a timestamp may be from the time of receipt, by the page
// docs.korastratum.com/idv/guides/webhooks.
const freshness = 5 * time.Minute

// Authenticate checks the signature. Three schemes are published; which of them
// counts is decided by the headers that are there, and a webhook that carries a
// timestamp is never checked without it, so that nobody can strip it.
func (p *provider) Authenticate(_ context.Context, w idv.Webhook) error {
	switch {
	case dated(w.Header):
		if err := p.timestamped(w); err != nil {
			return err
		}
	case p.settings.requireTimestamped:
		return forged("no signature with a timestamp")
	case has(w.Header, "X-Kora-Signature"):
		if !p.signed(w.Header, "X-Kora-Signature", w.Body) {
			return forged("X-Kora-Signature is wrong")
		}
	case p.settings.allowKorastratum && has(w.Header, "X-Korastratum-Signature"):
		if !p.signed(w.Header, "X-Korastratum-Signature", w.Body) {
			return forged("X-Korastratum-Signature is wrong")
		}
	default:
		return forged("no signature")
	}
	return p.names(w)
}

// names checks what the body names. One that cannot be read names nothing; it is
// genuine and will be kept aside.
func (p *provider) names(w idv.Webhook) error {
	body := parseObject(w.Body)
	if body == nil {
		return nil
	}
	if tenant := body.Text("tenantId"); tenant != "" && !strings.EqualFold(tenant, p.settings.tenantID) {
		return forged("signed for another tenant")
	}
	// The header is not signed itself: it must name the event that is.
	if id := w.Header.Get("X-Webhook-Id"); dated(w.Header) && id != "" && body.Text("id") != id {
		return forged("X-Webhook-ID is not the id in the body")
	}
	return nil
}

// dated reports whether the scheme that signs the time too was used.
func dated(h http.Header) bool { return has(h, "X-Signature") && has(h, "X-Timestamp") }

// timestamped checks the scheme that signs the time too.
func (p *provider) timestamped(w idv.Webhook) error {
	timestamp := w.Header.Get("X-Timestamp")
	seconds, err := strconv.ParseUint(timestamp, 10, 40)
	if err != nil || len(w.Header["X-Timestamp"]) != 1 {
		return forged("X-Timestamp is not a Unix time")
	}
	if off := w.ReceivedAt.Sub(time.Unix(int64(seconds), 0)).Abs(); off > freshness {
		return forged("X-Timestamp is more than five minutes off")
	}
	if algorithm := w.Header.Get("X-Signature-Algorithm"); algorithm != "" && !strings.EqualFold(algorithm, "sha256") {
		return forged("X-Signature-Algorithm is not sha256")
	}
	if !p.signed(w.Header, "X-Signature", []byte(timestamp+"."), w.Body) {
		return forged("X-Signature is wrong")
	}
	return nil
}

// signed reports whether the header holds the HMAC of the parts under one of
// the secrets: hexadecimal, upper case and a prefix "sha256=" allowed.
func (p *provider) signed(h http.Header, header string, parts ...[]byte) bool {
	values := h[http.CanonicalHeaderKey(header)]
	if len(values) != 1 {
		return false
	}
	sum, ok := signature.Parse(strings.TrimPrefix(strings.TrimSpace(values[0]), "sha256="))
	return ok && signature.Fits(sum, p.settings.secrets, parts...)
}

func has(h http.Header, key string) bool { return len(h[http.CanonicalHeaderKey(key)]) > 0 }

func forged(why string) error { return fmt.Errorf("%w: %s", idv.ErrForged, why) }
