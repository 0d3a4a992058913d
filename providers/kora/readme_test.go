package kora_test

import (
	"testing"
)

func TestReadmeNamesEverySettingAndWord(t *testing.T) { suite().Readme(t, suite().Statuses...) }
