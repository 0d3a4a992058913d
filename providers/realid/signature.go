package realid

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/signature"
)

// signatureHeader carries the HMAC-SHA256 of the body in lower-case hex, under
// the signing secret as text (page api/webhooks). There is no timestamp, so
// nothing a webhook says counts before the check was read.
const signatureHeader = "X-Real-ID-Signature"

// Authenticate checks the signature over the raw bytes.
func (p *provider) Authenticate(_ context.Context, w idv.Webhook) error {
	values := w.Header.Values(signatureHeader)
	if len(values) != 1 {
		return fmt.Errorf("%w: there must be one %s header", idv.ErrForged, signatureHeader)
	}
	value := values[0]
	sum, ok := signature.Parse(value)
	if !ok || strings.ToLower(value) != value {
		return fmt.Errorf("%w: %s is not 64 lower-case hex digits", idv.ErrForged, signatureHeader)
	}
	if signature.Fits(sum, p.secrets, w.Body) {
		return nil
	}
	if p.verifyCompact {
		if body, ok := compact(w.Body); ok && signature.Fits(sum, p.secrets, body) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s is wrong", idv.ErrForged, signatureHeader)
}

// compact writes a JSON text as the documentation's samples do: without white
// space, in the order it came, letters beyond ASCII as they are. What it means
// does not change, so that a signature over it vouches for the body too.
func compact(body []byte) ([]byte, bool) {
	var squeezed bytes.Buffer
	if json.Compact(&squeezed, body) != nil {
		return nil, false
	}
	var out bytes.Buffer
	for text := squeezed.Bytes(); len(text) > 0; {
		end := stringEnd(text)
		if end == 0 {
			out.WriteByte(text[0])
			text = text[1:]
			continue
		}
		out.Write(plainString(text[:end]))
		text = text[end:]
	}
	return out.Bytes(), true
}

// stringEnd gives the length of the JSON string at the start of a valid JSON
// text, 0 if there is none.
func stringEnd(text []byte) int {
	if text[0] != '"' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// plainString writes a JSON string with no more escapes than it needs.
func plainString(quoted []byte) []byte {
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return quoted
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return quoted
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
