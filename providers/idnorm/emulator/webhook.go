package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

// webhook is a body: one of the last three members is set.
type webhook struct {
	ID              string           `json:"id"`
	UserID          string           `json:"userId,omitempty"`
	SessionUpdate   *sessionUpdate   `json:"sessionUpdate,omitempty"`
	DocumentExpired *documentExpired `json:"documentExpired,omitempty"`
	AMLUpdated      *amlUpdated      `json:"amlUpdated,omitempty"`
}

type sessionUpdate struct {
	Status string `json:"status"`
	KYC    kyc    `json:"kyc,omitempty"`
}

type documentExpired struct {
	ExpirationTimestamp string `json:"expirationTimestamp,omitempty"`
}

type amlUpdated struct {
	Result string `json:"result,omitempty"`
}

// Tell sends a webhook whenever the status changes.
func (e *idnorm) Tell(s emulator.Session, _ emulator.Step) []emulator.Message {
	status, checks := words(s)
	return []emulator.Message{e.message("sessionUpdate", webhook{
		ID: s.ID, UserID: s.Fields["userId"], SessionUpdate: &sessionUpdate{Status: status, KYC: checks},
	})}
}

func (e *idnorm) message(event string, w webhook) emulator.Message {
	body, _ := json.Marshal(w) // strings alone always marshal
	return emulator.Message{URLs: []string{e.webhookURL}, Event: event, Body: body}
}

// Sign signs with the first secret: HMAC-SHA256 over the time in 8 bytes and
// the body.
func (e *idnorm) Sign(m emulator.Message, at time.Time) http.Header {
	timestamp := at.Unix()
	order, key := e.signature()
	stamp := make([]byte, 8)
	order.PutUint64(stamp, uint64(timestamp))
	mac := hmac.New(sha256.New, key)
	mac.Write(stamp)
	mac.Write(m.Body)
	return http.Header{"Idnorm-Signature": {fmt.Sprintf("%d.%x", timestamp, mac.Sum(nil))}}
}

// signature is the variant that the settings pin, or else little-endian with
// the secret decoded if it is hex.
func (e *idnorm) signature() (binary.ByteOrder, []byte) {
	secret := ""
	if list := e.settings.List("WEBHOOK_SECRET"); len(list) > 0 {
		secret = list[0]
	}
	text := []byte(secret)
	decoded, err := hex.DecodeString(secret)
	if err != nil || len(decoded) < 16 {
		decoded = text
	}
	switch e.setting("SIGNATURE_VARIANT", "auto") {
	case "le-utf8":
		return binary.LittleEndian, text
	case "be-utf8":
		return binary.BigEndian, text
	case "be-hex":
		return binary.BigEndian, decoded
	default:
		return binary.LittleEndian, decoded
	}
}

// notice sends, once and at once, a webhook about a session that is over, and
// answers with the status that the receiver gave.
func (e *idnorm) notice(w http.ResponseWriter, r *http.Request) {
	var wish struct {
		Event               string `json:"event"`
		ExpirationTimestamp string `json:"expirationTimestamp"`
		Result              string `json:"result"`
	}
	session, ok := e.stage.Session(r.PathValue("id"))
	if !ok {
		emulator.WriteJSON(w, http.StatusNotFound, map[string]string{"error": emulator.ErrNoSession.Error()})
		return
	}
	body := webhook{ID: session.ID, UserID: session.Fields["userId"]}
	err := emulator.ReadJSON(w, r, &wish, true)
	switch {
	case err == nil && wish.Event == "documentExpired":
		body.DocumentExpired = &documentExpired{ExpirationTimestamp: wish.ExpirationTimestamp}
	case err == nil && wish.Event == "amlUpdated":
		body.AMLUpdated = &amlUpdated{Result: wish.Result}
	default:
		emulator.WriteJSON(w, http.StatusBadRequest, map[string]string{
			"error": `want {"event":"documentExpired","expirationTimestamp":"…"} or {"event":"amlUpdated","result":"…"}`,
		})
		return
	}
	e.stage.Deliver(w, r, e.message(wish.Event, body))
}
