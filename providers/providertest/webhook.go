package providertest

import (
	"bytes"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// strangeWord is in nobody's tables.
const strangeWord = "zz_never_heard_of_it"

// authenticate checks that only genuine webhooks pass.
func (s Suite) authenticate(t *testing.T) {
	reader := s.reader(t)
	settings := s.Settings("http://127.0.0.1:1")
	body := s.StatusWebhook(s.Statuses[0])
	genuine := s.webhook(body)
	if err := reader.Authenticate(t.Context(), genuine); err != nil {
		t.Fatalf("a genuine webhook is refused: %v", err)
	}

	refuse := func(name string, w idv.Webhook) {
		t.Helper()
		err := reader.Authenticate(t.Context(), w)
		if !errors.Is(err, idv.ErrForged) {
			t.Errorf("%s: error %v is not idv.ErrForged", name, err)
		}
		s.noSecret(t, settings, err)
	}
	refuse("no header", idv.Webhook{Header: http.Header{}, Body: body, ReceivedAt: s.ReceivedAt})
	refuse("nil header", idv.Webhook{Body: body, ReceivedAt: s.ReceivedAt})
	refuse("no body", idv.Webhook{Header: genuine.Header, ReceivedAt: s.ReceivedAt})
	refuse("a newline more", idv.Webhook{Header: genuine.Header, Body: append(bytes.Clone(body), '\n'), ReceivedAt: s.ReceivedAt})
	refuse("a byte less", idv.Webhook{Header: genuine.Header, Body: body[:len(body)-1], ReceivedAt: s.ReceivedAt})
	for i := range body {
		changed := bytes.Clone(body)
		changed[i] ^= 0x01
		refuse("one changed byte", idv.Webhook{Header: genuine.Header, Body: changed, ReceivedAt: s.ReceivedAt})
	}
	for key := range genuine.Header {
		for _, value := range []string{"", "0", "sha256=", "not hex at all", string(make([]byte, 64))} {
			header := genuine.Header.Clone()
			header.Set(key, value)
			w := idv.Webhook{Header: header, Body: body, ReceivedAt: s.ReceivedAt}
			if err := reader.Authenticate(t.Context(), w); err != nil && !errors.Is(err, idv.ErrForged) {
				t.Errorf("%s = %q: error %v is not idv.ErrForged", key, value, err)
			}
		}
	}
}

// statuses checks that every documented word is understood and that no other
// word moves anything.
func (s Suite) statuses(t *testing.T) {
	reader := s.reader(t)
	normalize := func(word string) []idv.Update {
		updates, err := reader.Normalize(idv.Webhook{Header: http.Header{}, Body: s.StatusWebhook(word), ReceivedAt: s.ReceivedAt})
		if err != nil || len(updates) == 0 {
			t.Fatalf("%s: %d updates, error %v", word, len(updates), err)
		}
		return updates
	}
	for _, word := range s.Statuses {
		for _, u := range normalize(word) {
			if u.Unknown {
				t.Errorf("%s is not in the tables (%s)", word, u.Why)
			}
			if u.Status != "" && !u.Status.Valid() {
				t.Errorf("%s was read as %q, which is no status", word, u.Status)
			}
		}
	}
	for _, u := range normalize(strangeWord) {
		if !u.Unknown || u.Why == "" {
			t.Errorf("a word that nobody knows must be Unknown and say Why: %+v", viewOf(u))
		}
		if u.Status.Decided() {
			t.Errorf("a word that nobody knows was read as %q", u.Status)
		}
	}
}

// bodies lists the bodies of all webhook fixtures.
func (s Suite) bodies(f *testing.F) [][]byte {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(s.Fixtures, "webhook", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	var bodies [][]byte
	for _, file := range files {
		if !strings.HasSuffix(file, ".want.json") {
			bodies = append(bodies, readBody(f, file))
		}
	}
	return bodies
}

// FuzzNormalize checks that no body makes Normalize panic or answer differently
// the second time. Call it from a fuzz test of the provider's package.
func FuzzNormalize(f *testing.F, s Suite) {
	for _, body := range s.bodies(f) {
		f.Add(body)
	}
	reader := s.reader(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		w := idv.Webhook{Header: http.Header{}, Body: body, ReceivedAt: s.ReceivedAt}
		updates, err := reader.Normalize(w)
		again, _ := reader.Normalize(w)
		if len(updates) != len(again) {
			t.Errorf("%d updates, then %d", len(updates), len(again))
		}
		if err != nil && !errors.Is(err, idv.ErrNotUnderstood) {
			t.Errorf("error %v is not idv.ErrNotUnderstood", err)
		}
		for _, u := range updates {
			if u.Unknown && u.Status.Decided() || u.Status != "" && !u.Status.Valid() {
				t.Errorf("status %q, unknown %v", u.Status, u.Unknown)
			}
		}
	})
}

// FuzzAuthenticate checks that nothing but the right signature passes and that
// nothing panics. Call it from a fuzz test of the provider's package.
func FuzzAuthenticate(f *testing.F, s Suite) {
	for _, body := range s.bodies(f) {
		for _, values := range s.Sign(body, s.ReceivedAt) {
			f.Add(values[0], body)
		}
	}
	reader := s.reader(f)
	f.Fuzz(func(t *testing.T, value string, body []byte) {
		genuine := s.Sign(body, s.ReceivedAt)
		header := http.Header{}
		for key := range genuine {
			header.Set(key, value)
		}
		w := idv.Webhook{Header: header, Body: body, ReceivedAt: s.ReceivedAt}
		if err := reader.Authenticate(t.Context(), w); !errors.Is(err, idv.ErrForged) && !same(header, genuine) {
			t.Errorf("one value in every header was accepted: %v", err)
		}
		for key := range genuine {
			header = genuine.Clone()
			header.Set(key, value)
			w.Header = header
			if err := reader.Authenticate(t.Context(), w); err != nil && !errors.Is(err, idv.ErrForged) {
				t.Errorf("error %v is not idv.ErrForged", err)
			}
		}
		w.Header, w.ReceivedAt = genuine, s.ReceivedAt.Add(time.Second)
		w.Body = append(bytes.Clone(body), ' ')
		if err := reader.Authenticate(t.Context(), w); !errors.Is(err, idv.ErrForged) {
			t.Errorf("a longer body was accepted: %v", err)
		}
	})
}

// same allows for what a hex signature may differ in and mean the same.
func same(a, b http.Header) bool {
	plain := func(value string) string {
		return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(value)), "sha256=")
	}
	for key := range b {
		if plain(a.Get(key)) != plain(b.Get(key)) {
			return false
		}
	}
	return true
}
