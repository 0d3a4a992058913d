package kora_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/kora"
)

// Half of the basic plan (10 a minute), unless the operator has a larger one.
func TestPaceKeepsToThePlan(t *testing.T) {
	for given, want := range map[string]int{"": 5, "5": 5, "100": 100} {
		p, err := kora.Adapter().New(withPolls(given), &http.Client{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.(idv.Paced).Pace(); got != (idv.Pace{PerMinute: want}) {
			t.Errorf("POLLS_PER_MINUTE=%q: %+v", given, got)
		}
	}
	for _, bad := range []string{"0", "-1", "many", "1e3", "999999"} {
		_, err := kora.Adapter().New(withPolls(bad), &http.Client{})
		if err == nil || !strings.Contains(err.Error(), "POLLS_PER_MINUTE") || strings.Contains(err.Error(), bad+" ") {
			t.Errorf("POLLS_PER_MINUTE=%q: %v", bad, err)
		}
	}
}

func withPolls(n string) idv.Settings {
	settings := suite().Settings("http://127.0.0.1:1")
	settings["POLLS_PER_MINUTE"] = n
	return settings
}
