package app

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
)

// annals is a log of every change of a session's status, of every revision of a
// decision, and of every change of a user, which the database itself keeps by triggers: what the
// API says of the past is held against it.
type annals struct {
	t  *testing.T
	db *sql.DB
}

// stage is a session at one moment.
type stage struct {
	status  string
	outcome string // of the decision, empty if there is none
	// heard is how many observations there were.
	heard int
}

// keepAnnals begins to log. Nothing may have happened yet.
func keepAnnals(t *testing.T, db *sql.DB, databaseURL string) annals {
	t.Helper()
	const session = `INSERT INTO annals_session (session_id, status, outcome, heard)
		VALUES (NEW.id, NEW.status, coalesce(NEW.decision_outcome, ''),
		(SELECT count(*) FROM observations WHERE session_id = NEW.id));`
	const user = `INSERT INTO annals_user (external_user_id, before, after, version_before, version_after) VALUES (NEW.external_user_id,
		%s, %s, OLD.version, NEW.version);`
	seen := func(row string) string {
		text := "''"
		for _, column := range []string{"status", "session_id", "provider", "open_session_id", "reasons", "verified_at", "expires_at"} {
			text += fmt.Sprintf(" || '|' || coalesce(CAST(%s.%s AS TEXT), '')", row, column)
		}
		return text
	}
	users := fmt.Sprintf(user, seen("OLD"), seen("NEW"))
	changed := `NEW.status <> OLD.status OR OLD.decision_outcome IS NOT NULL AND NEW.decision_outcome <> OLD.decision_outcome`
	statements := []string{
		`CREATE TABLE annals_session (n INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, status TEXT, outcome TEXT, heard INTEGER)`,
		`CREATE TABLE annals_user (n INTEGER PRIMARY KEY AUTOINCREMENT, external_user_id TEXT, before TEXT, after TEXT, version_before INTEGER, version_after INTEGER)`,
		`CREATE TRIGGER annals_session_new AFTER INSERT ON sessions BEGIN ` + session + ` END`,
		`CREATE TRIGGER annals_session_changed AFTER UPDATE ON sessions WHEN ` + changed + ` BEGIN ` + session + ` END`,
		`CREATE TRIGGER annals_user_changed AFTER UPDATE ON users BEGIN ` + users + ` END`,
	}
	if !isSQLite(databaseURL) {
		statements = []string{
			`CREATE TABLE annals_session (n BIGSERIAL PRIMARY KEY, session_id TEXT, status TEXT, outcome TEXT, heard INTEGER)`,
			`CREATE TABLE annals_user (n BIGSERIAL PRIMARY KEY, external_user_id TEXT, before TEXT, after TEXT, version_before BIGINT, version_after BIGINT)`,
			`CREATE FUNCTION annals_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + session + ` RETURN NEW; END $$`,
			`CREATE FUNCTION annals_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + users + ` RETURN NEW; END $$`,
			`CREATE TRIGGER annals_session_new AFTER INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION annals_session()`,
			`CREATE TRIGGER annals_session_changed AFTER UPDATE ON sessions FOR EACH ROW WHEN (` + changed + `) EXECUTE FUNCTION annals_session()`,
			`CREATE TRIGGER annals_user_changed AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION annals_user()`,
		}
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%v in %s", err, s)
		}
	}
	return annals{t, db}
}

// sessions gives what every session went through.
func (a annals) sessions() map[string][]stage {
	a.t.Helper()
	rows, err := a.db.QueryContext(a.t.Context(), "SELECT session_id, status, outcome, heard FROM annals_session ORDER BY n")
	must(a.t, err)
	defer func() { _ = rows.Close() }()
	past := map[string][]stage{}
	for rows.Next() {
		var id string
		var s stage
		must(a.t, rows.Scan(&id, &s.status, &s.outcome, &s.heard))
		past[id] = append(past[id], s)
	}
	must(a.t, rows.Err())
	return past
}

// approvals gives, for each session, how many observations there were when the
// first one that says approved, and counts, was among them.
func (a annals) approvals() map[string]int {
	a.t.Helper()
	rows, err := a.db.QueryContext(a.t.Context(), `SELECT session_id, min(seq) FROM observations
		WHERE status = 'approved' AND NOT unknown AND NOT partial AND NOT test GROUP BY session_id`)
	must(a.t, err)
	defer func() { _ = rows.Close() }()
	first := map[string]int{}
	for rows.Next() {
		var id string
		var seq int
		must(a.t, rows.Scan(&id, &seq))
		first[id] = seq
	}
	must(a.t, rows.Err())
	return first
}

// checkUsers fails unless each user's version rose with each change that a
// client can see, and with nothing else.
func (a annals) checkUsers() {
	a.t.Helper()
	rows, err := a.db.QueryContext(a.t.Context(), "SELECT external_user_id, before, after, version_before, version_after FROM annals_user ORDER BY n")
	must(a.t, err)
	defer func() { _ = rows.Close() }()
	count := 0
	for rows.Next() {
		var user, before, after string
		var from, to int
		must(a.t, rows.Scan(&user, &before, &after, &from, &to))
		count++
		if before != after && to != from+1 || before == after && to != from {
			a.t.Errorf("user %s went from version %d to %d:\n%s\n%s", user, from, to, before, after)
		}
	}
	must(a.t, rows.Err())
	if count == 0 {
		a.t.Error("no change of a user was logged")
	}
}

// checkPast fails unless a session went through statuses that something
// supports, and was approved only once something said so.
func (a annals) checkPast(about string, past []stage, supported []string, approvedAt int) {
	a.t.Helper()
	for _, s := range past {
		if !slices.Contains(supported, s.status) {
			a.t.Errorf("%s: it was %s, which nothing supports", about, s.status)
		}
		if (s.status == "approved" || s.outcome == "approved") && (approvedAt == 0 || s.heard < approvedAt) {
			a.t.Errorf("%s: it was approved before anything said so", about)
		}
	}
}
