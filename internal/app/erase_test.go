package app

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/seal"
)

const canary = "CANARY-OKAFOR"

// known creates a session of which everything is known that can be, all of it with
// the canary in it, and waits until the user is verified.
func (w *world) known(user, provider string) answer {
	w.t.Helper()
	body := forUser(user, provider)
	body["callbackUrl"], body["metadata"] = "https://app.example.com/"+canary, map[string]string{"note": canary}
	session := w.call("POST", "/v1/sessions", body, "Idempotency-Key", "create-"+user).want(w.t, 201, "")
	w.decide(session, "approve")
	w.awaitUser(user, "verified")
	eventually(w.t, "there is a result", func() bool {
		return w.call("GET", "/v1/sessions/"+session.text("id")+"/result", nil).status == 200
	})
	return session
}

// erase erases a user.
func (w *world) erase(user string) answer {
	w.t.Helper()
	return w.call("DELETE", "/v1/users/"+user, nil).want(w.t, 202, "")
}

// What is left of a person who was erased is a tombstone: the API shows nothing of
// the person, and neither does the database to whoever has the operator's key.
func TestErase(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, canErase)
		sessions := map[string]answer{}
		for _, provider := range []string{"idenfy", "idnorm", "kora", "realid", "veriff"} {
			sessions[provider] = w.known("amara-"+provider, provider)
		}
		eventually(t, "everything is worked", func() bool { return len(w.deliveries("state=received")) == 0 })
		w.ownKeys()
		outcomes := map[string]string{"idenfy": "erased", "idnorm": "unsupported", "kora": "unsupported", "realid": "erased", "veriff": "requested"}
		for provider, session := range sessions {
			user := "amara-" + provider
			before := w.user(user)
			erased := w.erase(user)
			list := erased.list("providers")
			if len(list) != 1 || list[0]["provider"] != provider || list[0]["sessionId"] != session.text("id") || list[0]["outcome"] != outcomes[provider] || list[0]["detail"] == "" {
				t.Errorf("%s: %s", provider, erased.raw)
			}
			if again := w.erase(user); string(again.raw) != string(erased.raw) {
				t.Errorf("%s: asked again it answers %s, first %s", provider, again.raw, erased.raw)
			}
			after := w.user(user)
			if after.text("status") != "unverified" || after.text("erasedAt") != erased.text("erasedAt") || after.at("sessionId") != nil ||
				after.at("version").(float64) <= before.at("version").(float64) {
				t.Errorf("%s: user %s", provider, after.raw)
			}
			w.tombstone(session)
		}
		w.nothingReadable(canary, "AMARA", "OKAFOR")
		if open := w.call("GET", "/v1/privacy-tasks?state=open&kind=provider_erasure", nil).list("data"); len(open) != 2 {
			t.Errorf("tasks %v", open)
		}
	})
}

// canErase has every provider that can erase do so.
func canErase(c *config.Config) {
	for _, account := range c.Accounts {
		if account.Name == "veriff" {
			account.Settings["DELETE_FOR"] = "erase"
		}
	}
}

// tombstone fails unless a session is one.
func (w *world) tombstone(session answer) {
	w.t.Helper()
	id := session.text("id")
	a := w.session(id)
	for _, gone := range []string{"launch.url", "launch.token", "launch.verificationId", "callbackUrl"} {
		if a.at(gone) != nil {
			w.t.Errorf("%s is still there: %s", gone, a.raw)
		}
	}
	if a.text("redactedAt") == "" || len(a.list("reasons")) != 0 || len(a.at("metadata").(map[string]any)) != 0 || bytes.Contains(a.raw, []byte(canary)) {
		w.t.Errorf("tombstone %s", a.raw)
	}
	for _, stays := range []string{"id", "externalUserId", "provider", "createdAt", "expiresAt"} {
		if a.text(stays) != session.text(stays) {
			w.t.Errorf("%s was %q and is %q", stays, session.text(stays), a.text(stays))
		}
	}
	w.call("GET", "/v1/sessions/"+id+"/result", nil).want(w.t, 404, "not_found")
	w.call("POST", "/v1/sessions/"+id+"/refresh", nil).want(w.t, 409, "conflict")
	timeline := w.call("GET", "/v1/sessions/"+id+"/timeline", nil).want(w.t, 200, "")
	if len(timeline.list("data")) == 0 || bytes.Contains(timeline.raw, []byte(canary)) {
		w.t.Errorf("timeline %s", timeline.raw)
	}
	for _, d := range w.deliveries("") {
		if d["sessionId"] == id {
			w.call("POST", "/v1/webhook-deliveries/"+d["id"].(string)+"/replay", nil).want(w.t, 409, "conflict")
		}
	}
}

