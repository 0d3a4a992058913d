package outbox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/outbox"
)

func TestOldAndNewSecretSignUntilTheOverlapIsOver(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		e := d.endpoint(r.URL, only)
		d.run()
		was := e.Secrets[0].Secret
		rotated, err := d.Rotate(t.Context(), e.ID, time.Hour)
		must(t, err)
		is := rotated.Secrets[0].Secret
		if is == was {
			t.Fatal("the same secret")
		}
		d.create("during")
		both := r.await(t, 1)[0]
		if !verified(t, was, both) || !verified(t, is, both) || len(strings.Fields(both.header.Get("webhook-signature"))) != 2 {
			t.Errorf("during the overlap: %v", both.header)
		}
		d.settled(e, 1)
		d.pass(time.Hour)
		d.create("after")
		after := r.await(t, 2)[1]
		if verified(t, was, after) || !verified(t, is, after) {
			t.Errorf("after the overlap: old %v, new %v", verified(t, was, after), verified(t, is, after))
		}
		// At once, and however often.
		for range 8 {
			rotated, err = d.Rotate(t.Context(), e.ID, time.Hour)
			must(t, err)
		}
		if n := len(rotated.Secrets); n != 5 {
			t.Errorf("%d secrets sign", n)
		}
		rotated, err = d.Rotate(t.Context(), e.ID, 0)
		if must(t, err); len(rotated.Secrets) != 1 {
			t.Errorf("%d secrets sign, without an overlap", len(rotated.Secrets))
		}
	})
}

func TestDisabledByAClient(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		r.answers(status(500))
		e := d.endpoint(r.URL, only)
		d.run()
		d.create("before")
		d.tried(e, 1)
		off, err := d.Change(t.Context(), e.ID, idv.EndpointChange{Enabled: new(false)})
		if err != nil || off.Enabled || off.DisabledReason != idv.DisabledByClient {
			t.Fatalf("%+v, %v", off, err)
		}
		r.answers(nil)
		d.create("meanwhile")
		d.pass(time.Minute)
		eventually(t, "the feed was followed", func() bool { n, err := d.store.FanOut(t.Context(), 1); return n == 0 && err == nil })
		if n := len(r.got()); n != 1 {
			t.Errorf("%d calls", n)
		}
		if _, err := d.store.Resend(t.Context(), e.ID, d.feed()[0].ID); !errors.Is(err, idv.ErrDisabled) {
			t.Errorf("Resend: %v", err)
		}
		_, err = d.Change(t.Context(), e.ID, idv.EndpointChange{Enabled: new(true)})
		must(t, err)
		if m := d.tried(e, 2); m.State != idv.MessageDelivered {
			t.Errorf("what waited: %+v", m)
		}
		// What happened meanwhile is sent on request.
		n, _, err := d.store.ResendRange(t.Context(), e.ID, idv.EventRange{From: d.now().Add(-time.Hour), To: d.now().Add(time.Second)}, false, 100)
		if err != nil || n != 1 {
			t.Errorf("ResendRange = %d, %v", n, err)
		}
		if calls := r.await(t, 3); calls[2].Data.Of != "meanwhile" {
			t.Errorf("sent %s", calls[2].body)
		}
	})
}

func TestResend(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		e := d.endpoint(r.URL, only)
		d.run()
		began := d.now()
		for n := range 5 {
			d.create(fmt.Sprint("user-", n))
			d.settled(e, n+1)
			d.pass(time.Minute)
		}
		list := d.settled(e, 5)
		// One: any event of the feed, with the same id.
		m, err := d.store.Resend(t.Context(), e.ID, list[2].Event.ID)
		if err != nil || m.State != idv.MessagePending || len(m.Attempts) != 1 || m.Event.ID != list[2].Event.ID {
			t.Fatalf("Resend = %+v, %v", m, err)
		}
		if calls := r.await(t, 6); calls[5].id != list[2].Event.ID {
			t.Errorf("sent %s", calls[5].id)
		}
		if m := d.settled(e, 5)[2]; len(m.Attempts) != 2 {
			t.Errorf("%d attempts are in the log", len(m.Attempts))
		}
		unwanted := d.feed()[1]
		if _, err := d.store.Resend(t.Context(), e.ID, unwanted.ID); err != nil {
			t.Errorf("an event that it does not want, on request: %v", err)
		}
		if calls := r.await(t, 7); calls[6].id != unwanted.ID {
			t.Errorf("sent %s", calls[6].id)
		}
		d.settled(e, 6)
		for name, ids := range map[string][2]string{"no such event": {e.ID, id.New(id.Event)}, "no such endpoint": {id.New(id.Endpoint), unwanted.ID}} {
			if _, err := d.store.Resend(t.Context(), ids[0], ids[1]); !errors.Is(err, idv.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// A range: nothing failed, and those of three minutes.
		span := idv.EventRange{From: began.Add(time.Minute), To: began.Add(4 * time.Minute)}
		if n, _, err := d.store.ResendRange(t.Context(), e.ID, span, false, 100); n != 0 || err != nil {
			t.Errorf("ResendRange of what failed = %d, %v", n, err)
		}
		n, next, err := d.store.ResendRange(t.Context(), e.ID, span, true, 4)
		if err != nil || n != 2 || !next.Equal(began.Add(3*time.Minute).UTC().Truncate(time.Millisecond)) {
			t.Fatalf("ResendRange = %d, %v, %v", n, next, err)
		}
		r.await(t, 9)
		span.From = next
		if n, next, err := d.store.ResendRange(t.Context(), e.ID, span, true, 4); err != nil || n != 1 || !next.IsZero() {
			t.Fatalf("the rest = %d, %v, %v", n, next, err)
		}
		r.await(t, 10)
		d.settled(e, 6)
		if _, _, err := d.store.ResendRange(t.Context(), id.New(id.Endpoint), span, true, 4); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("no such endpoint: %v", err)
		}
	})
}

