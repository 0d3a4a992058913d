package store_test

import (
	"errors"
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// history is a store to which random things happen.
type history struct {
	*kit
	sessions []string
	said     []idv.Observation
}

func (h *history) anyUser(t *rapid.T) string {
	return rapid.SampledFrom([]string{"user-a", "user-b"}).Draw(t, "user")
}

func (h *history) anySession(t *rapid.T) string {
	return rapid.SampledFrom(h.sessions).Draw(t, "session")
}

func (h *history) create(t *rapid.T) {
	draft := h.draft(h.anyUser(t))
	draft.Another = rapid.Bool().Draw(t, "another")
	draft.Reverify = rapid.Bool().Draw(t, "reverify")
	claim, err := h.CreateSession(h.t.Context(), draft)
	if err != nil {
		t.Fatal(err)
	}
	if claim.Kind == idv.ClaimNew {
		h.sessions = append(h.sessions, claim.Session.ID)
	}
}

func (h *history) say(t *rapid.T) {
	o := idv.Observation{
		Fingerprint: id.New(id.Event),
		Source:      rapid.SampledFrom(idv.Sources()).Draw(t, "source"),
		HeardAt:     h.now(),
		Status:      rapid.SampledFrom(append(idv.Statuses(), "")).Draw(t, "status"),
		Attempt:     rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "attempt"),
		Unknown:     rapid.IntRange(0, 9).Draw(t, "unknown") == 0,
		Partial:     rapid.IntRange(0, 9).Draw(t, "partial") == 0,
		Test:        rapid.IntRange(0, 9).Draw(t, "test") == 0,
	}
	if rapid.Bool().Draw(t, "timed") {
		o.OccurredAt = h.now().Add(rapid.SampledFrom([]time.Duration{0, time.Microsecond, -time.Second, time.Second}).Draw(t, "when"))
	}
	if rapid.IntRange(0, 4).Draw(t, "document") == 0 {
		o.DocumentExpiresAt = h.now().Add(time.Duration(rapid.IntRange(-10, 1000).Draw(t, "days")) * 24 * time.Hour)
	}
	if rapid.Bool().Draw(t, "reasoned") {
		o.Reasons = []idv.Reason{idv.NewReason(rapid.SampledFrom(idv.ReasonCodes()).Draw(t, "reason"), "code")}
	}
	if len(h.said) > 0 && rapid.IntRange(0, 3).Draw(t, "again") == 0 {
		o.Fingerprint = rapid.SampledFrom(h.said).Draw(t, "said").Fingerprint
	}
	h.said = append(h.said, o)
	if _, err := h.Apply(h.t.Context(), idv.Change{SessionID: h.anySession(t), Observations: []idv.Observation{o}}); err != nil {
		t.Fatal(err)
	}
}

func (h *history) start(t *rapid.T) {
	ref := rapid.SampledFrom([]idv.Ref{"r1", "r2", "r3"}).Draw(t, "ref")
	_, err := h.Apply(h.t.Context(), idv.Change{SessionID: h.anySession(t), Started: &idv.Started{Ref: ref}})
	if err != nil && !errors.Is(err, idv.ErrTaken) {
		t.Fatal(err)
	}
}

func (h *history) wait(t *rapid.T) {
	h.pass(time.Duration(rapid.IntRange(0, 200).Draw(t, "days")) * 24 * time.Hour)
}

