package store

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// gorm's Scan has its own recorder of statements, which tells values to any log.
func TestNothingIsScannedWithItsValuesRecorded(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	scan := regexp.MustCompile(`[^s]\.Scan\(&`) // not that of database/sql's rows
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && scan.Match(source) {
			t.Errorf("%s: use Find", file)
		}
	}
}

func TestSlowStatementsAreToldWithoutTheirValues(t *testing.T) {
	var written bytes.Buffer
	log := newSlowLog(slog.New(slog.NewTextHandler(&written, nil)))
	var filter gorm.ParamsFilter = log
	sql, values := filter.ParamsFilter(t.Context(), "SELECT ?", "CANARY")
	statement := func() (string, int64) { return logger.ExplainSQL(sql, nil, `'`, values...), 1 }

	log.Trace(t.Context(), time.Now(), statement, nil)
	log.Trace(t.Context(), time.Now().Add(-time.Hour), statement, errors.New("CANARY"))
	if written.Len() != 0 {
		t.Errorf("told what is not slow, or an error: %s", &written)
	}
	log.Trace(t.Context(), time.Now().Add(-time.Hour), statement, nil)
	if said := written.String(); !strings.Contains(said, "SELECT ?") || strings.Contains(said, "CANARY") {
		t.Errorf("log: %s", said)
	}
}
