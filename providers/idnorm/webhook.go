package idnorm

import (
	"context"
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// tolerance is how far the signature's time may lie from ours, either way
// (guide: about five minutes).
const tolerance = 5 * time.Minute

// Authenticate checks the signature over the raw body with each secret. It
// returns idv.ErrForged, wrapped with what is wrong.
func (p *provider) Authenticate(_ context.Context, w idv.Webhook) error {
	sig, err := readSignature(w.Header)
	if err != nil {
		return fmt.Errorf("%w: %w", idv.ErrForged, err)
	}
	if age := w.ReceivedAt.Sub(sig.time()).Abs(); age > tolerance {
		return fmt.Errorf("%w: its time is more than %s away from ours", idv.ErrForged, tolerance)
	}
	for _, s := range p.secrets {
		if s.verifies(sig, w.Body) {
			return nil
		}
	}
	return fmt.Errorf("%w: no secret fits", idv.ErrForged)
}

// time has at most 12 digits, so it fits.
func (s signed) time() time.Time { return time.Unix(int64(s.timestamp), 0).UTC() }

// signedAt is when the webhook was signed, zero if its header cannot be read.
// It is the only time that IDNorm gives for what it reports.
func signedAt(w idv.Webhook) time.Time {
	sig, err := readSignature(w.Header)
	if err != nil {
		return time.Time{}
	}
	return sig.time()
}

// Repeats: a webhook names its session and not the event, so that a decision
// that returns to what it was has the bytes of the first one.
func (p *provider) Repeats() bool { return true }
