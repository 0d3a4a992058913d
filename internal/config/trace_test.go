package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
)

// Nothing is traced and nobody drains unless it is set, and what is wrong is named.
func TestTracesAndDrain(t *testing.T) {
	if c := load(t, config.Source{}); c.TracesURL != "" || c.TracesSample != 1 || c.Drain != 0 {
		t.Errorf("traces to %q of %v, drain %v", c.TracesURL, c.TracesSample, c.Drain)
	}
	c := load(t, config.Source{Environ: []string{"BONAFIDE_TRACES_URL=http://collector:4318/", "BONAFIDE_TRACES_SAMPLE=0.25", "BONAFIDE_DRAIN=10s"}})
	if c.TracesURL != "http://collector:4318" || c.TracesSample != 0.25 || c.Drain != 10*time.Second || len(c.Warnings) != 0 {
		t.Errorf("traces to %q of %v, drain %v, warnings %v", c.TracesURL, c.TracesSample, c.Drain, c.Warnings)
	}
	for _, bad := range []string{
		"TRACES_URL=collector:4317", "TRACES_URL=grpc://collector:4317", "TRACES_URL=http://user:hunter2@collector:4318",
		"TRACES_SAMPLE=2", "TRACES_SAMPLE=-0.1", "TRACES_SAMPLE=NaN", "TRACES_SAMPLE=half", "DRAIN=10", "DRAIN=-1s",
	} {
		name, _, _ := strings.Cut(bad, "=")
		m := mistakes(t, config.Source{Environ: []string{config.Prefix + bad}})
		if len(m) != 1 || !strings.Contains(m[0], config.Prefix+name+" ") || strings.Contains(m[0], "hunter2") {
			t.Errorf("%s: %q", bad, m)
		}
	}
}
