package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"
)

// webhooks renders genuine webhooks of Kora, each with a body of its own. Only
// what differs is written anew, and the signature goes on from the state after
// what does not, so that one costs next to nothing.
type webhooks struct {
	request []byte
	// Where in the request the parts are that differ.
	header, signature, tail, ref, id int
	// signed is the state of the signature before the tail of the body.
	signed hash.Cloner
	sum    []byte
}

const (
	bodySize = 1500
	// idDigits is how much of an event's id is its number; the rest tells apart
	// who rendered it.
	idDigits  = 16
	refDigits = 20
)

func newWebhooks(now time.Time) (*webhooks, error) {
	var run [8]byte
	_, _ = rand.Read(run[:]) // never fails
	id := "evt_" + hex.EncodeToString(run[:]) + strings.Repeat("0", idDigits)
	tail := `"resourceId":"` + refOf(0) + `","id":"` + id + `"}`
	begin := fmt.Sprintf(`{"eventType":"verification.verified","resourceType":"verification","tenantId":%q,"timestamp":%q,`+
		`"data":{"status":"verified","decision":"auto_approve","decisionReason":"All checks passed","overallScore":96.3,`+
		`"scores":{"documentQuality":97.1,"documentAuth":95.4,"faceMatch":96.8,"liveness":98.2,"nameMatch":100,"overall":96.3},"note":"`,
		tenant, now.UTC().Format(time.RFC3339Nano))
	const end = `"},`
	begin += strings.Repeat("x", bodySize-len(begin)-len(end)-len(tail)) + end

	timestamp := strconv.FormatInt(now.Unix(), 10)
	w := &webhooks{request: fmt.Appendf(nil, "POST /v1/webhooks/kora HTTP/1.1\r\nHost: id.example.com\r\n"+
		"User-Agent: Kora-Webhooks/1.0\r\nAccept: */*\r\nContent-Type: application/json\r\n"+
		"X-Event-Type: verification.verified\r\nX-Signature-Algorithm: sha256\r\nX-Timestamp: %s\r\nX-Webhook-Id: %s\r\n"+
		"X-Signature: %064x\r\nContent-Length: %d\r\n\r\n%s%s", timestamp, id, 0, bodySize, begin, tail)}
	w.header = bytes.Index(w.request, []byte("X-Webhook-Id: ")) + len("X-Webhook-Id: ") + len(id) - idDigits
	w.signature = bytes.Index(w.request, []byte("X-Signature: ")) + len("X-Signature: ")
	w.tail = len(w.request) - len(tail)
	w.ref = w.tail + len(`"resourceId":"`) + len(refOf(0)) - refDigits
	w.id = len(w.request) - len(`"}`) - idDigits

	mac := hmac.New(sha256.New, []byte(webhookSecret))
	_, _ = mac.Write([]byte(timestamp + "." + begin))
	var ok bool
	if w.signed, ok = mac.(hash.Cloner); !ok {
		return nil, fmt.Errorf("%T cannot be cloned", mac)
	}
	_, err := w.signed.Clone()
	return w, err
}

// next renders webhook number n, about the verification of user n.
func (w *webhooks) next(n int) []byte {
	decimal(w.request[w.header:w.header+idDigits], n)
	decimal(w.request[w.id:w.id+idDigits], n)
	decimal(w.request[w.ref:w.ref+refDigits], n)
	mac, _ := w.signed.Clone() // it could before
	_, _ = mac.Write(w.request[w.tail:])
	w.sum = mac.Sum(w.sum[:0])
	hex.Encode(w.request[w.signature:], w.sum)
	return w.request
}

// decimal fills digits with a number.
func decimal(digits []byte, n int) {
	for i := range digits {
		digits[len(digits)-1-i] = '0' + byte(n%10)
		n /= 10
	}
}

// userOf and refOf name user n, and the user's verification at the provider.
func userOf(n int) string { return fmt.Sprintf("user_%0*d", refDigits, n) }
func refOf(n int) string  { return verificationOf(userOf(n)) }

// verificationOf is how the stand-in names the verification of a user.
func verificationOf(user string) string { return "ver_" + strings.TrimPrefix(user, "user_") }
