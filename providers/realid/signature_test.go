package realid_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// The worked example: secret "rid_test_signing_secret".
const (
	workedBody      = `{"event":"check.completed","created_at":"2025-01-15T10:35:00.000Z","check":{"id":"7TWFOC-auPI","step":"completed","testing":true}}`
	workedSignature = "a7f88d86ee3cd13940c469703e2ce2a9899833116f798018d70a1f1e0bd1f73a"
	// spacedSignature is over the same JSON with a space after each separator.
	spacedSignature = "a30748798a48a0489aa7329c5f08f2e4cc514b4edd772167f930bfe352ec88e8"
)

func TestWorkedBodyIsExact(t *testing.T) {
	sum := sha256.Sum256([]byte(workedBody))
	if got := hex.EncodeToString(sum[:]); got != "97bfd19bbe43b0161be0b0847c60752af997e0f4c011f2e854359059e5fba819" || len(workedBody) != 130 {
		t.Fatalf("%d bytes, sha256 %s", len(workedBody), got)
	}
}

func TestAuthenticate(t *testing.T) {
	spaced := strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(workedBody)
	two := header(workedSignature)
	two.Add("X-Real-ID-Signature", workedSignature)
	for _, tt := range []struct {
		name    string
		header  http.Header
		body    string
		compact bool
		genuine bool
	}{
		{name: "the worked example", header: header(workedSignature), genuine: true},
		{name: "the second secret", header: header(mac(second, workedBody)), genuine: true},
		{name: "no webhook secret of ours", header: header(mac("rid_other", workedBody))},
		{name: "no secret at all", header: header(mac("", workedBody))},
		{name: "both secrets as one", header: header(mac(secret+", "+second, workedBody))},
		{name: "signed with white space", header: header(spacedSignature)},
		{name: "signed with white space, compact allowed", header: header(spacedSignature), compact: true},
		{name: "sent with white space", header: header(workedSignature), body: spaced},
		{name: "sent with white space, compact allowed", header: header(workedSignature), body: spaced, compact: true, genuine: true},
		{name: "signed and sent with white space", header: header(spacedSignature), body: spaced, genuine: true},
		{
			name: "another order of members, compact allowed", header: header(workedSignature), compact: true,
			body: `{"created_at":"2025-01-15T10:35:00.000Z","event":"check.completed","check":{"id":"7TWFOC-auPI","step":"completed","testing":true}}`,
		},
		{name: "another value, compact allowed", header: header(workedSignature), compact: true, body: strings.Replace(spaced, "true", "false", 1)},
		{name: "not JSON, compact allowed", header: header(workedSignature), compact: true, body: workedBody + "}"},
		{name: "upper case", header: header(strings.ToUpper(workedSignature))},
		{name: "a prefix", header: header("sha256=" + workedSignature)},
		{name: "a space", header: header(workedSignature + " ")},
		{name: "short", header: header(workedSignature[:62])},
		{name: "long", header: header(workedSignature + "00")},
		{name: "odd", header: header(workedSignature[:63])},
		{name: "empty", header: header("")},
		{name: "no hex", header: header(strings.Repeat("zz", 32))},
		{name: "twice", header: two},
		{name: "another header", header: http.Header{"X-Signature": {workedSignature}}},
		{name: "genuine but not JSON", header: header(mac(secret, "hello")), body: "hello", genuine: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			over := idv.Settings{}
			if tt.compact {
				over["VERIFY_COMPACT_JSON"] = "true"
			}
			body := workedBody
			if tt.body != "" {
				body = tt.body
			}
			err := account(t, over).(idv.WebhookReader).Authenticate(t.Context(), idv.Webhook{
				Header: tt.header, Body: []byte(body), ReceivedAt: receivedAt(),
			})
			if tt.genuine && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !tt.genuine && !errors.Is(err, idv.ErrForged) {
				t.Errorf("want idv.ErrForged, got %v", err)
			}
		})
	}
}

// The signed text is what JSON.stringify writes: no white space, no escape that
// is not needed.
func TestCompactText(t *testing.T) {
	reader := account(t, idv.Settings{"VERIFY_COMPACT_JSON": "true"}).(idv.WebhookReader)
	for sent, signed := range map[string]string{
		`{ "a" : "\u00e9t\u00e9" }`:                  `{"a":"été"}`,
		`{"a":"x \" , : \\ y"  , "b" : [ 1 , {} ] }`: `{"a":"x \" , : \\ y","b":[1,{}]}`,
		`{"a":"\u003c\u0026"}`:                       `{"a":"<&"}`,
		`{"a":"line\u000abreak\/"}`:                  `{"a":"line\nbreak/"}`,
	} {
		w := idv.Webhook{Header: header(mac(secret, signed)), Body: []byte(sent)}
		if err := reader.Authenticate(t.Context(), w); err != nil {
			t.Errorf("%s: %v", sent, err)
		}
	}
}