// nothingReadable fails if a word shows anywhere in the database, or if anything is
// left of what was sealed about people, or of the keys that opened it.
func (w *world) nothingReadable(words ...string) {
	w.t.Helper()
	for _, value := range w.dump() {
		for _, word := range words {
			if bytes.Contains(value, []byte(word)) {
				w.t.Errorf("%s shows in %.200q", word, value)
			}
		}
	}
	for _, left := range []string{
		"users WHERE wrapped_key IS NOT NULL OR key_id IS NOT NULL", "sessions WHERE length(private) > 1", "results",
		"deliveries WHERE length(webhook) > 1 OR key IS NOT NULL", "idempotency_keys WHERE session_id IS NOT NULL",
	} {
		if n := scan[int](w, "SELECT count(*) FROM "+left)[0]; n != 0 {
			w.t.Errorf("%d rows are left of %s", n, left)
		}
	}
}

// ownKeys fails if the operator's key alone opens what is kept of people.
func (w *world) ownKeys() {
	w.t.Helper()
	ring, err := seal.New(w.app.config.EncryptionKeys)
	must(w.t, err)
	for _, column := range []string{"private FROM sessions", "body FROM results", "webhook FROM deliveries", "key FROM deliveries"} {
		values := scan[[]byte](w, "SELECT "+column)
		for _, value := range values {
			if ring.Sealed(value) {
				w.t.Errorf("the operator's key alone sealed %s", column)
			}
		}
		if len(values) == 0 {
			w.t.Errorf("there is no %s", column)
		}
	}
}

// dump gives every value of every table.
func (w *world) dump() [][]byte {
	w.t.Helper()
	db := w.app.store.DB()
	query := "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	if isSQLite(w.app.config.DatabaseURL) {
		query = "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	var values [][]byte
	for _, table := range scan[string](w, query) {
		values = append(values, valuesOf(w, db, table)...)
	}
	return values
}

func valuesOf(w *world, db *sql.DB, table string) (values [][]byte) {
	w.t.Helper()
	rows, err := db.QueryContext(w.t.Context(), "SELECT * FROM "+table)
	must(w.t, err)
	defer func() { must(w.t, rows.Close()) }()
	columns, err := rows.Columns()
	must(w.t, err)
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		must(w.t, rows.Scan(into...))
		for _, v := range row {
			switch v := v.(type) {
			case []byte:
				values = append(values, slices.Clone(v))
			case string:
				values = append(values, []byte(v))
			}
		}
	}
	must(w.t, rows.Err())
	return values
}

// scan gives the first column of a query.
func scan[T any](w *world, query string, args ...any) (list []T) {
	w.t.Helper()
	rows, err := w.app.store.DB().QueryContext(w.t.Context(), query, args...)
	must(w.t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var one T
		must(w.t, rows.Scan(&one))
		list = append(list, one)
	}
	must(w.t, rows.Err())
	return list
}

