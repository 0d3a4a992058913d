package idnorm_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/idnorm"
)

const (
	hexSecret  = "00112233445566778899aabbccddeeff0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	textSecret = "idnorm-test-secret"
	stamp      = 1737036000
	ref        = "0f8b7c52-6f0e-4a57-9a55-2d6f4f1c7e10"
	sessionID  = "ses_01k9abcdefghjkmnpqrstvwxyz"
)

var signedAt = time.Date(2025, 1, 16, 14, 0, 0, 0, time.UTC)

// account makes a provider with the given settings over working ones.
func account(t testing.TB, over idv.Settings) idv.Provider {
	t.Helper()
	settings := idv.Settings{"LICENSE_KEY": "lk_example_0001", "CONFIG_ID": "cfg_7b1e", "WEBHOOK_SECRET": hexSecret}
	maps.Copy(settings, over)
	p, err := idnorm.Adapter().New(settings, &http.Client{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func reader(t testing.TB, over idv.Settings) idv.WebhookReader {
	t.Helper()
	r, ok := account(t, over).(idv.WebhookReader)
	if !ok {
		t.Fatal("the adapter reads no webhooks")
	}
	return r
}

// webhook is a body with the given signature header, received when it was signed.
func webhook(header, body string) idv.Webhook {
	return idv.Webhook{
		Header:     http.Header{"Idnorm-Signature": {header}, "Content-Type": {"application/json"}},
		Body:       []byte(body),
		ReceivedAt: signedAt,
	}
}

// genuine is a body signed in the standard way.
func genuine(body string) idv.Webhook {
	key, _ := hex.DecodeString(hexSecret)
	return webhook(fmt.Sprintf("%d.%s", stamp, sign(binary.LittleEndian, key, stamp, body)), body)
}

// sign is the guide's construction: HMAC-SHA256 over the timestamp in 8 bytes
// and the body.
func sign(order binary.AppendByteOrder, key []byte, timestamp uint64, body string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(append(order.AppendUint64(nil, timestamp), body...))
	return hex.EncodeToString(mac.Sum(nil))
}

// normalize reads a body that must give exactly one update.
func normalize(t *testing.T, r idv.WebhookReader, body string) idv.Update {
	t.Helper()
	updates, err := r.Normalize(genuine(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if len(updates) != 1 {
		t.Fatalf("%s: %d updates, want one", body, len(updates))
	}
	return updates[0]
}
