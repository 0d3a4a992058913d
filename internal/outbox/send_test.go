package outbox_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/outbox"
)

func TestEndpointIsToldWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		e := d.endpoint(r.URL + "/hook?a=b")
		d.run()
		d.approve(d.create("user-1"))
		d.settled(e, 4)
		feed := d.feed()
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(e.Secrets[0].Secret, "whsec_"))
		if err != nil || len(key) != 32 || !strings.HasPrefix(e.Secrets[0].Secret, "whsec_") {
			t.Errorf("the secret has %d bytes, %v", len(key), err)
		}
		library, err := webhooks.NewWebhook(e.Secrets[0].Secret)
		must(t, err)
		calls := r.got()
		for _, event := range feed {
			i := slices.IndexFunc(calls, func(c call) bool { return c.id == event.ID })
			if i < 0 {
				t.Fatalf("%s was not sent", event.Type)
			}
			c := calls[i]
			if err := library.Verify(c.body, c.header); err != nil {
				t.Errorf("%s: %v", event.Type, err)
			}
			var body struct {
				Type      string
				Timestamp time.Time
				Data      map[string]string
			}
			must(t, json.Unmarshal(c.body, &body))
			if body.Type != string(event.Type) || !body.Timestamp.Equal(event.CreatedAt) || body.Data["id"] != event.ID || body.Data["of"] != "user-1" {
				t.Errorf("%s: %s", event.Type, c.body)
			}
			if c.header.Get("Content-Type") != "application/json" || c.header.Get("User-Agent") != "bonafide" {
				t.Errorf("header %v", c.header)
			}
		}
		if len(calls) != len(feed) || len(feed) != 4 {
			t.Errorf("%d calls for %d events", len(calls), len(feed))
		}
		for _, m := range d.messages(e) {
			if m.State != idv.MessageDelivered || len(m.Attempts) != 1 || m.Attempts[0].StatusCode != 200 || m.Attempts[0].Fault != "" || !m.NextAt.IsZero() {
				t.Errorf("message %+v", m)
			}
		}
	})
}

func TestEndpointHearsOnlyWhatItWants(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		users, one, none := receive(t), receive(t), receive(t)
		d.run()
		a := d.endpoint(users.URL, "user.*")
		b := d.endpoint(one.URL, "session.approved", "notice.*")
		d.endpoint(none.URL, "notice.fraud_alert")
		d.approve(d.create("user-1"))
		d.settled(a, 2)
		d.settled(b, 1)
		if got := kinds(users); !slices.Equal(got, []string{"user.pending", "user.verified"}) {
			t.Errorf("user.* got %v", got)
		}
		if got := kinds(one); !slices.Equal(got, []string{"session.approved"}) {
			t.Errorf("session.approved got %v", got)
		}
		if got := kinds(none); len(got) != 0 {
			t.Errorf("notice.fraud_alert got %v", got)
		}
	})
}

func kinds(r *receiver) (kinds []string) {
	for _, c := range r.got() {
		kinds = append(kinds, c.Type)
	}
	slices.Sort(kinds)
	return kinds
}

// However late the feed is followed, an endpoint hears of what was announced after
// it was made, and of nothing older.
func TestEndpointHearsFromItsCreationOn(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.create("before")
		r := receive(t)
		e := d.endpoint(r.URL)
		d.create("after")
		d.run()
		d.settled(e, 2)
		for _, c := range r.got() {
			if c.Data.Of != "after" {
				t.Errorf("sent what happened before: %s", c.body)
			}
		}
	})
}

// However many write at once and however many processes send, every event comes at
// least once, and is logged.
func TestEveryEventIsSent(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		const writers, users = 6, 15
		r := receive(t)
		e := d.endpoint(r.URL)
		d.run(d.another())
		var writing sync.WaitGroup
		for n := range writers {
			writing.Go(func() {
				for u := range users {
					d.approve(d.create(fmt.Sprintf("user-%d-%d", n, u)))
				}
			})
		}
		writing.Wait()
		d.settled(e, writers*users*4)
		came := map[string]bool{}
		for _, c := range r.got() {
			came[c.id] = true
		}
		for _, event := range d.feed() {
			if !came[event.ID] {
				t.Errorf("%s of %s never came", event.Type, event.ExternalUserID)
			}
		}
	})
}

// An endpoint that never answers takes a bounded number of connections and delays
// nobody.
func TestHangingEndpointDelaysNobody(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		hanging, fast := receive(t), receive(t)
		letGo := make(chan struct{})
		hanging.answers(func(http.ResponseWriter, *http.Request) { <-letGo })
		t.Cleanup(func() { close(letGo) })
		slow := d.endpoint(hanging.URL)
		e := d.endpoint(fast.URL)
		d.Outbox.Start(t.Context())
		const users = 60
		for n := range users {
			d.create(fmt.Sprint("user-", n))
		}
		d.settled(e, 2*users)
		hanging.await(t, 32)
		for _, m := range d.messages(slow) {
			if m.State != idv.MessagePending || len(m.Attempts) != 0 {
				t.Fatalf("it hangs, and yet %+v", m)
			}
		}
		if n := len(hanging.got()); n != 32 {
			t.Errorf("%d tries run at once", n)
		}
		// What hangs is given up when there is no more time for it.
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := d.Stop(ctx); err == nil {
			t.Error("Stop did not say that something was given up")
		}
	})
}

// What a process took and never sent is sent by another.
func TestDeadProcessLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		e := d.endpoint(r.URL)
		d.create("user-1")
		if n, err := d.store.FanOut(t.Context(), 10); n != 2 || err != nil {
			t.Fatalf("FanOut = %d, %v", n, err)
		}
		_, taken, err := d.store.ClaimMessages(t.Context(), e.ID, 10, time.Minute)
		if err != nil || len(taken) != 2 {
			t.Fatalf("took %d, %v", len(taken), err)
		}
		d.run()
		d.create("user-2")
		r.await(t, 2)
		for _, c := range r.got() {
			if c.Data.Of != "user-2" {
				t.Errorf("what belongs to another was sent: %s", c.body)
			}
		}
		eventually(t, "that is written", func() bool { return len(d.delivered(e)) == 2 })
		d.pass(time.Minute)
		d.settled(e, 4)
		if n := len(r.got()); n != 4 {
			t.Errorf("%d calls", n)
		}
	})
}

// Stop waits for what is being sent, and its outcome is written.
func TestStopFinishesWhatItTook(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		answer := make(chan struct{})
		r.answers(func(http.ResponseWriter, *http.Request) { <-answer })
		e := d.endpoint(r.URL)
		d.create("user-1")
		d.Outbox.Start(t.Context())
		r.await(t, 2)
		stopped := make(chan error, 1)
		go func() { stopped <- d.Stop(t.Context()) }()
		select {
		case err := <-stopped:
			t.Fatalf("it did not wait: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
		close(answer)
		must(t, <-stopped)
		for _, m := range d.messages(e) {
			if m.State != idv.MessageDelivered {
				t.Errorf("message %+v", m)
			}
		}
	})
}

func TestWakeIsHeardAtOnce(t *testing.T) {
	d := open(t, enginetest.SQLite(t))
	sleepy := d.another(func(o *outbox.Options) { o.Poll = time.Hour })
	d.Outbox = sleepy
	r := receive(t)
	e := d.endpoint(r.URL)
	d.run()
	d.create("user-1")
	eventually(t, "it is sent once it is told", func() bool {
		d.Wake()
		return len(r.got()) == 2
	})
	d.settled(e, 2)
}
