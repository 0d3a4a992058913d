package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// SaveDelivery keeps a webhook that has just come, together with its jobs. A
// repetition of what the provider delivered before changes nothing and is not
// new. It is idv.ErrBusy if the database is slow or away.
func (s *Store) SaveDelivery(ctx context.Context, d idv.Delivery, jobs ...idv.Job) (isNew bool, err error) {
	row, err := s.deliveryRow(d)
	if err != nil {
		return false, failed("keep a delivery", err)
	}
	isNew, err = s.intake.add(ctx, row, jobs)
	return isNew, failed("keep a delivery", err)
}

// keep writes deliveries and the jobs of those that are new in one transaction.
func (s *Store) keep(ctx context.Context, batch []*arrival) error {
	// In one order everywhere, so that two processes that are given the same
	// repetitions do not wait for each other.
	slices.SortFunc(batch, func(a, b *arrival) int {
		return cmp.Or(cmp.Compare(a.row.Provider, b.row.Provider), cmp.Compare(a.row.Digest, b.row.Digest))
	})
	return s.write(ctx, func(tx *gorm.DB) error {
		fresh, err := s.insertDeliveries(tx, batch)
		if err != nil {
			return err
		}
		var jobs []idv.Job
		for _, a := range batch {
			if a.isNew = fresh[a.row.ID]; a.isNew {
				jobs = append(jobs, a.jobs...)
			}
		}
		return s.insertJobs(tx, jobs...)
	})
}

const deliveryColumns = "INSERT INTO deliveries (id, provider, digest, received_at, webhook, state, reason, event_type, attempts) "

const unlessKept = " ON CONFLICT (provider, digest) DO NOTHING RETURNING id"

// insertDeliveries writes those that are not kept yet and gives their ids.
func (s *Store) insertDeliveries(tx *gorm.DB, batch []*arrival) (fresh map[string]bool, err error) {
	query, args := s.insertion(batch)
	// Not through gorm, which would take a list for as many arguments.
	rows, err := tx.Statement.ConnPool.QueryContext(tx.Statement.Context, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	fresh = make(map[string]bool, len(batch))
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		fresh[id] = true
	}
	return fresh, rows.Err()
}

// insertion is one statement for the whole batch. PostgreSQL gets a list for
// each column, so that it is the same statement for any number of rows.
func (s *Store) insertion(batch []*arrival) (query string, args []any) {
	if s.engine == sqliteEngine {
		values := strings.Repeat(", (?, ?, ?, ?, ?, 'received', '', '', 0)", len(batch))[2:]
		for _, a := range batch {
			args = append(args, a.row.ID, a.row.Provider, a.row.Digest, a.row.ReceivedAt, a.row.Webhook)
		}
		return deliveryColumns + "VALUES " + values + unlessKept, args
	}
	n := len(batch)
	ids, providers, digests := make([]string, n), make([]string, n), make([]string, n)
	times, webhooks := make([]time.Time, n), make([][]byte, n)
	for i, a := range batch {
		ids[i], providers[i], digests[i] = a.row.ID, a.row.Provider, a.row.Digest
		times[i], webhooks[i] = a.row.ReceivedAt, a.row.Webhook
	}
	return deliveryColumns + "SELECT *, 'received', '', '', 0 " +
		"FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bytea[])" + unlessKept, []any{ids, providers, digests, times, webhooks}
}
