package main_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The runbook speaks of alerts and metrics that there are.
func TestRunbookSpeaksOfAlertsThatThereAre(t *testing.T) {
	page, err := os.ReadFile("docs/operations.md")
	must(t, err)
	metrics, err := os.ReadFile("docs/metrics.md")
	must(t, err)
	alerts := regexp.MustCompile(`\bBonafide[A-Z][A-Za-z]+`).FindAllString(string(page), -1)
	if len(alerts) == 0 {
		t.Error("the page names no alert")
	}
	for _, alert := range alerts {
		if !strings.Contains(string(metrics), "- alert: "+alert+"\n") {
			t.Errorf("there is no alert %s", alert)
		}
	}
	for _, metric := range regexp.MustCompile(`\bbonafide_[a-z_]+`).FindAllString(string(page), -1) {
		if !strings.Contains(string(metrics), "`"+metric+"`") {
			t.Errorf("there is no metric %s", metric)
		}
	}
}
