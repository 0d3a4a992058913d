package outbox

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// secretBytes is how many random bytes a secret has; the specification asks for
// 24 to 64.
const secretBytes = 32

// newSecret makes a secret as clients are told it.
func newSecret() string {
	key := make([]byte, secretBytes)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// signed gives the headers that say what a body is and who sent it: one signature
// for each secret. It is an error to have none.
func signed(secrets []string, id string, at time.Time, body []byte) (http.Header, error) {
	if len(secrets) == 0 {
		return nil, fmt.Errorf("no secret to sign %s with", id)
	}
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signer, err := webhooks.NewWebhook(secret)
		if err != nil {
			return nil, fmt.Errorf("a secret to sign %s with cannot be read", id)
		}
		if signatures[i], err = signer.Sign(id, at, body); err != nil {
			return nil, fmt.Errorf("sign %s: %w", id, err)
		}
	}
	header := http.Header{}
	header.Set(webhooks.HeaderWebhookID, id)
	header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(webhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return header, nil
}
