package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/seal"
)

const (
	userPlace     = "users.wrapped_key/user-1"
	deliveryPlace = "deliveries.key/whd_1"
)

// What a user's key sealed opens through the operator's, and through nothing
// once the wrapped key is gone.
func TestKeysAreWrapped(t *testing.T) {
	ring := keyring(t, newKey)
	user, body := seal.NewKey(), seal.NewKey()
	wrapped, inner := ring.Wrap(userPlace, user), user.Wrap(deliveryPlace, body)
	sealed := body.Seal(place, []byte("AMARA"))

	user, err := ring.Unwrap(userPlace, wrapped)
	if err != nil {
		t.Fatal(err)
	}
	body, err = user.Unwrap(deliveryPlace, inner)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := body.Open(place, sealed); err != nil || string(got) != "AMARA" {
		t.Errorf("opened %q, %v", got, err)
	}
	for name, open := range map[string]func() error{
		"the operator's key opens what a user's sealed": func() error { _, err := ring.Open(place, user.Seal(place, nil)); return err },
		"another user's key":                            func() error { _, err := seal.NewKey().Unwrap(deliveryPlace, inner); return err },
		"another operator's key":                        func() error { _, err := keyring(t, oldKey).Unwrap(userPlace, wrapped); return err },
	} {
		if err := open(); !errors.Is(err, seal.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ring.Unwrap("users.wrapped_key/user-2", wrapped); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("a key of another place: %v", err)
	}
	if _, err := ring.Unwrap(userPlace, ring.Seal(userPlace, []byte("short"))); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("a value that is no key: %v", err)
	}
	if bytes.Equal(seal.NewKey().Wrap(place, user), seal.NewKey().Wrap(place, user)) {
		t.Error("two keys are the same")
	}
}

func TestWhoSealed(t *testing.T) {
	before, during := keyring(t, oldKey), keyring(t, newKey, oldKey)
	key := seal.NewKey()
	old := before.Seal(place, nil)
	if during.Current(old) || !during.Sealed(old) || !during.Current(during.Seal(place, nil)) {
		t.Error("a ring does not know its envelopes")
	}
	if theirs := key.Seal(place, nil); during.Sealed(theirs) || !key.Sealed(theirs) || key.Sealed(old) {
		t.Error("a key does not know its envelopes")
	}
	for _, junk := range [][]byte{nil, {1}, bytes.Repeat([]byte{1}, 8), {2, 0, 0, 0, 0, 0, 0, 0, 0}} {
		if during.Sealed(junk) || during.Current(junk) || key.Sealed(junk) {
			t.Errorf("%x is taken for an envelope", junk)
		}
	}
}

// A wrapped key with any change, and junk, unwrap to nothing.
func FuzzUnwrap(f *testing.F) {
	ring, user := keyring(f, newKey), seal.NewKey()
	outer, inner := ring.Wrap(userPlace, user), user.Wrap(deliveryPlace, seal.NewKey())
	short := ring.Seal(userPlace, []byte("too short for a key"))
	f.Add([]byte{}, uint16(0), byte(0))
	f.Add(short, uint16(9), byte(1))
	f.Fuzz(func(t *testing.T, junk []byte, at uint16, flip byte) {
		for _, genuine := range [][]byte{outer, inner} {
			changed := bytes.Clone(genuine)
			changed[int(at)%len(changed)] ^= flip
			for _, wrapped := range [][]byte{junk, changed} {
				_, err := ring.Unwrap(userPlace, wrapped)
				if _, again := user.Unwrap(deliveryPlace, wrapped); err == nil && !bytes.Equal(wrapped, outer) || again == nil && !bytes.Equal(wrapped, inner) {
					t.Errorf("unwrapped %x", wrapped)
				}
			}
		}
	})
}
