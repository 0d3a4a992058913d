package idenfy_test

import (
	"strings"
	"testing"
)

func TestReadmeNamesEverySettingAndWord(t *testing.T) {
	words := overalls()
	for _, table := range documented() {
		for _, list := range table {
			for word := range strings.FieldsSeq(list) {
				if !strings.Contains(word, "NEW_") { // those are in nobody's tables
					words = append(words, word)
				}
			}
		}
	}
	suite().Readme(t, words...)
}
