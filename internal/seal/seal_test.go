package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/seal"
)

var (
	oldKey = bytes.Repeat([]byte{0x11}, 32)
	newKey = bytes.Repeat([]byte{0x22}, 32)
)

const place = "results.body/ses_00000000000000000000000000"

func keyring(t testing.TB, keys ...[]byte) *seal.Keyring {
	t.Helper()
	ring, err := seal.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestWhatIsSealedOpens(t *testing.T) {
	ring := keyring(t, newKey)
	for _, plain := range [][]byte{nil, {}, []byte("AMARA OKAFOR"), bytes.Repeat([]byte("x"), 1<<20)} {
		sealed := ring.Seal(place, plain)
		if sealed[0] != 1 {
			t.Errorf("envelope begins with %#x", sealed[0])
		}
		if len(plain) > 0 && bytes.Contains(sealed, plain) {
			t.Error("the plaintext is in the envelope")
		}
		got, err := ring.Open(place, sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("Open of %d bytes = %d bytes, %v", len(plain), len(got), err)
		}
	}
}

func TestNoncesDiffer(t *testing.T) {
	ring := keyring(t, newKey)
	if bytes.Equal(ring.Seal(place, []byte("same")), ring.Seal(place, []byte("same"))) {
		t.Error("the same envelope twice")
	}
}

// The layout is promised to whoever must read a backup with other tools.
func TestEnvelopeIsPlainAESGCM(t *testing.T) {
	sealed := keyring(t, newKey).Seal(place, []byte("AMARA"))
	block, err := aes.NewCipher(newKey)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	header, nonce, ciphertext := sealed[:9], sealed[9:21], sealed[21:]
	plain, err := gcm.Open(nil, nonce, ciphertext, append(bytes.Clone(header), place...))
	if err != nil || string(plain) != "AMARA" {
		t.Errorf("read by hand: %q, %v", plain, err)
	}
}

func TestRotation(t *testing.T) {
	before, during, after := keyring(t, oldKey), keyring(t, newKey, oldKey), keyring(t, newKey)
	old := before.Seal(place, []byte("old"))

	if got, err := during.Open(place, old); err != nil || string(got) != "old" {
		t.Errorf("old value with both keys: %q, %v", got, err)
	}
	if got, err := after.Open(place, during.Seal(place, []byte("new"))); err != nil || string(got) != "new" {
		t.Errorf("the first key did not seal: %q, %v", got, err)
	}
	if _, err := after.Open(place, old); !errors.Is(err, seal.ErrKey) {
		t.Errorf("old value without the old key: %v", err)
	}
}

func TestAnotherPlaceIsRefused(t *testing.T) {
	ring := keyring(t, newKey)
	sealed := ring.Seal("results.body/ses_1", []byte("AMARA"))
	for _, other := range []string{"", "results.body/ses_2", "sessions.private/ses_1", "results.body/ses_1 "} {
		if _, err := ring.Open(other, sealed); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("opened at %q: %v", other, err)
		}
	}
}

func TestEveryByteCounts(t *testing.T) {
	ring := keyring(t, newKey, oldKey)
	sealed := ring.Seal(place, []byte("AMARA"))
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 0x01
		if _, err := ring.Open(place, changed); err == nil {
			t.Errorf("byte %d changed and it opened", i)
		}
		if _, err := ring.Open(place, sealed[:i]); err == nil {
			t.Errorf("cut at %d and it opened", i)
		}
	}
}

func TestWrongKeysAreRefused(t *testing.T) {
	for name, keys := range map[string][][]byte{
		"none": nil, "empty": {{}}, "short": {newKey[:16]}, "long second": {newKey, append(bytes.Clone(newKey), 1)},
	} {
		if _, err := seal.New(keys); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Neither junk nor a genuine envelope with any change opens.
func FuzzOpen(f *testing.F) {
	ring := keyring(f, newKey, oldKey)
	genuine := ring.Seal(place, []byte("AMARA"))
	f.Add([]byte{}, uint16(0), byte(0), []byte{})
	f.Add([]byte{1}, uint16(9), byte(1), []byte("more"))
	f.Fuzz(func(t *testing.T, junk []byte, at uint16, flip byte, tail []byte) {
		changed := append(bytes.Clone(genuine), tail...)
		changed[int(at)%len(changed)] ^= flip
		for _, sealed := range [][]byte{junk, changed} {
			if _, err := ring.Open(place, sealed); err == nil && !bytes.Equal(sealed, genuine) {
				t.Errorf("opened what was never sealed: %x", sealed)
			}
		}
	})
}
