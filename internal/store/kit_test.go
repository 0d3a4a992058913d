package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/reconcile"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// start is when tests begin. The odd fraction shows whether times are kept to
// the millisecond.
var start = time.Date(2026, 11, 20, 9, 30, 0, 123_456_789, time.UTC)

const validFor = 365 * 24 * time.Hour

// byTheMinute asks about open sessions a minute after they moved.
var byTheMinute = reconcile.Schedule{Interval: time.Minute, Paces: map[string]idv.Pace{"kora": {}, "veriff": {}}, ValidFor: validFor}

// kit is a store with a clock that stands still and jobs that can be made to
// fail.
type kit struct {
	*store.Store
	t    testing.TB
	jobs *jobs
	mu   sync.Mutex
	at   time.Time
}

// each runs a test on a fresh store of each engine.
func each(t *testing.T, run func(t *testing.T, k *kit)) {
	t.Helper()
	enginetest.Each(t, func(t *testing.T, url string) { run(t, open(t, url)) })
}

func open(t testing.TB, url string) *kit {
	t.Helper()
	engine, err := store.Engine(url)
	if err != nil {
		t.Fatal(err)
	}
	inserter, err := queue.NewInserter(engine)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := seal.New([][]byte{bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{t: t, at: start, jobs: &jobs{inserter: inserter}}
	k.Store, err = store.Open(t.Context(), store.Options{
		URL: url, Seal: ring, Jobs: k.jobs, ValidFor: validFor, Schedule: byTheMinute, Now: k.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return k
}

func (k *kit) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at
}

// pass lets time pass.
func (k *kit) pass(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(d)
}

// jobs keeps jobs in the real queue, unless trouble says why not.
type jobs struct {
	inserter *queue.Inserter
	mu       sync.Mutex
	trouble  func(list []idv.Job) error
}

var errBroken = errors.New("the queue is broken")

func (j *jobs) InsertTx(ctx context.Context, tx *sql.Tx, list ...idv.Job) error {
	j.mu.Lock()
	trouble := j.trouble
	j.mu.Unlock()
	if trouble != nil {
		if err := trouble(list); err != nil {
			return err
		}
	}
	return j.inserter.InsertTx(ctx, tx, list...)
}

// make has every call ask for trouble first; nil for none.
func (j *jobs) make(trouble func(list []idv.Job) error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trouble = trouble
}

func (j *jobs) breakDown(broken bool) {
	if !broken {
		j.make(nil)
		return
	}
	j.make(func([]idv.Job) error { return errBroken })
}

// queued lists the ids of the jobs of a kind that are in the database.
func (k *kit) queued(kind idv.JobKind) []string {
	k.t.Helper()
	rows, err := k.DB().QueryContext(k.t.Context(), "SELECT args->>'id' FROM river_job WHERE kind = $1 ORDER BY id", string(kind))
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			k.t.Fatal(err)
		}
		ids = append(ids, one)
	}
	if err := rows.Err(); err != nil {
		k.t.Fatal(err)
	}
	return ids
}

// count counts the rows of a table.
func (k *kit) count(table string) (n int) {
	k.t.Helper()
	if err := k.DB().QueryRowContext(k.t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		k.t.Fatal(err)
	}
	return n
}

// draft is a session that a client asks for.
func (k *kit) draft(user string) idv.NewSession {
	now := k.now()
	return idv.NewSession{Session: idv.Session{
		ID:             id.New(id.Session),
		ExternalUserID: user,
		Provider:       "kora",
		CallbackURL:    "https://client.example/back",
		Metadata:       map[string]string{"order": "17"},
		CreatedAt:      now,
		UpdatedAt:      now,
		ExpiresAt:      now.Add(72 * time.Hour),
	}}
}

func (k *kit) create(n idv.NewSession) idv.Claim {
	k.t.Helper()
	claim, err := k.CreateSession(k.t.Context(), n)
	if err != nil {
		k.t.Fatalf("CreateSession: %v", err)
	}
	return claim
}

// created creates a session that nothing stands in the way of.
func (k *kit) created(user string) idv.Session {
	k.t.Helper()
	claim := k.create(k.draft(user))
	if claim.Kind != idv.ClaimNew {
		k.t.Fatalf("CreateSession = %s", claim.Kind)
	}
	return claim.Session
}

func (k *kit) apply(c idv.Change) idv.Session {
	k.t.Helper()
	session, err := k.Apply(k.t.Context(), c)
	if err != nil {
		k.t.Fatalf("Apply: %v", err)
	}
	return session
}

// say has the provider say one thing about a session now.
func (k *kit) say(sessionID string, status idv.Status) idv.Session {
	k.t.Helper()
	return k.apply(idv.Change{SessionID: sessionID, Observations: []idv.Observation{k.word(status)}})
}

// word is a provider's word of now.
func (k *kit) word(status idv.Status) idv.Observation {
	return idv.Observation{
		Fingerprint:    id.New(id.Event),
		Source:         idv.SourceWebhook,
		HeardAt:        k.now(),
		OccurredAt:     k.now(),
		ProviderStatus: "word for " + string(status),
		Status:         status,
	}
}

func (k *kit) user(name string) idv.UserVerification {
	k.t.Helper()
	v, err := k.Verification(k.t.Context(), name)
	if err != nil {
		k.t.Fatalf("Verification: %v", err)
	}
	return v
}

// key is an idempotency key for a request.
func key(name, request string) *idv.IdempotencyKey {
	digest := sha256.Sum256([]byte(request))
	return &idv.IdempotencyKey{Credential: "key_1", Key: name, Request: digest[:]}
}

// kept is a time as the store keeps it.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
