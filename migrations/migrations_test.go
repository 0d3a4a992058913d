package migrations_test

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/bonafide-idv/bonafide/migrations"
)

// Each step is taken on both engines.
func TestEnginesHaveTheSameHistory(t *testing.T) {
	steps := map[string][]string{}
	for _, engine := range []string{"postgres", "sqlite"} {
		entries, err := fs.ReadDir(migrations.FS, engine)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			steps[engine] = append(steps[engine], entry.Name())
		}
	}
	if len(steps["postgres"]) == 0 || !slices.Equal(steps["postgres"], steps["sqlite"]) {
		t.Errorf("the histories differ: %v", steps)
	}
}

func TestUnknownEngine(t *testing.T) {
	if err := migrations.Up(t.Context(), "mysql", nil); err == nil {
		t.Error("migrated")
	}
	if ok, err := migrations.Done(t.Context(), "mysql", nil); err == nil || ok {
		t.Errorf("Done = %v, %v", ok, err)
	}
}
