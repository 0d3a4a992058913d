package queue_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// twin is a job as River inserts it.
type twin struct {
	ID string `json:"id"`
}

func (twin) Kind() string { return string(idv.JobFetch) }

// Our statements keep a job just as River's own insertion does, and wake those
// who work it.
func TestJobsAreKeptAsRiverKeepsThem(t *testing.T) {
	k := open(t, enginetest.Postgres(t))
	ctx, pool := t.Context(), k.handles.Pool
	listener, err := pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Release()
	if _, err := listener.Exec(ctx, `LISTEN "public.river_insert"`); err != nil {
		t.Fatal(err)
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	statement, wake := k.inserter.InsertFrom(idv.JobFetch, "given")
	later := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	rows, woken := map[string][]string{}, map[string]string{}
	for way, keep := range map[string]func(at time.Time) error{
		"river": func(at time.Time) error {
			_, err := client.Insert(ctx, twin{ID: "ses_1"}, &river.InsertOpts{Queue: string(idv.JobFetch), MaxAttempts: 2000, ScheduledAt: at})
			return err
		},
		"in a transaction": func(at time.Time) error {
			k.insert(true, idv.Job{Kind: idv.JobFetch, ID: "ses_1", RunAt: at})
			return nil
		},
		"in one statement": func(at time.Time) error {
			if !at.IsZero() {
				k.insert(true, idv.Job{Kind: idv.JobFetch, ID: "ses_1", RunAt: at})
				return nil
			}
			_, err := pool.Exec(ctx, "WITH given AS (SELECT 'ses_1' AS id), jobs AS ("+statement+") SELECT "+wake+" FROM given")
			return err
		},
	} {
		for _, at := range []time.Time{{}, later} {
			if err := keep(at); err != nil {
				t.Fatalf("%s: %v", way, err)
			}
			var row string
			err := pool.QueryRow(ctx, `
				SELECT (to_jsonb(j) - ARRAY['id', 'created_at', 'scheduled_at'])::text || (scheduled_at > now() + interval '59 minutes')::text
				FROM river_job j ORDER BY id DESC LIMIT 1`).Scan(&row)
			if err != nil {
				t.Fatal(err)
			}
			rows[way] = append(rows[way], row)
		}
		n, err := listener.Conn().WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		woken[way] = n.Payload
	}
	for _, way := range []string{"in a transaction", "in one statement"} {
		if diff := cmp.Diff(rows["river"], rows[way]); diff != "" {
			t.Errorf("%s (-river +ours):\n%s", way, diff)
		}
		if woken[way] != woken["river"] {
			t.Errorf("%s wakes with %s, River with %s", way, woken[way], woken["river"])
		}
	}
}
