package idenfy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/providers/idenfy"
)

func TestReadmeNamesEverySettingAndWord(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	words := overalls()
	for _, setting := range idenfy.Adapter().Settings {
		words = append(words, setting.Key)
		if setting.Default != "" {
			words = append(words, setting.Default)
		}
	}
	for _, table := range documented() {
		for _, list := range table {
			for word := range strings.FieldsSeq(list) {
				if !strings.Contains(word, "NEW_") { // those are in nobody's tables
					words = append(words, word)
				}
			}
		}
	}
	for _, word := range words {
		if !strings.Contains(string(text), "`"+word+"`") {
			t.Errorf("the README does not name %s", word)
		}
	}
}
