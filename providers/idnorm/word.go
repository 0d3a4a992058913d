package idnorm

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text reads a JSON string, and a number or boolean as it is written: the API
// comes out of a gateway that may write a 64-bit number either way.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")):
		return nil
	case raw[0] == '"':
		return json.Unmarshal(raw, (*string)(t))
	case raw[0] == '{' || raw[0] == '[':
		return errors.New("a word was expected")
	default:
		*t = text(raw)
		return nil
	}
}

// longestWord is what is kept of a word of the provider's, in characters.
const longestWord = 100

// plain makes a word of the provider's fit to be kept and shown: no control
// characters, and not longer than a word is.
func plain(word string) string {
	word = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, word)
	if runes := []rune(word); len(runes) > longestWord {
		return string(runes[:longestWord]) + "…"
	}
	return word
}

// upper is strings.ToUpper for ASCII alone, so that no other letter turns into
// one of a word that we know ("paſſed").
func upper(word string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, word)
}