// check holds at any time: what is kept is what the facts amount to.
func (h *history) check(t *rapid.T) {
	for _, name := range []string{"user-a", "user-b"} {
		var standings []idv.Standing
		sessions, err := h.Sessions(h.t.Context(), idv.SessionFilter{ExternalUserID: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, session := range sessions {
			observations, err := h.Observations(h.t.Context(), session.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(idv.Fold(observations), session.State); diff != "" {
				t.Fatalf("session %s (-fold +kept):\n%s", session.ID, diff)
			}
			standings = append(standings, session.Standing())
		}
		v, err := h.Verification(h.t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(idv.FoldUser(standings, validFor, kept(h.now())), v.Verification); diff != "" {
			t.Fatalf("%s (-fold +kept):\n%s", name, diff)
		}
		h.checkPlace(t, name, sessions)
	}
	if changed, err := h.Recompute(h.t.Context()); err != nil || len(changed) != 0 {
		t.Fatalf("Recompute = %v, %v", changed, err)
	}
}

// checkPlace holds that one open session has the place, if there is one.
func (h *history) checkPlace(t *rapid.T, name string, sessions []idv.Session) {
	var open []string
	for _, session := range sessions {
		if session.State.Status.Open() {
			open = append(open, session.ID)
		}
	}
	rows, err := h.DB().QueryContext(h.t.Context(), "SELECT id FROM sessions WHERE open_slot = $1", name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	holders := 0
	for ; rows.Next(); holders++ {
		var holder string
		if err := rows.Scan(&holder); err != nil || !slices.Contains(open, holder) {
			t.Fatalf("the place is with %s, open are %v, %v", holder, open, err)
		}
	}
	if rows.Err() != nil || holders != min(1, len(open)) {
		t.Fatalf("%d hold the place, open are %v, %v", holders, open, rows.Err())
	}
}

func TestWhatIsKeptIsWhatTheFactsAmountTo(t *testing.T) {
	fewer(t, "25")
	enginetest.Each(t, func(t *testing.T, url string) {
		k := open(t, url)
		rapid.Check(t, func(rt *rapid.T) {
			if _, err := k.DB().ExecContext(t.Context(), "DELETE FROM sessions"); err != nil {
				rt.Fatal(err)
			}
			if _, err := k.DB().ExecContext(t.Context(), "DELETE FROM users"); err != nil {
				rt.Fatal(err)
			}
			h := &history{kit: k}
			h.create(rt) // so that there is one to talk about
			rt.Repeat(map[string]func(*rapid.T){
				"create": h.create,
				"say":    h.say,
				"start":  h.start,
				"wait":   h.wait,
				"check":  h.check,
			})
			h.check(rt)
		})
	})
}

// fewer has rapid check less often, since each check takes hundreds of
// transactions, unless the command line says how often.
func fewer(t *testing.T, checks string) {
	t.Helper()
	setting := flag.Lookup("rapid.checks")
	if setting == nil || setting.Value.String() != setting.DefValue {
		return
	}
	if err := setting.Value.Set(checks); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = setting.Value.Set(setting.DefValue) })
}

func TestRecomputeRepairs(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		right := k.created("user-a")
		k.say(right.ID, idv.Approved)
		wrong := k.created("user-b")
		wrong = k.say(wrong.ID, idv.Declined)
		before := k.user("user-b")
		for _, statement := range []string{
			"UPDATE sessions SET status = 'approved', decision_outcome = 'approved' WHERE external_user_id = 'user-b'",
			"UPDATE users SET status = 'verified' WHERE external_user_id = 'user-b'",
		} {
			if _, err := k.DB().ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		k.pass(time.Minute)
		changed, err := k.Recompute(t.Context())
		if err != nil || !slices.Equal(changed, []string{wrong.ID, "user-b"}) {
			t.Errorf("Recompute = %v, %v", changed, err)
		}
		got, err := k.Session(t.Context(), wrong.ID)
		wrong.UpdatedAt = kept(k.now())
		if diff := cmp.Diff(wrong, got); err != nil || diff != "" {
			t.Errorf("session: %v (-want +got):\n%s", err, diff)
		}
		before.Version, before.UpdatedAt = before.Version+1, kept(k.now())
		if diff := cmp.Diff(before, k.user("user-b")); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
		if changed, err := k.Recompute(t.Context()); err != nil || len(changed) != 0 {
			t.Errorf("once more: %v, %v", changed, err)
		}
	})
}