// A file that was copied after the erasure shows nothing, not even where something
// was overwritten; one that was copied before is made to forget.
func TestRestoredBackup(t *testing.T) {
	databaseURL := enginetest.SQLite(t)
	path := strings.TrimPrefix(databaseURL, "sqlite:")
	ledger := func(c *config.Config) { c.ErasureLedger = path + ".erased" }
	w := start(t, databaseURL, ledger)
	session := w.known("amara", "kora")
	w.known("other", "kora")
	key := scan[[]byte](w, "SELECT wrapped_key FROM users WHERE external_user_id = 'amara'")[0]
	must(t, w.app.store.DB().PingContext(t.Context()))
	_, err := w.app.store.DB().ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
	must(t, err)
	backup, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Contains(backup, key) {
		t.Fatal("the backup has no key")
	}
	w.erase("amara")
	w.stop()
	for _, file := range []string{path, path + "-wal"} {
		raw, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(raw, key) {
			t.Errorf("the destroyed key is still in %s", filepath.Base(file))
		}
	}

	for _, file := range []string{path + "-wal", path + "-shm"} {
		_ = os.Remove(file)
	}
	must(t, os.WriteFile(path, backup, 0o600))
	w = start(t, databaseURL, ledger)
	must(t, w.app.prepare(t.Context()))
	if got := w.user("amara"); got.text("status") != "unverified" || got.text("erasedAt") == "" {
		t.Errorf("restored user %s", got.raw)
	}
	w.tombstone(session)
	if got := w.user("other"); got.text("status") != "verified" {
		t.Errorf("another user %s", got.raw)
	}
	if !strings.Contains(w.logs.String(), "it is erased again") {
		t.Error("the log does not say so")
	}
	if records := w.call("GET", "/v1/audit-log?action=user.erased", nil).list("data"); len(records) != 1 || records[0]["actor"] != "restore" {
		t.Errorf("on record %v", records)
	}
}

// Whoever was erased may come again, and is a new person to us.
func TestErasedUserComesAgain(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		first := w.known("amara", "kora")
		w.erase("amara")
		second := w.call("POST", "/v1/sessions", forUser("amara", "kora"), "Idempotency-Key", "create-amara").want(t, 201, "")
		if second.text("id") == first.text("id") {
			t.Fatalf("the answer to the erased request was kept: %s", second.raw)
		}
		if got := w.user("amara"); got.text("status") != "pending" || got.at("erasedAt") != nil {
			t.Errorf("user %s", got.raw)
		}
		w.decide(second, "approve")
		w.awaitUser("amara", "verified")
		eventually(t, "there is a result", func() bool {
			return w.call("GET", "/v1/sessions/"+second.text("id")+"/result", nil).status == 200
		})
		if list := w.erase("amara").list("providers"); len(list) != 2 {
			t.Errorf("providers %v", list)
		}
		w.tombstone(second)
	})
}

// What a provider says about an erased person afterwards is answered, and nothing
// of it is kept.
func TestNothingIsLearnedOfTheErased(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.create("amara", "kora")
		w.erase("amara")
		if got := w.session(session.text("id")); got.text("status") != "canceled" || got.text("redactedAt") == "" {
			t.Errorf("an open session became %s", got.raw)
		}
		before := w.user("amara")
		w.koraSends(w.koraSays(session.text("providerSessionId"), "verification.verified", "verified", time.Now())).want(t, 200, "")
		eventually(t, "it is worked", func() bool { return len(w.deliveries("state=processed")) == 1 })
		if after := w.user("amara"); string(after.raw) != string(before.raw) {
			t.Errorf("the user was %s and is %s", before.raw, after.raw)
		}
		if got := w.session(session.text("id")); got.at("decision") != nil {
			t.Errorf("session %s", got.raw)
		}
		d := w.deliveries("state=processed")[0]
		w.call("POST", "/v1/webhook-deliveries/"+d["id"].(string)+"/replay", nil).want(t, 409, "conflict")
		w.call("POST", "/v1/sessions/"+session.text("id")+"/cancel", nil).want(t, 200, "")
	})
}

// A user nobody has heard of is erased all the same; ids are checked.
func TestEraseOfNobody(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	erased := w.erase("nobody")
	if len(erased.list("providers")) != 0 || erased.text("externalUserId") != "nobody" {
		t.Errorf("erased %s", erased.raw)
	}
	w.call("DELETE", "/v1/users/a%00", nil).want(t, 400, "invalid_request")
}

