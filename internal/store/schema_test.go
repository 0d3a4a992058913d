package store_test

import (
	"database/sql"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/store"
)

func TestRowsAndColumnsAgree(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		for _, row := range store.Rows() {
			parsed, err := schema.Parse(row, &sync.Map{}, schema.NamingStrategy{})
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Sorted(slices.Values(parsed.DBNames))
			if got := columns(t, k.DB(), parsed.Table); !slices.Equal(got, want) {
				t.Errorf("%s has the columns\n%v, the row has\n%v", parsed.Table, got, want)
			}
		}
	})
}

// columns asks for the names of a table's columns, in order.
func columns(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// words lists the words of a CHECK, which are what is quoted in it.
var words = regexp.MustCompile(`'([a-z_]+)'`)

func TestChecksAndVocabularyAgree(t *testing.T) {
	want := map[string][]string{
		"sessions_status_known":                text(idv.Statuses()),
		"sessions_decision_outcome_known":      text([]idv.Status{idv.Approved, idv.Declined}),
		"sessions_decision_revised_from_known": text([]idv.Status{idv.Approved, idv.Declined}),
		"observations_status_known":            text(idv.Statuses()),
		"observations_source_known":            text(idv.Sources()),
		"users_status_known":                   text(idv.UserStatuses()),
		"deliveries_state_known":               text(idv.DeliveryStates()),
		"endpoints_disabled_reason_known":      text(idv.DisabledReasons()),
		"messages_state_known":                 text(idv.MessageStates()),
		"attempts_fault_known":                 text(idv.AttemptFaults()),
		"erasures_outcome_known":               text(idv.EraseOutcomes()),
		"privacy_tasks_kind_known":             text(idv.PrivacyTaskKinds()),
	}
	each(t, func(t *testing.T, k *kit) {
		got := map[string][]string{}
		for name, check := range checks(t, k) {
			if !strings.HasSuffix(name, "_known") {
				continue
			}
			for _, found := range words.FindAllStringSubmatch(check, -1) {
				got[name] = append(got[name], found[1])
			}
			slices.Sort(got[name])
		}
		for name, list := range want {
			if !slices.Equal(got[name], list) {
				t.Errorf("%s knows\n%v, the program\n%v", name, got[name], list)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d checks of words, %d are compared", len(got), len(want))
		}
	})
}

func text[T ~string](list []T) []string {
	var texts []string
	for _, one := range list {
		texts = append(texts, string(one))
	}
	slices.Sort(texts)
	return texts
}

// checks gives the CHECKs of all tables by name.
func checks(t *testing.T, k *kit) map[string]string {
	t.Helper()
	query := "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'"
	if k.Pool() == nil {
		query = "SELECT '', sql FROM sqlite_master WHERE type = 'table'"
	}
	rows, err := k.DB().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		if name != "" {
			found[name] = text
			continue
		}
		// SQLite keeps the text of the table: one CONSTRAINT after another.
		for _, part := range strings.Split(text, "CONSTRAINT ")[1:] {
			name, check, _ := strings.Cut(part, " CHECK ")
			found[name] = check
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
