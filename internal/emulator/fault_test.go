package emulator_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

func (w *world) faults(body string) {
	w.t.Helper()
	if status, _, text := w.call("PUT", "/_faults", "application/json", body); status != http.StatusOK {
		w.t.Fatalf("faults: HTTP %d %s", status, text)
	}
}

func TestWebhookFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		user, faults string
		want         []string
	}{
		"duplicate by id":   {user: "test-approve-1+duplicate", want: []string{"open", "open", "submit", "submit", "approve", "approve"}},
		"duplicate by door": {user: "test-approve-1", faults: `{"webhook":{"duplicate":true}}`, want: []string{"open", "open", "submit", "submit", "approve", "approve"}},
		"reorder":           {user: "test-approve-1+reorder", want: []string{"approve", "submit", "open"}},
		"reorder of single ones": {
			user: "test-twice-1", faults: `{"webhook":{"reorder":true}}`,
			// the approval that follows by itself is held back, and nothing overtakes it
			want: []string{"decline FAKE", "submit", "open", "approve"},
		},
		"forge":         {user: "test-approve-1+forge", want: []string{"forged: open ", "forged: submit ", "forged: approve "}},
		"drop the next": {user: "test-twice-1", faults: `{"webhook":{"drop":true,"times":1}}`, want: []string{"approve"}},
		"both":          {user: "test-approve-1+reorder", faults: `{"webhook":{"duplicate":true}}`, want: []string{"approve", "approve", "submit", "submit", "open", "open"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.faults != "" {
				w.faults(tt.faults)
			}
			w.start("1", tt.user, "")
			if got := w.wait(len(tt.want)); !slices.Equal(got, tt.want) {
				t.Errorf("heard %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("delay", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.faults(`{"webhook":{"delayMs":150}}`)
		begin := time.Now()
		w.start("1", "test-approve-1", "")
		w.wait(3)
		if took := time.Since(begin); took < 150*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

// A webhook that is not accepted is sent again until it is.
func TestWebhookIsRetried(t *testing.T) {
	w := newWorld(t)
	w.fail = 5
	w.start("1", "test-approve-1", "")
	if got := w.wait(3); !slices.Equal(got, []string{"open", "submit", "approve"}) {
		t.Errorf("heard %q", got)
	}
}

func TestFaultsOfTheCreate(t *testing.T) {
	for _, code := range []int{429, 500, 503} {
		w := newWorld(t)
		status, _, body := w.call("POST", "/start?n=1", "text/plain", "test-approve-1+"+strconv.Itoa(code))
		if _, ok := w.stage.Session("s1"); ok || status != code || body != "refused for 1s\n" {
			t.Errorf("+%d: HTTP %d %q, had its effect: %v", code, status, body, ok)
		}
	}
	t.Run("lose", func(t *testing.T) {
		w := newWorld(t)
		if status := w.start("1", "test-approve-1+lose", ""); status != 0 {
			t.Errorf("HTTP %d", status)
		}
		w.reach("s1", "approved")
	})
	t.Run("hang", func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "POST", w.root+"/start?n=1", strings.NewReader("test-approve-1+hang"))
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := w.hc.Do(req); err == nil {
			resp.Body.Close()
			t.Errorf("HTTP %d", resp.StatusCode)
		}
		if _, ok := w.stage.Session("s1"); ok {
			t.Error("had its effect")
		}
	})
}

func TestFaultsOfTheAPI(t *testing.T) {
	t.Run("once", func(t *testing.T) {
		w := newWorld(t)
		w.faults(`{"api":{"status":429,"retryAfter":9,"times":1}}`)
		if status, _, body := w.call("POST", "/start?n=1", "text/plain", "user-1"); status != 429 || body != "refused for 9s\n" {
			t.Errorf("HTTP %d %s", status, body)
		}
		if status := w.start("1", "user-1", ""); status != http.StatusCreated {
			t.Errorf("HTTP %d", status)
		}
	})
	t.Run("by method", func(t *testing.T) {
		w := newWorld(t)
		w.faults(`{"api":{"method":"GET","status":500}}`)
		if status := w.start("1", "user-1", ""); status != http.StatusCreated {
			t.Errorf("HTTP %d", status)
		}
		if status, _, _ := w.call("GET", "/start", "", ""); status != 500 {
			t.Errorf("HTTP %d", status)
		}
		w.session("s1") // the control door is no part of the API
	})
	t.Run("lose", func(t *testing.T) {
		w := newWorld(t)
		w.faults(`{"api":{"lose":true,"times":1}}`)
		if status := w.start("1", "user-1", ""); status != 0 {
			t.Errorf("HTTP %d", status)
		}
		w.session("s1")
	})
}

func FuzzFaultsOf(f *testing.F) {
	for _, seed := range []string{"test-approve-1+429+duplicate", "test-+", "+", "test-approve+hang+lose"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		got := emulator.FaultsOf(id)
		if got != (emulator.Faults{}) && (!strings.HasPrefix(id, "test-") || !strings.Contains(id, "+")) {
			t.Errorf("%q: %+v", id, got)
		}
	})
}
