package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func TestUnknownUserIsUnverified(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		want := idv.UserVerification{ExternalUserID: "nobody", Verification: idv.Verification{Status: idv.UserUnverified}}
		if diff := cmp.Diff(want, k.user("nobody")); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
		if n := k.count("users"); n != 0 {
			t.Errorf("asking made %d users", n)
		}
	})
}

func TestApprovalLapsesByTime(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		k.say(session.ID, idv.Approved)
		decided := kept(k.now())
		verified := idv.UserVerification{
			ExternalUserID: "user-42",
			Verification: idv.Verification{
				Status: idv.UserVerified, SessionID: session.ID, Provider: "kora",
				VerifiedAt: decided, ExpiresAt: decided.Add(validFor), ChangesAt: decided.Add(validFor),
			},
			Version:   2,
			UpdatedAt: decided,
		}
		k.pass(validFor - time.Millisecond)
		if diff := cmp.Diff(verified, k.user("user-42")); diff != "" {
			t.Errorf("just before (-want +got):\n%s", diff)
		}
		k.pass(time.Millisecond)
		expired := verified
		expired.Status, expired.ChangesAt = idv.UserExpired, time.Time{}
		expired.Version, expired.UpdatedAt = 3, kept(k.now())

		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				v, err := k.Verification(t.Context(), "user-42")
				if diff := cmp.Diff(expired, v); err != nil || diff != "" {
					t.Errorf("afterwards: %v (-want +got):\n%s", err, diff)
				}
			})
		}
		wg.Wait()
	})
}

func TestDocumentLapsesByTime(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		session := k.created("user-42")
		approval := k.word(idv.Approved)
		approval.DocumentExpiresAt = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		k.apply(idv.Change{SessionID: session.ID, Observations: []idv.Observation{approval}})
		if v := k.user("user-42"); v.Status != idv.UserVerified || !v.ExpiresAt.Equal(approval.DocumentExpiresAt) {
			t.Errorf("user = %+v", v)
		}
		k.pass(approval.DocumentExpiresAt.Sub(k.now()))
		if v := k.user("user-42"); v.Status != idv.UserExpired || v.Version != 3 {
			t.Errorf("user = %+v", v)
		}
	})
}

// A user's status is told by all the user's sessions.
func TestStatusOfTheUserFollowsTheSessions(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		first := k.created("user-42")
		steps := []struct {
			say  idv.Status
			want idv.UserStatus
		}{
			{idv.InReview, idv.UserInReview},
			{idv.ResubmissionRequested, idv.UserActionRequired},
			{idv.Declined, idv.UserRejected},
		}
		for i, step := range steps {
			k.pass(time.Second)
			k.say(first.ID, step.say)
			if v := k.user("user-42"); v.Status != step.want || v.Version != int64(i+2) {
				t.Errorf("after %s: %s at version %d", step.say, v.Status, v.Version)
			}
		}
		k.pass(time.Second)
		second := k.created("user-42")
		if v := k.user("user-42"); v.Status != idv.UserPending || v.SessionID != second.ID || v.OpenSessionID != second.ID {
			t.Errorf("user = %+v", v)
		}
		k.pass(time.Second)
		k.say(second.ID, idv.Approved)
		if v := k.user("user-42"); v.Status != idv.UserVerified || v.SessionID != second.ID || v.OpenSessionID != "" {
			t.Errorf("user = %+v", v)
		}
		if v := k.user("user-43"); v.Status != idv.UserUnverified {
			t.Errorf("another user is %s", v.Status)
		}
	})
}
