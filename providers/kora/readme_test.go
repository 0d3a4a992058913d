package kora_test

import (
	"os"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/providers/kora"
)

func TestReadmeNamesEverySettingAndWord(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	words := suite().Statuses
	for _, setting := range kora.Adapter().Settings {
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
