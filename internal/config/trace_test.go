package config_test

import (
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/config"
)

// Nothing is traced unless it is set, and what is wrong is named.
func TestTraces(t *testing.T) {
	if c := load(t, config.Source{}); c.TracesURL != "" || c.TracesSample != 1 {
		t.Errorf("traces to %q of %v", c.TracesURL, c.TracesSample)
	}
	c := load(t, config.Source{Environ: []string{"BONAFIDE_TRACES_URL=http://collector:4318/", "BONAFIDE_TRACES_SAMPLE=0.25"}})
	if c.TracesURL != "http://collector:4318" || c.TracesSample != 0.25 || len(c.Warnings) != 0 {
		t.Errorf("traces to %q of %v, warnings %v", c.TracesURL, c.TracesSample, c.Warnings)
	}
	for _, bad := range []string{
		"TRACES_URL=collector:4317", "TRACES_URL=grpc://collector:4317", "TRACES_URL=http://user:hunter2@collector:4318",
		"TRACES_SAMPLE=2", "TRACES_SAMPLE=-0.1", "TRACES_SAMPLE=NaN", "TRACES_SAMPLE=half",
	} {
		name, _, _ := strings.Cut(bad, "=")
		m := mistakes(t, config.Source{Environ: []string{config.Prefix + bad}})
		if len(m) != 1 || !strings.Contains(m[0], config.Prefix+name+" ") || strings.Contains(m[0], "hunter2") {
			t.Errorf("%s: %q", bad, m)
		}
	}
}
