package veriff_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/veriff"
)

// The worked examples of Veriff's scheme, computed apart from this code with
// Python's hmac and hashlib.
const (
	startedBody = `{"id":"6f1d2c3b-4a59-4e87-b6c5-d4e3f2a1b0c9","attemptId":"0a9b8c7d-6e5f-4d3c-a2b1-908f7e6d5c4b","feature":"selfid","code":7001,"action":"started","vendorData":"usr_01HZX3Q9","endUserId":"a8e1c0de-1234-4f00-9a7b-77c0ffee0001"}`
	startedMAC  = "df70572f5bcdc2dc05aa7c715e50a6dd441af09c7f22a3799364bb28a8954148"
	patchBody   = `{"verification":{"status":"submitted"}}`
	patchMAC    = "16b674bb6765838d2ab5eae7ba10f140f3cd526df899787a6390ed1920e0d156"
	idMAC       = "d04f96f5ba51b7b6b3c0a49c6873f5ead4123679dfa4f013b4ee34c3a18d9187"
	foreignBody = `{"id":"6f1d2c3b-4a59-4e87-b6c5-d4e3f2a1b0c9","attemptId":"0a9b8c7d-6e5f-4d3c-a2b1-908f7e6d5c4b","feature":"selfid","code":7002,"action":"submitted","vendorData":"usuário-Łódź-7","endUserId":null}`
	foreignMAC  = "1231bacb45180ef183307c2452146fdbcfa06f68ccf0817c0efd33ad2122d279"
	legacyMAC   = "b14fe93b5a5d0ac727e561479550bf8f29a692a2fc4339cad819edc4d9e54504"
	legacyIDMAC = "de5ec2f3662eeca2b38483bc20da0ac7e55c0dce310da336c845cefb4a4f8171"
)

