package outbox_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// only sends one kind of event, so that there is one message to follow.
const only = "session.created"

// tried waits until the one message of an endpoint was tried so often.
func (d *desk) tried(e idv.Endpoint, times int) (m idv.Message) {
	d.t.Helper()
	eventually(d.t, "it was tried "+strconv.Itoa(times)+" times", func() bool {
		list := d.messages(e)
		if len(list) != 1 {
			return false
		}
		m = list[0]
		return len(m.Attempts) >= times
	})
	if len(m.Attempts) != times {
		d.t.Fatalf("it was tried %d times, not %d", len(m.Attempts), times)
	}
	return m
}

// The specification's schedule: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h,
// 10 h, 14 h, 20 h and 24 h.
func TestRetriesFollowTheSchedule(t *testing.T) {
	pauses := []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		r.answers(status(500))
		e := d.endpoint(r.URL, only)
		d.run()
		d.create("user-1")
		for n, pause := range pauses {
			m := d.tried(e, n+1)
			if m.State != idv.MessagePending {
				t.Fatalf("after %d tries it is %s", n+1, m.State)
			}
			wait := m.NextAt.Sub(m.Attempts[n].At)
			if wait < pause*8/10 || wait > pause*12/10 {
				t.Errorf("after try %d it waits %v, not about %v", n+1, wait, pause)
			}
			d.pass(wait - time.Second)
			if due, err := d.store.DueEndpoints(t.Context()); err != nil || len(due) != 0 {
				t.Errorf("due too early: %v, %v", due, err)
			}
			d.pass(time.Second + time.Millisecond)
		}
		m := d.tried(e, 10)
		if m.State != idv.MessageFailed || !m.NextAt.IsZero() {
			t.Errorf("after the last try: %+v", m)
		}
		for _, a := range m.Attempts {
			if a.StatusCode != 500 || a.Fault != idv.FaultStatus {
				t.Errorf("attempt %+v", a)
			}
		}
		calls := r.got()
		for _, c := range calls {
			if c.id != m.Event.ID || !verified(t, e.Secrets[0].Secret, c) {
				t.Errorf("webhook-id %s, genuine %v", c.id, verified(t, e.Secrets[0].Secret, c))
			}
		}
		first, last := calls[0].header.Get("webhook-timestamp"), calls[9].header.Get("webhook-timestamp")
		if first >= last {
			t.Errorf("the time of the try stands still: %s, %s", first, last)
		}
	})
}

func TestRecoveredEndpointGetsWhatWaited(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r := receive(t)
		r.answers(status(503))
		e := d.endpoint(r.URL, only)
		d.run()
		d.create("user-1")
		d.tried(e, 1)
		if since := d.read(e).FailingSince; since.IsZero() {
			t.Error("nothing says that it fails")
		}
		r.answers(nil)
		d.pass(6 * time.Second)
		if m := d.tried(e, 2); m.State != idv.MessageDelivered || m.Attempts[1].StatusCode != 200 {
			t.Errorf("message %+v", m)
		}
		if since := d.read(e).FailingSince; !since.IsZero() {
			t.Errorf("it works, and fails since %v", since)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for name, x := range map[string]struct {
			value       string
			least, most time.Duration
		}{
			"seconds":   {"3600", time.Hour, time.Hour},
			"date":      {d.now().Add(2 * time.Hour).UTC().Format(http.TimeFormat), 2*time.Hour - 2*time.Second, 2 * time.Hour},
			"too long":  {"864000", 24 * time.Hour, 24 * time.Hour},
			"too short": {"1", 4 * time.Second, 6 * time.Second},
			"nonsense":  {"soon", 4 * time.Second, 6 * time.Second},
		} {
			r := receive(t)
			r.answers(status(429, "Retry-After", x.value))
			e := d.endpoint(r.URL, only)
			other := d.another()
			other.Start(t.Context())
			d.create("user-" + name)
			m := d.tried(e, 1)
			if wait := m.NextAt.Sub(m.Attempts[0].At); wait < x.least || wait > x.most {
				t.Errorf("%s: waits %v", name, wait)
			}
			must(t, other.Stop(t.Context()))
			must(t, d.store.DeleteEndpoint(t.Context(), e.ID))
		}
	})
}

// disabled checks that an endpoint is disabled, that it is told, and that nothing
// more is sent.
func (d *desk) disabled(e idv.Endpoint, why idv.DisabledReason, witness *receiver) {
	d.t.Helper()
	eventually(d.t, "it is disabled", func() bool { return !d.read(e).Enabled })
	now := d.read(e)
	if now.DisabledReason != why || now.DisabledAt.IsZero() || now.Version <= e.Version {
		d.t.Errorf("endpoint %+v", now)
	}
	told := witness.await(d.t, 1)[0]
	feed := d.feed()
	last := feed[len(feed)-1]
	if told.Type != "endpoint.disabled" || told.id != last.ID {
		d.t.Errorf("the other endpoint was told %s", told.body)
	}
	if last.EndpointID != e.ID || last.Status != "disabled" || last.Version != now.Version || last.ExternalUserID != "" || last.SessionID != "" {
		d.t.Errorf("announced %+v", last)
	}
	if due, err := d.store.DueEndpoints(d.t.Context()); err != nil || len(due) != 0 {
		d.t.Errorf("due %v, %v", due, err)
	}
}

func TestGoneDisablesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r, witness := receive(t), receive(t)
		r.answers(status(http.StatusGone))
		e := d.endpoint(r.URL, only)
		d.endpoint(witness.URL, "endpoint.*")
		d.run()
		d.create("user-1")
		d.disabled(e, idv.DisabledGone, witness)
		n := len(r.got())
		d.create("user-2")
		d.pass(time.Hour)
		eventually(t, "the feed was followed", func() bool { taken, err := d.store.FanOut(t.Context(), 1); return taken == 0 && err == nil })
		if list := d.messages(e); len(list) != 1 || len(r.got()) != n {
			t.Errorf("%d messages, %d calls", len(list), len(r.got()))
		}
	})
}

func TestDaysOfFailureDisable(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		r, witness := receive(t), receive(t)
		e := d.endpoint(r.URL, only)
		d.endpoint(witness.URL, "endpoint.disabled")
		d.run()
		const day = 24 * time.Hour
		r.answers(status(500))
		d.create("user-1")
		d.tried(e, 1)
		since := d.read(e).FailingSince
		if since.IsZero() {
			t.Fatal("nothing says that it fails")
		}
		d.pass(4 * day)
		eventually(t, "the second try failed", func() bool { return len(d.messages(e)[0].Attempts) == 2 })
		if now := d.read(e); !now.Enabled || !now.FailingSince.Equal(since) {
			t.Fatalf("after four days: %+v", now)
		}
		r.answers(nil)
		d.create("user-2")
		eventually(t, "it took one", func() bool { return d.read(e).FailingSince.IsZero() })
		r.answers(status(500))
		d.pass(2 * day)
		d.create("user-3")
		eventually(t, "it fails again", func() bool { return !d.read(e).FailingSince.IsZero() })
		if !d.read(e).Enabled {
			t.Fatal("disabled although it took one two days ago")
		}
		d.pass(5*day + time.Minute)
		d.disabled(e, idv.DisabledFailing, witness)

		again, err := d.Change(t.Context(), e.ID, idv.EndpointChange{Enabled: new(true)})
		if err != nil || !again.Enabled || !again.FailingSince.IsZero() || !again.DisabledAt.IsZero() || again.DisabledReason != "" {
			t.Errorf("enabled again: %+v, %v", again, err)
		}
	})
}