// A provider that is away, or refuses for now, is asked again until it is done;
// one that goes on refusing becomes somebody's task.
func TestErasureAtAProviderInTrouble(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, func(c *config.Config) { c.ProviderTimeout = 500 * time.Millisecond })
		session := w.known("amara", "realid")
		w.emulator("PUT", "realid", "/_faults", map[string]any{"api": map[string]any{"status": 503}})
		failed := w.erase("amara").list("providers")[0]
		if failed["outcome"] != "failed" || !strings.Contains(failed["detail"].(string), "asked again") {
			t.Errorf("outcome %v", failed)
		}
		w.tombstone(session)
		w.emulator("DELETE", "realid", "/_faults", nil)
		again, err := w.app.sessions.EraseAtProvider(t.Context(), session.text("id"))
		if err != nil || again != 0 {
			t.Errorf("asked again after %v, %v", again, err)
		}
		if now := w.erase("amara").list("providers")[0]; now["outcome"] != "erased" {
			t.Errorf("outcome %v", now)
		}
		if jobs := scan[string](w, "SELECT kind FROM river_job WHERE kind = 'erase'"); len(jobs) != 1 {
			t.Errorf("%d jobs", len(jobs))
		}
	})
}

// On legal hold nothing is erased, neither by wish nor by age.
func TestLegalHold(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.known("amara", "kora")
		const path = "/v1/users/amara/legal-hold"
		if a := w.call("GET", path, nil).want(t, 200, ""); a.at("heldSince") != nil {
			t.Errorf("hold %s", a.raw)
		}
		held := w.call("PUT", path, nil).want(t, 200, "")
		if a := w.call("PUT", path, nil).want(t, 200, ""); a.text("heldSince") == "" || a.text("heldSince") != held.text("heldSince") {
			t.Errorf("held again %s, first %s", a.raw, held.raw)
		}
		w.call("DELETE", "/v1/users/amara", nil).want(t, 409, "conflict")
		w.dropAll(t.Context())
		result := "/v1/sessions/" + session.text("id") + "/result"
		w.call("GET", result, nil).want(t, 200, "")
		if n := len(scan[string](w, "SELECT id FROM deliveries WHERE gone_at IS NOT NULL")); n != 0 {
			t.Errorf("%d webhooks went", n)
		}
		w.call("DELETE", path, nil).want(t, 204, "")
		w.call("DELETE", path, nil).want(t, 204, "")
		if n := len(scan[string](w, "SELECT id FROM deliveries WHERE gone_at IS NULL")); n != 0 {
			t.Errorf("%d webhooks stay after the hold", n)
		}
		w.dropAll(t.Context())
		w.call("GET", result, nil).want(t, 404, "not_found")
		if got := w.user("amara"); got.text("status") != "verified" {
			t.Errorf("the user reads %s", got.raw)
		}
		var actions []string
		for _, r := range w.call("GET", "/v1/audit-log?object=amara", nil).list("data") {
			actions = append(actions, r["action"].(string))
		}
		if !slices.Equal(actions, []string{"user.released", "user.held"}) {
			t.Errorf("on record: %v", actions)
		}
	})
}

// What is old goes by itself; what it meant stays.
func TestRetention(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL, func(c *config.Config) {
			c.ReconcileInterval, c.WebhookRetention, c.ResultRetention = 50*time.Millisecond, time.Millisecond, time.Millisecond
		})
		session := w.create("amara", "kora")
		w.decide(session, "approve")
		w.awaitUser("amara", "verified")
		eventually(t, "all is worked, and gone", func() bool {
			return len(w.deliveries("state=received")) == 0 && scan[int](w, "SELECT (SELECT count(*) FROM deliveries WHERE gone_at IS NULL) + (SELECT count(*) FROM results)")[0] == 0
		})
		if got := w.session(session.text("id")); got.text("status") != "approved" || got.at("redactedAt") != nil {
			t.Errorf("session %s", got.raw)
		}
		// What is told again is no younger.
		w.call("POST", "/v1/sessions/"+session.text("id")+"/refresh", nil).want(t, 200, "")
		eventually(t, "it goes again", func() bool { return scan[int](w, "SELECT count(*) FROM results")[0] == 0 })
	})
}

