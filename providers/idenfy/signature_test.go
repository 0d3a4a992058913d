package idenfy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/idenfy"
)

// The worked examples were computed apart from this code, with Python's hmac.
const (
	workedKey = "k9-Example-Signing-Key-01"

	compactBody = `{"scanRef":"7b1e44d2-5c3a-11f1-9a0e-0242ac120002","clientId":"usr_01HZX3Q9","expirationThreshold":"DOCUMENT_EXPIRES_WITHIN_7_DAYS","documentExpiration":"2031-05-09"}`
	compactMAC  = "92be574294d93657c944c3640857282597e8cbcdd357525ed5ba40480b8c9c8b"

	utf8Body = `{"final":true,"status":{"overall":"APPROVED"},"data":{"orgBirthPlace":"ŠILUVA"},"scanRef":"7b1e44d2-5c3a-11f1-9a0e-0242ac120002","clientId":"usr_01HZX3Q9"}`
	utf8MAC  = "3ead29ddc7a5157b8e2a4f5a137761a56f01286fd6d6d22175eb720472d70d1b"

	escapedBody = `{"final": true, "status": {"overall": "APPROVED"}, "data": {"orgBirthPlace": "\u0160ILUVA"}, "scanRef": "7b1e44d2-5c3a-11f1-9a0e-0242ac120002", "clientId": "usr_01HZX3Q9"}`
	escapedMAC  = "c4bd0c09788555417b814d511cc557a55b9f75ebaa2da19b772355c533b9a68b"
)

func reader(t testing.TB, key string) idv.WebhookReader {
	t.Helper()
	s := settings("http://127.0.0.1:1")
	s["SIGNING_KEY"] = key
	p, err := idenfy.Adapter().New(s, &http.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return p.(idv.WebhookReader)
}

func accepted(t *testing.T, r idv.WebhookReader, body string, signatures ...string) bool {
	t.Helper()
	w := idv.Webhook{Header: http.Header{}, Body: []byte(body), ReceivedAt: receivedAt()}
	for _, s := range signatures {
		w.Header.Add("idenfy-signature", s)
	}
	err := r.Authenticate(t.Context(), w)
	if err != nil && !errors.Is(err, idv.ErrForged) {
		t.Fatalf("the error is not idv.ErrForged: %v", err)
	}
	return err == nil
}

func TestWorkedExamples(t *testing.T) {
	r := reader(t, workedKey)
	bodies := map[string]string{compactMAC: compactBody, utf8MAC: utf8Body, escapedMAC: escapedBody}
	for mac := range bodies {
		for other, body := range bodies {
			if got, want := accepted(t, r, body, mac), mac == other; got != want {
				t.Errorf("%s over %s: accepted = %v", mac, body, got)
			}
		}
		if !accepted(t, r, bodies[mac], strings.ToUpper(mac)) {
			t.Errorf("%s in upper case is refused", mac)
		}
	}
}

// The example payloads in their compact form.
func TestWorkedPayloads(t *testing.T) {
	r := reader(t, workedKey)
	for name, mac := range map[string]string{
		"identification_auto_finished.prelim":      "21606390a24ff309043f4d0519ef3ef229ba3be127ddeacc5958c45833bf26ee",
		"identification_auto_finished.final":       "0d09f58b70ef13c85d9650d7c21248edbfbca178d1ccb05ceba3ab47a08aa20c",
		"identification_manual_finished.denied":    "b66f3b6a8b485b56809a15f4fb171a772ad3823f70aedd6203a753210e4b8b3d",
		"identification_manual_finished.suspected": "ee86e154fd5a249433b8ba962b1046898eb0b40e0509557736dd883310c7e692",
		"identification_expired.expired":           "5a3b4998f2227d71fd92f850906402519334f0cf8bdb429ead70c7429d5b93d1",
		"identification_cancelled.cancelled":       "8f04e32a9c7d69bb4c7b8012cdb96c8667b697ed749094500668c6b7e03d8bca",
		"identification_resubmitted.approved":      "fa2b2a0cc4669d3714df661840aa4f6b69dd4cb13284dc5af606f601e5951871",
		"document_expiration.within_7_days":        compactMAC,
	} {
		body, err := os.ReadFile("testdata/webhook/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.TrimSuffix(body, []byte("\n"))
		if !accepted(t, r, string(body), mac) {
			t.Errorf("%s is refused", name)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, body, "", " "); err != nil {
			t.Fatal(err)
		}
		if accepted(t, r, indented.String(), mac) {
			t.Errorf("%s written anew is accepted", name)
		}
	}
}

func TestSignatureGuards(t *testing.T) {
	r := reader(t, workedKey)
	for name, signatures := range map[string][]string{
		"none":         nil,
		"empty":        {""},
		"two":          {compactMAC, compactMAC},
		"short":        {compactMAC[:62]},
		"odd":          {compactMAC[:63]},
		"long":         {compactMAC + "00"},
		"not hex":      {"g" + compactMAC[1:]},
		"prefixed":     {"sha256=" + compactMAC},
		"another body": {utf8MAC},
		"no key":       {mac("", []byte(compactBody))},
		"another key":  {mac("k9-Example-Signing-Key-02", []byte(compactBody))},
	} {
		if accepted(t, r, compactBody, signatures...) {
			t.Errorf("%s: accepted", name)
		}
	}
	for i := range compactMAC {
		changed := []byte(compactMAC)
		changed[i] = "123456789abcdef0"[strings.IndexByte("0123456789abcdef", changed[i])]
		if accepted(t, r, compactBody, string(changed)) {
			t.Fatalf("accepted with digit %d changed", i)
		}
	}
}

func TestEverySigningKeyVerifies(t *testing.T) {
	r := reader(t, "another-key-0001, "+workedKey+" \n")
	if !accepted(t, r, compactBody, compactMAC) || !accepted(t, r, compactBody, mac("another-key-0001", []byte(compactBody))) {
		t.Error("one of two keys does not verify")
	}
}
