package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// SaveDelivery keeps a webhook that has just come, together with the job of
// working it. A repetition of what the provider delivered before changes nothing
// and is not new. It is idv.ErrBusy if the database is slow or away.
func (s *Store) SaveDelivery(ctx context.Context, d idv.Delivery) (isNew bool, err error) {
	row, err := s.deliveryRow(d)
	if err != nil {
		return false, failed("keep a delivery", err)
	}
	isNew, err = s.intake.add(ctx, row)
	return isNew, failed("keep a delivery", err)
}

// keep writes deliveries and the jobs of those that are new, all or nothing.
func (s *Store) keep(ctx context.Context, batch []*arrival) error {
	// In one order everywhere, so that two processes that are given the same
	// repetitions do not wait for each other.
	slices.SortFunc(batch, func(a, b *arrival) int {
		return cmp.Or(cmp.Compare(a.row.Provider, b.row.Provider), cmp.Compare(a.row.Digest, b.row.Digest))
	})
	if bulk, ok := s.jobs.(BulkJobs); ok && s.engine == postgresEngine {
		return s.keepAtOnce(ctx, bulk, batch)
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		query, args := insertEach(batch)
		rows, err := tx.Raw(query, args...).Rows()
		if err != nil {
			return err
		}
		if err := markNew(batch, rows); err != nil {
			return err
		}
		var jobs []idv.Job
		for _, a := range batch {
			if a.isNew {
				jobs = append(jobs, idv.Job{Kind: idv.JobDelivery, ID: a.row.ID})
			}
		}
		return s.insertJobs(tx, jobs...)
	})
}

const (
	intoDeliveries = "INSERT INTO deliveries (id, provider, digest, received_at, webhook, key, state, reason, event_type, attempts) "
	unlessKept     = " ON CONFLICT (provider, digest) DO NOTHING RETURNING id"
)

// insertEach is one statement with a row for each delivery.
func insertEach(batch []*arrival) (query string, args []any) {
	values := strings.Repeat(", (?, ?, ?, ?, ?, ?, 'received', '', '', 0)", len(batch))[2:]
	for _, a := range batch {
		args = append(args, a.row.ID, a.row.Provider, a.row.Digest, a.row.ReceivedAt, a.row.Webhook, a.row.Key)
	}
	return intoDeliveries + "VALUES " + values + unlessKept, args
}

// keepAtOnce writes everything in one statement, which is a transaction by
// itself: each further round trip would be waited for by all who wait. It gets a
// list for each column, so that it is the same statement for any number of rows.
func (s *Store) keepAtOnce(ctx context.Context, bulk BulkJobs, batch []*arrival) error {
	n := len(batch)
	ids, providers, digests := make([]string, n), make([]string, n), make([]string, n)
	times, webhooks, keys := make([]time.Time, n), make([][]byte, n), make([][]byte, n)
	for i, a := range batch {
		ids[i], providers[i], digests[i] = a.row.ID, a.row.Provider, a.row.Digest
		times[i], webhooks[i], keys[i] = a.row.ReceivedAt, a.row.Webhook, a.row.Key
	}
	insertJobs, wake := bulk.InsertFrom(idv.JobDelivery, "fresh")
	query := "WITH fresh AS (" + intoDeliveries + "SELECT *, 'received', '', '', 0 " +
		"FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bytea[], $6::bytea[])" + unlessKept + "), " +
		"jobs AS (" + insertJobs + ") SELECT id FROM (SELECT id, " + wake + " FROM fresh) AS woken"
	rows, err := s.sql.QueryContext(ctx, query, ids, providers, digests, times, webhooks, keys)
	if err != nil {
		return err
	}
	return markNew(batch, rows)
}

// markNew takes the ids of those deliveries that are new.
func markNew(batch []*arrival, rows *sql.Rows) error {
	defer func() { _ = rows.Close() }()
	fresh := make(map[string]bool, len(batch))
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		fresh[id] = true
	}
	for _, a := range batch {
		a.isNew = fresh[a.row.ID]
	}
	return rows.Err()
}
