package providertest

import (
	"os"
	"strings"
	"testing"
)

// Readme checks that the README beside the adapter names, as code, the given
// words and every setting with its default.
func (s Suite) Readme(t *testing.T, words ...string) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range s.Adapter.Settings {
		words = append(words, setting.Key)
		if setting.Default != "" {
			words = append(words, setting.Default)
		}
	}
	for _, word := range words {
		if !strings.Contains(string(text), "`"+word+"`") {
			t.Errorf("the README does not name %s", word)
		}
	}
}
