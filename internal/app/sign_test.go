package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// signed gives the headers with which a provider proves that it sent the body,
// as its documentation says: pairs of name and value. at is the time in the
// signature, where there is one.
func signed(provider string, s idv.Settings, body string, at time.Time) []string {
	switch provider {
	case "veriff":
		return []string{"X-Auth-Client", s["API_KEY"], "X-Hmac-Signature", hmacHex([]byte(s["SHARED_SECRET"]), body)}
	case "idenfy":
		return []string{"Idenfy-Signature", hmacHex([]byte(s["SIGNING_KEY"]), body)}
	case "idnorm":
		key, _ := hex.DecodeString(s["WEBHOOK_SECRET"])
		stamp := binary.LittleEndian.AppendUint64(nil, uint64(at.Unix()))
		return []string{"Idnorm-Signature", fmt.Sprintf("%d.%s", at.Unix(), hmacHex(key, string(stamp), body))}
	case "kora":
		return []string{"X-Kora-Signature", hmacHex([]byte(s["WEBHOOK_SECRET"]), body)}
	default:
		return []string{"X-Real-Id-Signature", hmacHex([]byte(s["SIGNING_SECRET"]), body)}
	}
}

func hmacHex(key []byte, parts ...string) string {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		mac.Write([]byte(part))
	}
	return hex.EncodeToString(mac.Sum(nil))
}
