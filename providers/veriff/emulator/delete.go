package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// remove deletes a session, if the account may, and tells how an open one ended.
func (v *veriff) remove(w http.ResponseWriter, s emulator.Session) {
	use := v.o.Settings["DELETE_FOR"]
	switch {
	case use == "" || use == "none":
		v.fail(w, http.StatusBadRequest, "1301", "Requested features are not supported.")
		return
	case s.Status == idv.Processing:
		v.fail(w, http.StatusBadRequest, "1304", "Session is not in a completed status.")
		return
	}
	if wait := v.deleted.add(v.stage.Now()); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		v.fail(w, http.StatusTooManyRequests, "429", "Too many sessions were deleted.")
		return
	}
	switch s.Status { // should somebody delete it at the same time, it was told already
	case idv.Pending:
		_, _ = v.stage.Take(s.ID, emulator.Expire, "")
	case idv.InProgress, idv.ResubmissionRequested:
		_, _ = v.stage.Take(s.ID, emulator.Abandon, "")
	}
	v.stage.Remove(s.ID)
	v.answer(w, http.StatusOK, map[string]any{"status": "success", "verification": map[string]string{"id": s.ID}})
}

// log remembers when sessions were deleted.
type log struct {
	mu    sync.Mutex
	times []time.Time
}

// add gives how long to wait if the limits are reached: 5 an hour, 10 a day.
func (l *log) add(now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for span, most := range map[time.Duration]int{time.Hour: 5, 24 * time.Hour: 10} {
		within := slices.DeleteFunc(slices.Clone(l.times), func(t time.Time) bool { return !t.After(now.Add(-span)) })
		if len(within) >= most {
			wait = max(wait, within[len(within)-most].Add(span).Sub(now))
		}
	}
	if wait == 0 {
		l.times = append(l.times, now)
	}
	return wait
}
