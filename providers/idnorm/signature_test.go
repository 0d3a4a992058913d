package idnorm_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// The example was computed apart from this code, with Python's hmac and struct.
const (
	exampleBody = `{"id":"0f8b7c52-6f0e-4a57-9a55-2d6f4f1c7e10","userId":"user-123","sessionUpdate":{"status":"STATUS_COMPLETED"}}`

	macLEHex  = "ce68911e8f7497ae6b9316e7d004a483f55dc4e6f1424f60a25ed0f19ec8c0ca"
	macLEUTF8 = "05d40e805d60bc871d69b9489b1a34cbdc23f529bdafafb3521c3961c73eb51a"
	macBEHex  = "26cc89d84bb1c77936b877b84f616e6b5e786c506d4cac73e99d1b5824d19a52"
	macBEUTF8 = "15297152cfaf17f0042daafe870e8c91db9f7ff92d55f4c76ede8de5ed267fb0"
	macASCII  = "2a5e373ad1c5025bef777a6648db9380ee325c1df387f8484ffe334f467a50ed"

	macTextLE = "6c9f44ea73d962d5540916c476af45f36773e19a0508d730d6f82e323b3210de"
	macTextBE = "1760f65f577245705ce229c1b5ca7671fab8f929e4a0008cf2f4a9eebd2fa222"
)

func header(mac string) string { return fmt.Sprintf("%d.%s", stamp, mac) }

func accepted(t *testing.T, r idv.WebhookReader, w idv.Webhook) bool {
	t.Helper()
	err := r.Authenticate(t.Context(), w)
	if err != nil && !errors.Is(err, idv.ErrForged) {
		t.Fatalf("the error is not ErrForged: %v", err)
	}
	return err == nil
}

func TestWorkedExample(t *testing.T) {
	if len(exampleBody) != 111 {
		t.Fatalf("the body has %d bytes, want 111", len(exampleBody))
	}
	sum := sha256.Sum256([]byte(exampleBody))
	if got := hex.EncodeToString(sum[:]); got != "16a880158089f8076219ad416f24c3144cb5d4acd34ed884edc208a2ea46370c" {
		t.Fatalf("the body's digest is %s", got)
	}
	macs := map[string]string{"le-hex": macLEHex, "le-utf8": macLEUTF8, "be-hex": macBEHex, "be-utf8": macBEUTF8}
	for name, mac := range macs {
		if !accepted(t, reader(t, nil), webhook(header(mac), exampleBody)) {
			t.Errorf("auto refuses %s", name)
		}
		for pin := range macs {
			r := reader(t, idv.Settings{"SIGNATURE_VARIANT": pin})
			if got, want := accepted(t, r, webhook(header(mac), exampleBody)), pin == name; got != want {
				t.Errorf("pinned to %s: %s accepted = %v", pin, name, got)
			}
		}
	}
	if accepted(t, reader(t, nil), webhook(header(macASCII), exampleBody)) {
		t.Error("a timestamp signed as ASCII digits is accepted")
	}
}

func TestTextSecret(t *testing.T) {
	for _, mac := range []string{macTextLE, macTextBE} {
		r := reader(t, idv.Settings{"WEBHOOK_SECRET": textSecret})
		if !accepted(t, r, webhook(header(mac), exampleBody)) {
			t.Errorf("%s is refused", mac)
		}
	}
}

func TestHeaderGuards(t *testing.T) {
	r := reader(t, nil)
	for name, value := range map[string]string{
		"nothing":            "",
		"no dot":             "1737036000",
		"no timestamp":       "." + macLEHex,
		"no signature":       "1737036000.",
		"three parts":        header(macLEHex) + ".x",
		"a dot at the end":   header(macLEHex) + ".",
		"two dots":           "1737036000.." + macLEHex,
		"a dot in the time":  "17370.36000." + macLEHex,
		"a sign":             "+1737036000." + macLEHex,
		"a minus":            "-1737036000." + macLEHex,
		"a space":            " 1737036000." + macLEHex,
		"a space in between": "1737036000. " + macLEHex,
		"13 digits":          "0001737036000." + macLEHex,
		"a zero in front":    "01737036000." + macLEHex,
		"milliseconds":       "1737036000000." + macLEHex,
		"hex time":           "0x6789100." + macLEHex,
		"other digits":       "１７３７０３６０００." + macLEHex,
		"short":              header(macLEHex[:62]),
		"odd":                header(macLEHex[:63]),
		"long":               header(macLEHex + "00"),
		"not hex":            header("g" + macLEHex[1:]),
		"prefixed":           header("sha256=" + macLEHex),
	} {
		if accepted(t, r, webhook(value, exampleBody)) {
			t.Errorf("%s: %q is accepted", name, value)
		}
	}
	missing := webhook("", exampleBody)
	missing.Header.Del("Idnorm-Signature")
	if accepted(t, r, missing) {
		t.Error("accepted without a header")
	}
	twice := webhook(header(macLEHex), exampleBody)
	twice.Header.Add("Idnorm-Signature", header(macLEHex))
	if accepted(t, r, twice) {
		t.Error("accepted with two headers")
	}
	if !accepted(t, r, webhook(header(strings.ToUpper(macLEHex)), exampleBody)) {
		t.Error("upper-case hex is refused")
	}
}

