package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestResultIsKeptAndItsReadsToo(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		if _, err := k.Result(t.Context(), session.ID, "key_1"); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("no result yet: %v", err)
		}
		passport := idv.Passport
		first := idv.Result{Person: &idv.Person{FirstName: idv.Text("AMARA")}}
		second := idv.Result{
			Person:   &idv.Person{FirstName: idv.Text("AMARA"), LastName: idv.Text("OKAFOR"), Addresses: []idv.Address{{Country: idv.Text("NG")}}},
			Document: &idv.Document{Type: &passport, Number: idv.Text("A0000001")},
			Checks:   []idv.Check{{Kind: idv.CheckDocument, Status: idv.CheckPassed}},
		}
		for _, result := range []idv.Result{first, second} {
			k.apply(idv.Change{SessionID: session.ID, Result: &result})
		}
		if has, err := k.HasResult(t.Context(), session.ID); err != nil || !has {
			t.Errorf("HasResult = %v, %v", has, err)
		}
		if n := k.count("audit_log"); n != 0 {
			t.Errorf("%d reads before any", n)
		}
		for _, reader := range []string{"key_1", "key_2"} {
			got, err := k.Result(t.Context(), session.ID, reader)
			if diff := cmp.Diff(second, got); err != nil || diff != "" {
				t.Errorf("result: %v (-want +got):\n%s", err, diff)
			}
		}
		var readers string
		query := "SELECT min(actor) || ' ' || max(actor) FROM audit_log WHERE action = 'result.read' AND object = $1"
		if err := k.DB().QueryRowContext(t.Context(), query, session.ID).Scan(&readers); err != nil || readers != "key_1 key_2" {
			t.Errorf("readers %q, %v", readers, err)
		}
	})
}

// Nothing personal may be read by whoever reads the database.
func TestPersonalDataIsSealed(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		const canary = "CANARY"
		draft := k.draft("user-42")
		draft.Session.Metadata = map[string]string{"note": canary}
		draft.Session.CallbackURL = "https://client.example/" + canary
		draft.Key = key("k1", "body")
		session := k.create(draft).Session
		delivery := k.delivered("kora", canary)
		k.apply(idv.Change{
			SessionID: session.ID,
			Started:   &idv.Started{Ref: "ref-1", Launch: idv.Launch{URL: canary, Token: canary}},
			Result:    &idv.Result{Person: &idv.Person{FullName: idv.Text(canary)}},
			Delivery:  &idv.DeliveryOutcome{ID: delivery.ID, State: idv.DeliveryProcessed},
			Key:       draft.Key,
			Answer:    func(idv.Session) idv.Answer { return idv.Answer{Status: 201, Body: []byte(canary)} },
		})
		for table, column := range map[string]string{
			"sessions": "private", "results": "body", "deliveries": "webhook", "idempotency_keys": "answer",
		} {
			var sealed []byte
			if err := k.DB().QueryRowContext(t.Context(), "SELECT "+column+" FROM "+table).Scan(&sealed); err != nil {
				t.Fatal(err)
			}
			if len(sealed) == 0 || sealed[0] != 1 {
				t.Errorf("%s.%s is not sealed", table, column)
			}
			// A slip that would write plain text is refused by the database.
			if _, err := k.DB().ExecContext(t.Context(), "UPDATE "+table+" SET "+column+" = $1", []byte(canary)); err == nil {
				t.Errorf("%s.%s takes plain text", table, column)
			}
		}
		// What was sealed for one row does not open in another.
		other := k.delivered("kora", "another body")
		copied := "UPDATE deliveries SET webhook = (SELECT webhook FROM deliveries WHERE id = $1) WHERE id = $2"
		if _, err := k.DB().ExecContext(t.Context(), copied, delivery.ID, other.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Delivery(t.Context(), other.ID); err == nil {
			t.Error("a webhook opened in another row")
		}
	})
}