// dropAll removes everything that is not held, whatever its age.
func (w *world) dropAll(ctx context.Context) {
	w.t.Helper()
	later := time.Now().Add(time.Hour)
	_, err := w.app.store.DropResults(ctx, later, 100)
	must(w.t, err)
	for n := 1; n > 0; {
		n, err = w.app.store.DropWebhooks(ctx, later, 2)
		must(w.t, err)
	}
}

// What a person asks the provider for becomes an event and a task, and nothing is
// done by itself.
func TestPrivacyTasks(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		session := w.known("amara", "realid")
		for _, event := range []string{"customer.data_request", "customer.data_deletion_request", "customer.manual_review_requested"} {
			w.emulator("POST", "realid", "/_sessions/"+session.text("providerSessionId")+"/webhook", map[string]any{"event": event})
		}
		var tasks []map[string]any
		eventually(t, "there are three tasks", func() bool {
			tasks = w.call("GET", "/v1/privacy-tasks?state=open", nil).want(t, 200, "").list("data")
			return len(tasks) == 3
		})
		w.awaitNumbers(numbers{`bonafide_privacy_tasks_open{kind="data_request"}`: 1, `bonafide_privacy_tasks_open{kind="provider_erasure"}`: 0})
		kinds := map[any]string{}
		for _, task := range tasks {
			kinds[task["kind"]] = task["id"].(string)
			if task["externalUserId"] != "amara" || task["sessionId"] != session.text("id") || task["provider"] != "realid" || task["state"] != "open" || task["doneAt"] != nil {
				t.Errorf("task %v", task)
			}
		}
		if w.user("amara").text("status") != "verified" || w.session(session.text("id")).at("redactedAt") != nil {
			t.Error("something was erased by itself")
		}
		var types []string
		for _, e := range w.call("GET", "/v1/events?limit=200", nil).list("data") {
			types = append(types, e["type"].(string))
		}
		for _, want := range []string{"notice.data_request", "notice.data_erasure", "notice.review_requested"} {
			if !slices.Contains(types, want) {
				t.Errorf("%s is not announced: %v", want, types)
			}
		}

		done := "/v1/privacy-tasks/" + kinds["data_request"] + "/done"
		a := w.call("POST", done, nil, "Idempotency-Key", "d").want(t, 200, "")
		if a.text("state") != "done" || a.text("doneBy") != "key_bootstrap" || a.text("doneAt") == "" {
			t.Errorf("done %s", a.raw)
		}
		if again := w.call("POST", done, nil).want(t, 200, ""); string(again.raw) != string(a.raw) {
			t.Errorf("done again %s, first %s", again.raw, a.raw)
		}
		w.call("POST", "/v1/privacy-tasks/tsk_01kagt2f6pe4mrt1qq3g1c2s8f/done", nil).want(t, 404, "not_found")
		w.call("POST", "/v1/privacy-tasks/x/done", nil).want(t, 404, "not_found")
		w.erase("amara")
		open := w.call("GET", "/v1/privacy-tasks?state=open", nil).list("data")
		if len(open) != 1 || open[0]["kind"] != "review_requested" {
			t.Errorf("after the erasure these are open: %v", open)
		}
		page := w.call("GET", "/v1/privacy-tasks?limit=2", nil).want(t, 200, "")
		rest := w.call("GET", "/v1/privacy-tasks?limit=2&cursor="+page.text("nextCursor"), nil).want(t, 200, "")
		if page.at("hasMore") != true || len(page.list("data")) != 2 || len(rest.list("data")) != 1 || rest.at("hasMore") != false {
			t.Errorf("pages %s %s", page.raw, rest.raw)
		}
		for _, query := range []string{"state=x", "kind=x", "limit=0", "cursor=x", "colour=red"} {
			w.call("GET", "/v1/privacy-tasks?"+query, nil).want(t, 400, "invalid_request")
		}
	})
}
