package signature_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/signature"
)

// RFC 4231, test case 2.
const (
	key     = "Jefe"
	message = "what do ya want for nothing?"
	digits  = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
)

func TestParse(t *testing.T) {
	for _, s := range []string{digits, strings.ToUpper(digits)} {
		if sum, ok := signature.Parse(s); !ok || hex.EncodeToString(sum) != digits {
			t.Errorf("%q is read as %x", s, sum)
		}
	}
	for _, s := range []string{
		"", digits[:63], digits[:62], digits + "0", digits + "00", " " + digits, digits + "\n", "0x" + digits[2:],
		"sha256=" + digits, strings.Replace(digits, "5", "g", 1), digits + "." + digits,
	} {
		if sum, ok := signature.Parse(s); ok || sum != nil {
			t.Errorf("%q is read as %x", s, sum)
		}
	}
}

func TestFits(t *testing.T) {
	sum, _ := signature.Parse(digits)
	if !bytes.Equal(signature.Sum([]byte(key), []byte(message)), sum) {
		t.Error("the worked example has another sum")
	}
	for name, parts := range map[string][][]byte{
		"whole":    {[]byte(message)},
		"in parts": {[]byte(message[:4]), nil, []byte(message[4:])},
	} {
		if !signature.Fits(sum, []string{"new", key}, parts...) || !signature.Fits(sum, []string{key, "old"}, parts...) {
			t.Errorf("%s: refused", name)
		}
	}
	for name, fits := range map[string]bool{
		"no secret":       signature.Fits(sum, nil, []byte(message)),
		"another secret":  signature.Fits(sum, []string{"", "jefe", key + " "}, []byte(message)),
		"another message": signature.Fits(sum, []string{key}, []byte(message+" ")),
		"no message":      signature.Fits(sum, []string{key}),
		"no sum":          signature.Fits(nil, []string{key}, []byte(message)),
		"half a sum":      signature.Fits(sum[:16], []string{key}, []byte(message)),
	} {
		if fits {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzSignature(f *testing.F) {
	f.Add(digits, key, []byte(message))
	f.Add("", "", []byte{})
	f.Fuzz(func(t *testing.T, digits, secret string, message []byte) {
		sum, ok := signature.Parse(digits)
		if ok && hex.EncodeToString(sum) != strings.ToLower(digits) {
			t.Errorf("%q is read as %x", digits, sum)
		}
		right := signature.Sum([]byte(secret), message)
		if signature.Fits(sum, []string{secret}, message) != bytes.Equal(sum, right) || !signature.Fits(right, []string{secret}, message) {
			t.Error("something but the sum fits")
		}
	})
}
