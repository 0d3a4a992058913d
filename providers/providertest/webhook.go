package providertest

import (
	"bytes"
	"encoding/json"
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
	refuse("the same JSON, written anew", idv.Webhook{Header: genuine.Header, Body: rewritten(t, body), ReceivedAt: s.ReceivedAt})
	refuse("another case", idv.Webhook{Header: genuine.Header, Body: bytes.ToUpper(body), ReceivedAt: s.ReceivedAt})
	for key, cut := range cuts(genuine.Header) {
		refuse("a shorter or longer "+key, idv.Webhook{Header: cut, Body: body, ReceivedAt: s.ReceivedAt})
	}
	s.otherTimes(t, genuine, refuse)
	s.otherAccount(t, genuine)
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

// rewritten is the same JSON in other bytes.
func rewritten(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", " "); err != nil {
		t.Fatalf("the webhook is not JSON: %v", err)
	}
	return out.Bytes()
}

// cuts are the headers with one signature cut, by name and how.
func cuts(header http.Header) map[string]http.Header {
	all := map[string]http.Header{}
	for key := range header {
		value := header.Get(key)
		if len(value) < 64 {
			continue // too short to hold a signature
		}
		for how, changed := range map[string]string{"-1": value[:len(value)-1], "-2": value[:len(value)-2], "+1": value + "0", "+2": value + "00"} {
			cut := header.Clone()
			cut.Set(key, changed)
			all[key+" "+how] = cut
		}
	}
	return all
}

// otherTimes: a time that is signed is held against ours, in both directions.
func (s Suite) otherTimes(t *testing.T, genuine idv.Webhook, refuse func(string, idv.Webhook)) {
	t.Helper()
	if s.Window == 0 {
		return
	}
	for name, off := range map[string]time.Duration{"stale": s.Window + time.Second, "from the future": -s.Window - time.Second} {
		w := genuine
		w.ReceivedAt = s.ReceivedAt.Add(off)
		refuse(name, w)
	}
	for _, off := range []time.Duration{s.Window - time.Second, time.Second - s.Window} {
		w := genuine
		w.ReceivedAt = s.ReceivedAt.Add(off)
		if err := s.reader(t).Authenticate(t.Context(), w); err != nil {
			t.Errorf("%s off and refused: %v", off, err)
		}
	}
}

// otherAccount: what one account's secrets verify, another's do not.
func (s Suite) otherAccount(t *testing.T, genuine idv.Webhook) {
	t.Helper()
	settings := s.Settings("http://127.0.0.1:1")
	for _, setting := range s.Adapter.Settings {
		if setting.Secret && settings[setting.Key] != "" {
			secrets := settings.List(setting.Key)
			for i, secret := range secrets {
				// The last digit is another one, so that what must be hex still is.
				last := "0"
				if strings.HasSuffix(secret, last) {
					last = "1"
				}
				secrets[i] = secret[:len(secret)-1] + last
			}
			settings[setting.Key] = strings.Join(secrets, ",")
		}
	}
	reader, ok := s.provider(t, settings, time.Second).(idv.WebhookReader)
	if !ok {
		t.Fatal("the account with other secrets reads no webhooks")
	}
	if err := reader.Authenticate(t.Context(), genuine); !errors.Is(err, idv.ErrForged) {
		t.Errorf("another account's secrets verify it: %v", err)
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
