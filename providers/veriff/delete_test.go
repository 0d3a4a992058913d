package veriff_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/veriff"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// deleting is an account at a Veriff that answers every DELETE with the status
// and counts them.
func deleting(t *testing.T, use string, status int, calls *int) idv.Provider {
	t.Helper()
	s := settings("https://stationapi.veriff.com")
	s["DELETE_FOR"] = use
	p, err := veriff.Adapter().New(s, &http.Client{Timeout: time.Second, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		*calls++
		if r.Method != http.MethodDelete || r.URL.Path != "/v1/sessions/"+ref || r.Header.Get("X-Hmac-Signature") != idMAC ||
			r.Header.Get("X-Auth-Client") != apiKey || r.ContentLength > 0 {
			t.Errorf("sent %s %s %v", r.Method, r.URL, r.Header)
		}
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"status":"success"}`)),
		}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDeleteIsClaimedOnlyWhereItMayBeUsed(t *testing.T) {
	for use, want := range map[string][2]bool{"": {}, "none": {}, "erase": {true, false}, "erase_and_cancel": {true, true}} {
		p := account(t, idv.Settings{"DELETE_FOR": use})
		_, erase := p.(idv.Eraser)
		_, cancel := p.(idv.Canceler)
		_, read := p.(idv.WebhookReader)
		if erase != want[0] || cancel != want[1] || !read {
			t.Errorf("%q: erase %v, cancel %v, webhooks %v", use, erase, cancel, read)
		}
	}
}

// TestDeleteKeepsToTheLimits lets a day and a half go by.
func TestDeleteKeepsToTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		p := deleting(t, "erase_and_cancel", http.StatusOK, &calls)
		remove := func(call func(context.Context, idv.Ref) error) time.Duration {
			err := call(t.Context(), ref)
			var failure *idv.ProviderError
			switch {
			case err == nil:
				return 0
			case !errors.As(err, &failure) || failure.Kind != idv.KindRateLimited || failure.Ambiguous:
				t.Fatalf("error %v", err)
			}
			return failure.RetryAfter
		}
		erase, cancel := p.(idv.Eraser).Erase, p.(idv.Canceler).Cancel
		five := func() {
			t.Helper()
			for range 5 {
				if wait := remove(erase); wait != 0 {
					t.Fatalf("after %d calls: wait %s", calls, wait)
				}
				time.Sleep(time.Minute)
			}
		}
		five() // minutes 0 to 4
		if wait := remove(cancel); wait != 55*time.Minute || calls != 5 {
			t.Errorf("the sixth within an hour: wait %s, %d calls", wait, calls)
		}
		time.Sleep(55 * time.Minute)
		five() // minutes 60 to 64
		time.Sleep(5 * time.Hour)
		if wait := remove(erase); wait != 24*time.Hour-(5*time.Hour+65*time.Minute) || calls != 10 {
			t.Errorf("the eleventh within a day: wait %s, %d calls", wait, calls)
		}
		time.Sleep(remove(erase))
		if wait := remove(cancel); wait != 0 || calls != 11 {
			t.Errorf("a day later: wait %s, %d calls", wait, calls)
		}
		if wait := remove(cancel); wait != time.Minute || calls != 11 {
			t.Errorf("at once again: wait %s, %d calls", wait, calls)
		}
	})
}

func TestDeleteIsNeverRepeated(t *testing.T) {
	for status, want := range map[int]idv.ProviderError{
		http.StatusTooManyRequests:     {Kind: idv.KindRateLimited, RetryAfter: time.Hour},
		http.StatusServiceUnavailable:  {Kind: idv.KindUnavailable},
		http.StatusInternalServerError: {Kind: idv.KindUnavailable},
		http.StatusBadRequest:          {Kind: idv.KindRejected},
		http.StatusNotFound:            {Kind: idv.KindNotFound},
		http.StatusUnauthorized:        {Kind: idv.KindUnauthorized},
	} {
		calls := 0
		err := deleting(t, "erase", status, &calls).(idv.Eraser).Erase(t.Context(), ref)
		var failure *idv.ProviderError
		if !errors.As(err, &failure) || failure.Kind != want.Kind || failure.RetryAfter != want.RetryAfter || calls != 1 {
			t.Errorf("%d: %v after %d calls", status, err, calls)
		}
	}
	calls := 0
	for _, bad := range []idv.Ref{"", ".", "..", "a\nb"} {
		var failure *idv.ProviderError
		err := deleting(t, "erase", 200, &calls).(idv.Eraser).Erase(t.Context(), bad)
		if !errors.As(err, &failure) || failure.Kind != idv.KindRejected || calls != 0 {
			t.Errorf("%q: %v after %d calls", bad, err, calls)
		}
	}
}
