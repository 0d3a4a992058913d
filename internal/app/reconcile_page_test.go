package app

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/reconcile"
	"github.com/bonafide-idv/bonafide/providers"
)

// The page on missed webhooks gives the numbers of the code.
func TestReconcilePageTellsTheSchedule(t *testing.T) {
	const path = "../../docs/reconcile.md"
	raw, err := os.ReadFile(path)
	must(t, err)
	want := string(raw)
	for name, table := range map[string]string{"schedule": scheduleTable(), "paces": paceTable(t)} {
		begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->"
		before, rest, found := strings.Cut(want, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("%s has no %s … %s", path, begin, end)
		}
		want = before + begin + table + end + after
	}
	if want == string(raw) {
		return
	}
	if !*update {
		t.Fatal("the tables are not what the code says; run: make generate")
	}
	must(t, os.WriteFile(path, []byte(want), 0o644))
}

func scheduleTable() string {
	s := reconcile.Schedule{Paces: map[string]idv.Pace{"any": {}, "reversing": {Reverses: true}}}
	var b strings.Builder
	b.WriteString("| status | asked about no sooner than after | and no later than after (intervals) | by default |\n|---|---|---|---|\n")
	for _, status := range idv.Statuses() {
		account, name := "any", "`"+string(status)+"`"
		switch status {
		case idv.Created:
			name += ", confirmed"
		case idv.Approved:
			account, name = "reversing", name+", where it may be turned round"
		}
		gap, asked := s.Gap(account, status)
		if !asked {
			fmt.Fprintf(&b, "| %s | – | never | – |\n", name)
			continue
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %s |\n", name, gap.Least/reconcile.DefaultInterval, gap.Most/reconcile.DefaultInterval, inWords(gap.Most))
	}
	return b.String()
}

// paceTable gives the paces as an account has them that sets nothing.
func paceTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| provider | questions within a minute | on average | about one session | stale at most: open, processing, approved |\n|---|---|---|---|---|\n")
	for _, entry := range providers.All() {
		settings := devSettings(entry, "http://127.0.0.1")
		for _, s := range entry.Adapter.Settings {
			if s.Default != "" {
				settings[s.Key] = s.Default
			}
		}
		p, err := entry.Adapter.New(settings, &http.Client{})
		must(t, err)
		name := entry.Adapter.Name
		a := accounts{providers: map[string]idv.Provider{name: p}}
		pace := a.paces()[name]
		limit := fmt.Sprint(reconcile.PerMinute(pace))
		if pace.PerMinute == 0 {
			limit += " (it documents no limit)"
		}
		s := reconcile.Schedule{Paces: a.paces()}
		var stale []string
		for _, status := range []idv.Status{idv.InReview, idv.Processing, idv.Approved} {
			word := "not asked"
			if gap, asked := s.Gap(name, status); asked {
				word = inWords(gap.Most)
			}
			stale = append(stale, word)
		}
		fmt.Fprintf(&b, "| %s | %s | %g a minute | every %s | %s |\n", entry.Adapter.Title, limit,
			float64(reconcile.PerMinute(pace))/2, inWords(time.Duration(max(1, pace.Every))*reconcile.DefaultInterval), strings.Join(stale, ", "))
	}
	return b.String()
}

func inWords(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	default:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
}
