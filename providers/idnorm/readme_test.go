package idnorm_test

import (
	"os"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/providers/idnorm"
)

func TestReadmeNamesEverySetting(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range idnorm.Adapter().Settings {
		if !strings.Contains(string(readme), "`"+setting.Key+"`") || setting.Default != "" && !strings.Contains(string(readme), "`"+setting.Default+"`") {
			t.Errorf("the README does not explain %s (default %q)", setting.Key, setting.Default)
		}
		if setting.Help == "" {
			t.Errorf("%s has no help", setting.Key)
		}
	}
}