// account makes a provider with the given settings over working ones.
func account(t testing.TB, over idv.Settings) idv.Provider {
	t.Helper()
	s := settings("https://stationapi.veriff.com")
	maps.Copy(s, over)
	p, err := veriff.Adapter().New(s, &http.Client{})
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

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func accepted(t *testing.T, r idv.WebhookReader, h http.Header, body string) bool {
	t.Helper()
	err := r.Authenticate(t.Context(), idv.Webhook{Header: h, Body: []byte(body)})
	if err != nil && !errors.Is(err, idv.ErrForged) {
		t.Fatalf("the error is not idv.ErrForged: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Fatal("the error shows the secret")
	}
	return err == nil
}

func TestWorkedExamples(t *testing.T) {
	if len(foreignBody) != 199 {
		t.Fatalf("the body with other letters has %d bytes", len(foreignBody))
	}
	r := reader(t, nil)
	for body, signature := range map[string]string{
		startedBody: startedMAC, patchBody: patchMAC, foreignBody: foreignMAC, ref: idMAC,
	} {
		if !accepted(t, r, headers("X-Auth-Client", apiKey, "X-Hmac-Signature", signature), body) {
			t.Errorf("%s is refused for %.60s", signature, body)
		}
	}
}

// TestExamplePayloads holds the payloads of the documentation against their
// signatures.
func TestExamplePayloads(t *testing.T) {
	r := reader(t, nil)
	for name, signature := range map[string]string{
		"event_started":                   "df70572f5bcdc2dc05aa7c715e50a6dd441af09c7f22a3799364bb28a8954148",
		"event_submitted":                 "333bcaa1da6888eb3dda0cf762faa95fbaf6b9649fb2e38115fd601ac592e94e",
		"decision_approved":               "591262ac8b665215d1e7c073a15f1cd2104221da6680eca42e2a535a20abedbf",
		"decision_declined":               "89f7bd8af1ea75a506dccffcdfc1ddcc880caff669f86d6335f16bc0d6f1e178",
		"decision_resubmission_requested": "9f860ba5498bf3cfdd96712606cd6802e9e153f860a07ace4eef8ff83b4ad43f",
		"decision_expired":                "f673853a62935c92adacd4058266ae47b40fa0ab6589d164033e7c23597ccd0d",
		"watchlist":                       "c863be71bb244cb2cc55bbb989bad7715ecdfa61fe879ae39cb1ea76774cc684",
		"ine":                             "e393a470469c7ca683e5c781e850247c24d31b50ac2d74c3f960776cde34858b",
		"curp":                            "4fd9f4cda02f25e3c0870dcf0666839b2ed6aeb0ce189077e3ece61ca613864c",
		"ine_curp":                        "e2e34548140b233505a3ae4d66a3ce50c56cc6789d9fd68be2e6040f51231f3c",
		"user_status":                     "29202da5fd9100b0488e5e750824f8db8bb0bd89cfb329766fef727556b7f358",
		"full_auto":                       "470d710495814c562c900025833b81130e51dacb66883d0cab70a199252e2403",
	} {
		body, err := os.ReadFile("testdata/webhook/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if !accepted(t, r, headers("X-Auth-Client", apiKey, "X-Hmac-Signature", signature), string(bytes.TrimSuffix(body, []byte("\n")))) {
			t.Errorf("%s: %s is refused", name, signature)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	good := func(pairs ...string) http.Header {
		return headers(append([]string{"X-Auth-Client", apiKey, "X-Hmac-Signature", startedMAC}, pairs...)...)
	}
	with := func(client, signature string) http.Header {
		return headers("X-Auth-Client", client, "X-Hmac-Signature", signature)
	}
	legacy := idv.Settings{"ALLOW_LEGACY_SIGNATURE": "true"}
	const rotated = "11111111-7b3d-4c58-9f60-2d1ab8c47e93"
	raw, _ := hex.DecodeString(strings.ReplaceAll(secret, "-", ""))
	for _, tt := range []struct {
		name    string
		header  http.Header
		body    string
		over    idv.Settings
		genuine bool
	}{
		{name: "as it comes", header: good(), genuine: true},
		{name: "upper-case hex", header: with(apiKey, strings.ToUpper(startedMAC)), genuine: true},
		{name: "with the headers of answers", header: good("Vrf-Auth-Client", apiKey, "Vrf-Integration-Id", "i", "Vrf-Hmac-Signature", "x"), genuine: true},
		{name: "second secret", header: good(), over: idv.Settings{"SHARED_SECRET": rotated + ", " + secret}, genuine: true},
		{name: "second API key", header: good(), over: idv.Settings{"API_KEY": rotated + "," + apiKey}, genuine: true},
		{name: "another secret", header: good(), over: idv.Settings{"SHARED_SECRET": rotated}},
		{name: "no secret", header: with(apiKey, mac("", []byte(startedBody)))},
		{name: "secret taken for hex", header: with(apiKey, mac(string(raw), []byte(startedBody)))},
		{name: "another API key", header: with(rotated, startedMAC)},
		{name: "API key in upper case", header: with(strings.ToUpper(apiKey), startedMAC)},
		{name: "part of the API key", header: with(apiKey[:35], startedMAC)},
		{name: "no API key", header: headers("X-Hmac-Signature", startedMAC)},
		{name: "API key of answers alone", header: headers("Vrf-Auth-Client", apiKey, "X-Hmac-Signature", startedMAC)},
		{name: "two API keys", header: good("X-Auth-Client", apiKey)},
		{name: "no signature", header: headers("X-Auth-Client", apiKey)},
		{name: "signature of answers alone", header: headers("X-Auth-Client", apiKey, "Vrf-Hmac-Signature", startedMAC)},
		{name: "two signatures", header: good("X-Hmac-Signature", startedMAC)},
		{name: "empty", header: with(apiKey, "")},
		{name: "short", header: with(apiKey, startedMAC[:62])},
		{name: "odd", header: with(apiKey, startedMAC[:63])},
		{name: "long", header: with(apiKey, startedMAC+"00")},
		{name: "not hex", header: with(apiKey, "g"+startedMAC[1:])},
		{name: "prefixed", header: with(apiKey, "sha256="+startedMAC)},
		{name: "spaced", header: with(apiKey, startedMAC+" ")},
		{name: "signature of another body", header: with(apiKey, foreignMAC)},
		{name: "written anew", header: good(), body: strings.ReplaceAll(startedBody, ":", ": ")},
		{name: "hard space", header: good(), body: strings.ReplaceAll(startedBody, "selfid", "selfid\u00a0")},
		{name: "another letter case", header: good(), body: strings.ToUpper(startedBody)},

		{name: "legacy, not allowed", header: headers("X-Auth-Client", apiKey, "X-Signature", legacyMAC)},
		{name: "legacy, allowed", header: headers("X-Auth-Client", apiKey, "X-Signature", legacyMAC), over: legacy, genuine: true},
		{name: "legacy, of the id", header: headers("X-Auth-Client", apiKey, "X-Signature", legacyIDMAC), over: legacy, body: ref, genuine: true},
		{name: "legacy, wrong", header: headers("X-Auth-Client", apiKey, "X-Signature", legacyIDMAC), over: legacy},
		{name: "legacy, without API key", header: headers("X-Signature", legacyMAC), over: legacy},
		{name: "legacy in the other header", header: with(apiKey, legacyMAC), over: legacy},
		{name: "no way back from a wrong signature", header: good("X-Signature", legacyMAC), body: startedBody + " ", over: legacy},
		{name: "no way back from an empty signature", header: headers("X-Auth-Client", apiKey, "X-Hmac-Signature", "", "X-Signature", legacyMAC), over: legacy},
		{name: "allowed and not used", header: good(), over: legacy, genuine: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := startedBody
			if tt.body != "" {
				body = tt.body
			}
			if got := accepted(t, reader(t, tt.over), tt.header, body); got != tt.genuine {
				t.Errorf("accepted = %v", got)
			}
		})
	}
}

// FuzzSignature checks that nothing passes but the digests themselves.
func FuzzSignature(f *testing.F) {
	f.Add(startedMAC, legacyMAC, startedBody, secret)
	f.Add("", "", "", "x")
	f.Add(startedMAC[:63], strings.ToUpper(legacyMAC), foreignBody, "é")
	f.Fuzz(func(t *testing.T, signature, old, body, key string) {
		if key == "" || strings.Contains(key, ",") || strings.TrimSpace(key) != key {
			return // a comma would make it a list, and what is trimmed is no secret
		}
		r := reader(t, idv.Settings{"SHARED_SECRET": key, "ALLOW_LEGACY_SIGNATURE": "true"})
		if accepted(t, r, headers("X-Auth-Client", apiKey, "X-Hmac-Signature", signature), body) && !strings.EqualFold(signature, mac(key, []byte(body))) {
			t.Fatalf("accepted %q", signature)
		}
		sum := sha256.Sum256([]byte(body + key))
		if accepted(t, r, headers("X-Auth-Client", apiKey, "X-Signature", old), body) && !strings.EqualFold(old, hex.EncodeToString(sum[:])) {
			t.Fatalf("accepted the old %q", old)
		}
	})
}
