package outbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/outbox"
)

// BenchmarkSend sends events to a fast endpoint while another one hangs, from the
// feed to the outcome in the log. An operation is one event.
func BenchmarkSend(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"postgres": enginetest.Postgres, "sqlite": enginetest.SQLite} {
		b.Run(name, func(b *testing.B) {
			d := open(b, url(b), func(o *outbox.Options) { o.Now, o.Poll = time.Now, 0 })
			letGo := make(chan struct{})
			hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-letGo }))
			defer hanging.Close()
			defer close(letGo)
			var came atomic.Int64
			fast := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }))
			defer fast.Close()
			d.endpoint(hanging.URL)
			e := d.endpoint(fast.URL)
			d.announce(b.N)
			b.ResetTimer()
			d.Outbox.Start(b.Context())
			for int(came.Load()) < b.N {
				time.Sleep(time.Millisecond)
			}
			eventually(b, "the outcome is in the log", func() bool {
				var n int
				must(b, d.store.DB().QueryRowContext(b.Context(), "SELECT count(*) FROM attempts WHERE endpoint_id = $1", e.ID).Scan(&n))
				return n == b.N
			})
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			ctx, cancel := context.WithTimeout(b.Context(), time.Millisecond)
			defer cancel()
			_ = d.Stop(ctx) // what hangs is given up
			if int(came.Load()) != b.N {
				b.Errorf("%d calls for %d events", came.Load(), b.N)
			}
		})
	}
}

// announce writes events that nobody caused.
func (d *desk) announce(n int) {
	d.t.Helper()
	for begin := 0; begin < n; begin += 1000 {
		var rows []string
		for i := begin; i < min(begin+1000, n); i++ {
			rows = append(rows, fmt.Sprintf("('evt_%026d', 'user.verified', 'user-%d', 'verified', 1, '2026-11-20 09:30:00+00:00')", i, i))
		}
		_, err := d.store.DB().ExecContext(d.t.Context(), "INSERT INTO events (id, type, external_user_id, status, version, created_at) VALUES "+strings.Join(rows, ", "))
		must(d.t, err)
	}
}