func TestReplayWindow(t *testing.T) {
	r := reader(t, nil)
	for offset, want := range map[time.Duration]bool{
		0:                                 true,
		5 * time.Minute:                   true,
		-5 * time.Minute:                  true,
		5*time.Minute + time.Millisecond:  false,
		-5*time.Minute - time.Millisecond: false,
		24 * time.Hour:                    false,
	} {
		w := webhook(header(macLEHex), exampleBody)
		w.ReceivedAt = signedAt.Add(offset)
		if got := accepted(t, r, w); got != want {
			t.Errorf("received %s after it was signed: accepted = %v", offset, got)
		}
	}
	w := webhook(header(macLEHex), exampleBody)
	w.ReceivedAt = time.Time{}
	if accepted(t, r, w) {
		t.Error("accepted without a time of receipt")
	}
}

func TestTampering(t *testing.T) {
	r := reader(t, nil)
	for i := range exampleBody {
		body := []byte(exampleBody)
		body[i] ^= 1
		if accepted(t, r, webhook(header(macLEHex), string(body))) {
			t.Fatalf("accepted with byte %d changed", i)
		}
	}
	for i := range macLEHex {
		mac := []byte(macLEHex)
		mac[i] = "123456789abcdef0"[strings.IndexByte("0123456789abcdef", mac[i])]
		if accepted(t, r, webhook(header(string(mac)), exampleBody)) {
			t.Fatalf("accepted with digit %d of the signature changed", i)
		}
	}
	for name, body := range map[string]string{
		"longer": exampleBody + "\n", "shorter": exampleBody[:110], "empty": "",
		"written anew": strings.ReplaceAll(exampleBody, ":", ": "),
	} {
		if accepted(t, r, webhook(header(macLEHex), body)) {
			t.Errorf("accepted with a body that is %s", name)
		}
	}
	if accepted(t, r, webhook("1737036001."+macLEHex, exampleBody)) {
		t.Error("accepted with another timestamp")
	}
}

// Whoever decodes leniently takes the hex digits up to the first other
// character for the key: none at all, for most texts.
func TestLenientKeys(t *testing.T) {
	for secret, key := range map[string]string{
		"zz" + hexSecret[2:]:          "",
		"0x" + hexSecret:              "",
		textSecret:                    "",
		"ab-cdefabcdefabcdefabcdefab": "ab",
		hexSecret[:63]:                hexSecret[:62], // odd
		hexSecret[:30]:                hexSecret[:30], // too short
		hexSecret[:32] + "é":          hexSecret[:32],
	} {
		raw, err := hex.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			r := reader(t, idv.Settings{"WEBHOOK_SECRET": secret})
			if accepted(t, r, webhook(header(sign(order, raw, stamp, exampleBody)), exampleBody)) {
				t.Errorf("secret %q accepts the key %q", secret, key)
			}
			if !accepted(t, r, webhook(header(sign(order, []byte(secret), stamp, exampleBody)), exampleBody)) {
				t.Errorf("secret %q is refused as text", secret)
			}
		}
	}
}

func TestEverySecretVerifies(t *testing.T) {
	r := reader(t, idv.Settings{"WEBHOOK_SECRET": hexSecret + ", " + textSecret})
	for _, mac := range []string{macLEHex, macTextBE} {
		if !accepted(t, r, webhook(header(mac), exampleBody)) {
			t.Errorf("%s is refused", mac)
		}
	}
}

func TestFirstVariantStays(t *testing.T) {
	r := reader(t, idv.Settings{"WEBHOOK_SECRET": hexSecret + "," + textSecret})
	if accepted(t, r, webhook(header(macASCII), exampleBody)) {
		t.Fatal("a forgery is accepted")
	}
	steps := []struct {
		mac  string
		want bool
	}{
		{macBEUTF8, true},
		{macLEHex, false},
		{macLEUTF8, false},
		{macBEHex, false},
		{macBEUTF8, true},
		// The other secret is still free.
		{macTextLE, true},
		{macTextBE, false},
	}
	for i, step := range steps {
		if got := accepted(t, r, webhook(header(step.mac), exampleBody)); got != step.want {
			t.Errorf("step %d: accepted = %v", i, got)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	r := reader(t, nil)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if r.Authenticate(t.Context(), webhook(header(macBEHex), exampleBody)) != nil {
				t.Error("a genuine webhook is refused")
			}
			if r.Authenticate(t.Context(), webhook(header(macASCII), exampleBody)) == nil {
				t.Error("a forgery is accepted")
			}
		})
	}
	all.Wait()
}

func FuzzSecret(f *testing.F) {
	f.Add(header(macLEHex), exampleBody, hexSecret)
	f.Add(header(macTextBE), exampleBody, textSecret)
	f.Add(header(macASCII)+".", "", "00")
	f.Add("1.", "{}", "é")
	f.Fuzz(func(t *testing.T, value, body, secret string) {
		// A comma would make it a list, and what is trimmed is no secret.
		if secret == "" || strings.Contains(secret, ",") || strings.TrimSpace(secret) != secret {
			return
		}
		err := reader(t, idv.Settings{"WEBHOOK_SECRET": secret}).Authenticate(t.Context(), webhook(value, body))
		if err != nil {
			if !errors.Is(err, idv.ErrForged) {
				t.Fatalf("wrong error %v", err)
			}
			return
		}
		var timestamp uint64
		if _, err := fmt.Sscanf(value, "%d.", &timestamp); err != nil {
			t.Fatalf("accepted %q", value)
		}
		keys := [][]byte{[]byte(secret)}
		if raw, err := hex.DecodeString(secret); err == nil && len(raw) >= 16 {
			keys = append(keys, raw)
		}
		for _, key := range keys {
			for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
				if strings.HasSuffix(strings.ToLower(value), "."+sign(order, key, timestamp, body)) {
					return
				}
			}
		}
		t.Fatalf("accepted %q", value)
	})
}
