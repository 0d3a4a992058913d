package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// recorded lists what is on record, oldest first, as "actor action object".
func (w *world) recorded() (lines []string) {
	w.t.Helper()
	for _, r := range w.call("GET", "/v1/audit-log?limit=200", nil).want(w.t, 200, "").list("data") {
		lines = append(lines, r["actor"].(string)+" "+r["action"].(string)+" "+r["object"].(string))
	}
	slices.Reverse(lines)
	return lines
}

// Whoever reads a result, erases, replays, cancels, makes or revokes a key is on
// record, whether by REST or by a command.
func TestWhoDidWhat(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.known("amara", "kora").text("id")
		open := w.create("other", "kora").text("id")
		reader := strings.Fields(w.did("keys", "create", "--name", "reader", "--scopes", "results:read"))[0]
		w.did("keys", "revoke", reader)
		w.call("POST", "/v1/sessions/"+open+"/cancel", nil).want(t, 200, "")
		delivery := w.deliveries("state=processed")[0]["id"].(string)
		w.call("POST", "/v1/webhook-deliveries/"+delivery+"/replay", nil).want(t, 202, "")
		w.did("replay", "--delivery", delivery)
		w.erase("amara")

		got := slices.DeleteFunc(w.recorded(), func(line string) bool { return strings.Contains(line, "result.read") && line != w.reads(session) })
		want := []string{
			w.reads(session), "cli key.created " + reader, "cli key.revoked " + reader, "key_bootstrap session.canceled " + open,
			"key_bootstrap delivery.replayed " + delivery, "cli delivery.replayed " + delivery, "key_bootstrap user.erased amara",
		}
		if !slices.Equal(slices.Compact(got), want) {
			t.Errorf("on record is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		// A read that gave nothing is none.
		before := len(w.recorded())
		w.call("GET", "/v1/sessions/"+session+"/result", nil).want(t, 404, "not_found")
		if after := len(w.recorded()); after != before {
			t.Errorf("%d rows became %d", before, after)
		}
		for _, query := range []string{"action=x", "cursor=0", "cursor=x", "limit=201", "object=", "who=me"} {
			w.call("GET", "/v1/audit-log?"+query, nil).want(t, 400, "invalid_request")
		}
		page := w.call("GET", "/v1/audit-log?limit=2", nil).want(t, 200, "")
		rest := w.call("GET", "/v1/audit-log?limit=200&cursor="+page.text("nextCursor"), nil).want(t, 200, "")
		if len(page.list("data"))+len(rest.list("data")) != before || rest.at("hasMore") != false {
			t.Errorf("pages %s %s", page.raw, rest.raw)
		}
		if listed := w.did("audit", "list", "--limit", "1"); !strings.Contains(listed, `"amara"`) || !strings.Contains(listed, "user.erased") {
			t.Errorf("listed %s", listed)
		}
		if lines := strings.Split(strings.TrimSpace(w.did("audit", "list", "--json")), "\n"); len(lines) != before || !strings.Contains(lines[0], `"action":"user.erased"`) {
			t.Errorf("listed %v", lines)
		}
		w.refused(2, "--limit", "audit", "list", "--limit", "0")
	})
}

func (w *world) reads(session string) string { return "key_bootstrap result.read " + session }

// Nobody changes the log without it being seen: not the program, which the
// database refuses, and not who may do anything to the database.
func TestAuditLogIsProven(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		if told := w.did("audit", "verify"); !strings.Contains(told, "whole") || !strings.HasSuffix(told, "\n0:"+strings.Repeat("0", 64)+"\n") {
			t.Errorf("an empty log: %s", told)
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			w.did("keys", "create", "--name", name, "--scopes", "users:read")
		}
		lines := strings.Split(strings.TrimSpace(w.did("audit", "verify")), "\n")
		noted := lines[len(lines)-1]
		w.did("keys", "create", "--name", "e", "--scopes", "users:read")
		w.did("audit", "verify", "--noted", noted)
		w.refused(2, "--noted", "audit", "verify", "--noted", "4")
		w.refused(2, "--noted", "audit", "verify", "--noted", "x:"+strings.Repeat("0", 64))
		w.refused(1, "row 4 is not the one that was noted", "audit", "verify", "--noted", "4:"+strings.Repeat("0", 64))
		w.refused(1, "ends before", "audit", "verify", "--noted", "99:"+strings.Repeat("0", 64))

		db := w.app.store.DB()
		for _, statement := range []string{"UPDATE audit_log SET actor = 'nobody' WHERE seq = 2", "DELETE FROM audit_log WHERE seq = 5"} {
			if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		for complaint, statements := range map[string][2]string{
			"row 2 does not say what it said": {"UPDATE audit_log SET actor = 'nobody' WHERE seq = 2", "UPDATE audit_log SET actor = 'cli' WHERE seq = 2"},
			"row 5":                           {"UPDATE audit_log SET seq = 6 WHERE seq = 5", "UPDATE audit_log SET seq = 5 WHERE seq = 6"},
			"it should end with row 6":        {"UPDATE audit_head SET seq = 6", "UPDATE audit_head SET seq = 5"},
		} {
			w.tamper(databaseURL, statements[0])
			w.refused(1, complaint, "audit", "verify")
			w.tamper(databaseURL, statements[1])
			w.did("audit", "verify")
		}
		w.tamper(databaseURL, "DELETE FROM audit_log WHERE seq = 5")
		w.refused(1, "it should end with row 5 and ends with row 4", "audit", "verify")
	})
}

// tamper changes the log as somebody would who may do anything to the database.
func (w *world) tamper(databaseURL, statement string) {
	w.t.Helper()
	off, on := "ALTER TABLE audit_log DISABLE TRIGGER ALL", "ALTER TABLE audit_log ENABLE TRIGGER ALL"
	if isSQLite(databaseURL) {
		off, on = "DROP TRIGGER audit_log_keeps_rows", "CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
		if strings.HasPrefix(statement, "DELETE") {
			off, on = "DROP TRIGGER audit_log_loses_none", "SELECT 1"
		}
	}
	for _, s := range []string{off, statement, on} {
		_, err := w.app.store.DB().ExecContext(w.t.Context(), s)
		must(w.t, err)
	}
}

// However many write at once, the log is one chain.
func TestAuditLogIsOneChain(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.known("amara", "kora").text("id")
		before := len(w.recorded())
		done := make(chan error)
		const readers = 40
		for range readers {
			go func() {
				_, err := w.app.store.Result(t.Context(), session, "key_1")
				done <- err
			}()
		}
		for range readers {
			must(t, <-done)
		}
		if after := len(w.recorded()); after != before+readers {
			t.Errorf("%d rows became %d", before, after)
		}
		w.did("audit", "verify")
	})
}

// Every action is documented where it can be asked for.
func TestActionsAreDocumented(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	for _, action := range idv.AuditActions() {
		w.call("GET", "/v1/audit-log?action="+string(action), nil).want(t, 200, "")
		if !strings.Contains(string(w.app.apiOptions().Spec), `"`+string(action)+`"`) {
			t.Errorf("%s is not in the API document", action)
		}
	}
}
