package idnorm_test

import (
	"testing"

	"github.com/bonafide-idv/bonafide/providers/idnorm"
)

func TestReadmeNamesEverySetting(t *testing.T) { suite().Readme(t) }

func TestEverySettingHasHelp(t *testing.T) {
	for _, setting := range idnorm.Adapter().Settings {
		if setting.Help == "" {
			t.Errorf("%s has no help", setting.Key)
		}
	}
}