func TestFailedMessagesAreSentAgainByRange(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		r.answers(status(500))
		e := d.endpoint(r.URL, only)
		d.run()
		d.create("user-1")
		for n := range 9 {
			d.pass(d.tried(e, n+1).NextAt.Sub(d.now()) + time.Millisecond)
		}
		if m := d.tried(e, 10); m.State != idv.MessageFailed {
			t.Fatalf("message %+v", m)
		}
		r.answers(nil)
		n, _, err := d.store.ResendRange(t.Context(), e.ID, idv.EventRange{To: d.now()}, false, 100)
		if err != nil || n != 1 {
			t.Errorf("ResendRange = %d, %v", n, err)
		}
		if m := d.tried(e, 11); m.State != idv.MessageDelivered {
			t.Errorf("message %+v", m)
		}
	})
}

func TestTestEvent(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		e := d.endpoint(r.URL, "notice.*")
		name, a, err := d.Test(t.Context(), e.ID)
		c := r.got()[0]
		if err != nil || a.Fault != "" || a.StatusCode != 200 || c.id != name || c.Type != "endpoint.test" || !id.Valid(id.Event, name) || !verified(t, e.Secrets[0].Secret, c) {
			t.Errorf("%+v, %v, %s", a, err, c.body)
		}
		r.answers(status(http418))
		if _, a, err := d.Test(t.Context(), e.ID); err != nil || a.Fault != idv.FaultStatus || a.StatusCode != http418 {
			t.Errorf("%+v, %v", a, err)
		}
		if list, feed := d.messages(e), d.feed(); len(list) != 0 || len(feed) != 0 {
			t.Errorf("it is in the log (%d) or the feed (%d)", len(list), len(feed))
		}
		if _, _, err := d.Test(t.Context(), id.New(id.Endpoint)); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("no such endpoint: %v", err)
		}
	})
}

const http418 = 418

func TestDeletedEndpointIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		r.answers(status(500))
		e := d.endpoint(r.URL)
		d.run()
		d.create("user-1")
		eventually(t, "it was tried", func() bool {
			list := d.messages(e)
			return len(list) == 2 && len(list[0].Attempts)+len(list[1].Attempts) == 2
		})
		must(t, d.store.DeleteEndpoint(t.Context(), e.ID))
		if err := d.store.DeleteEndpoint(t.Context(), e.ID); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("deleted again: %v", err)
		}
		if _, err := d.store.Messages(t.Context(), idv.MessageFilter{EndpointID: e.ID}); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("its log: %v", err)
		}
		for _, table := range []string{"messages", "attempts", "endpoints"} {
			var n int
			must(t, d.store.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
		if _, err := d.Change(t.Context(), e.ID, idv.EndpointChange{}); !errors.Is(err, idv.ErrNotFound) {
			t.Errorf("Change: %v", err)
		}
	})
}

func TestNumberOfEndpointsIsBounded(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	for range outbox.MostEndpoints {
		d.endpoint("https://client.example/hook")
	}
	if _, err := d.Create(t.Context(), idv.Endpoint{URL: "https://client.example/hook"}); !errors.Is(err, idv.ErrFull) {
		t.Errorf("one more: %v", err)
	}
}

// An event that was erased is sent to nobody any more, and stops nothing.
func TestErasedEvent(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		e := d.endpoint(r.URL, only)
		d.create("erased")
		d.create("kept")
		_, err := d.store.FanOut(t.Context(), 10)
		must(t, err)
		_, err = d.store.DB().ExecContext(t.Context(), "DELETE FROM events WHERE external_user_id = 'erased'")
		must(t, err)
		d.run()
		eventually(t, "the rest is sent", func() bool { list := d.messages(e); return len(list) == 1 && list[0].State == idv.MessageDelivered })
		if calls := r.got(); len(calls) != 1 || calls[0].Data.Of != "kept" {
			t.Errorf("%d calls", len(calls))
		}
	})
}
