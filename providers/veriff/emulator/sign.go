package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

func sign(secret, message string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}

// headers name and sign whatever Veriff sends: webhooks and answers.
func (v *veriff) headers(body []byte) http.Header {
	keys, secrets := v.o.Settings.List("API_KEY"), v.o.Settings.List("SHARED_SECRET")
	if len(keys) == 0 || len(secrets) == 0 {
		return http.Header{}
	}
	return http.Header{
		"X-Auth-Client":    {keys[0]},
		"X-Hmac-Signature": {sign(secrets[0], string(body))},
	}
}

// Sign signs a webhook.
func (v *veriff) Sign(m emulator.Message, _ time.Time) http.Header { return v.headers(m.Body) }

// known refuses a call of somebody else. message is what must be signed; the
// create may come unsigned, but not wrongly signed.
func (v *veriff) known(w http.ResponseWriter, r *http.Request, message string) bool {
	client, signature := r.Header.Get("X-Auth-Client"), strings.ToLower(r.Header.Get("X-Hmac-Signature"))
	mismatch := "1819"
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		mismatch = "1818"
	}
	var code, why string
	switch {
	case client == "":
		code, why = "1801", "Mandatory X-AUTH-CLIENT header containing the API key is missing from the request."
	case uuid.Validate(client) != nil:
		code, why = "1802", "API key must be a valid UUID V4."
	case !slices.Contains(v.o.Settings.List("API_KEY"), client):
		code, why = "1803", "Integration with this API key does not exist."
	case signature == "" && r.Method == http.MethodPost:
		return true
	case !isDigest(signature):
		code, why = "1812", "X-HMAC-SIGNATURE is not a valid sha256 hex."
	case !slices.ContainsFunc(v.o.Settings.List("SHARED_SECRET"), func(secret string) bool {
		return hmac.Equal([]byte(signature), []byte(sign(secret, message)))
	}):
		code, why = mismatch, "X-HMAC-SIGNATURE does not match."
	default:
		return true
	}
	v.fail(w, http.StatusUnauthorized, code, why)
	return false
}

func isDigest(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == sha256.Size
}

// body reads what was sent, and refuses it if it is not signed.
func (v *veriff) body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		v.fail(w, http.StatusBadRequest, "1104", "Request includes invalid parameters")
		return nil, false
	}
	return raw, v.known(w, r, string(raw))
}

func (v *veriff) answer(w http.ResponseWriter, status int, value any) {
	body, _ := json.Marshal(value) // plain values always marshal
	for key, values := range v.headers(body) {
		w.Header()[key] = values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller went away
}

func (v *veriff) fail(w http.ResponseWriter, status int, code, message string) {
	v.answer(w, status, map[string]string{"status": "fail", "code": code, "message": message})
}

// Refuse answers with Veriff's error body.
func (v *veriff) Refuse(w http.ResponseWriter, status int, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	v.fail(w, status, strconv.Itoa(status), http.StatusText(status))
}
