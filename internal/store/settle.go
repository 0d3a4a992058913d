package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// settleMessages writes how messages go on, and gives those whose message is
// still there. One that is no longer as it was when it was tried is left alone.
func (s *Store) settleMessages(tx *gorm.DB, batch []idv.Settlement) (there []idv.Settlement, err error) {
	if s.engine == sqliteEngine {
		return settleOneByOne(tx, batch)
	}
	n := len(batch)
	endpoints, events, states, tries, next := make([]string, n), make([]string, n), make([]string, n), make([]int64, n), make([]*time.Time, n)
	for i, b := range batch {
		endpoints[i], events[i], states[i], tries[i], next[i] = b.EndpointID, b.EventID, string(b.State), int64(b.Tries), perhaps(b.NextAt)
	}
	// Only what is pending has a next_at. To say it by state would let the planner
	// take the index of what is due, and walk through all of it for each row.
	known, err := pairsOf(tx, `UPDATE messages m SET state = s.state, tries = m.tries + 1, next_at = s.next_at
		FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[]) AS s (endpoint_id, event_id, state, tries, next_at)
		WHERE m.endpoint_id = s.endpoint_id AND m.event_id = s.event_id AND m.next_at IS NOT NULL AND m.tries = s.tries
		RETURNING m.endpoint_id, m.event_id`, endpoints, events, states, tries, next)
	if err == nil && len(known) < n {
		known, err = pairsOf(tx, `SELECT m.endpoint_id, m.event_id FROM messages m
			JOIN unnest($1::text[], $2::text[]) AS s (endpoint_id, event_id) USING (endpoint_id, event_id) FOR KEY SHARE OF m`, endpoints, events)
	}
	for _, b := range batch {
		if known[pair{b.EndpointID, b.EventID}] {
			there = append(there, b)
		}
	}
	return there, err
}

// pairsOf runs a statement that gives pairs. Not through gorm, which would take a
// list for as many arguments.
func pairsOf(tx *gorm.DB, query string, args ...any) (map[pair]bool, error) {
	rows, err := tx.Statement.ConnPool.QueryContext(tx.Statement.Context, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	known := map[pair]bool{}
	for rows.Next() {
		var p pair
		if err := rows.Scan(&p.endpointID, &p.eventID); err != nil {
			return nil, err
		}
		known[p] = true
	}
	return known, rows.Err()
}

// settleOneByOne is for SQLite, where a statement costs no round trip.
func settleOneByOne(tx *gorm.DB, batch []idv.Settlement) (there []idv.Settlement, err error) {
	for _, b := range batch {
		message := tx.Model(&messageRow{}).Where("endpoint_id = ? AND event_id = ?", b.EndpointID, b.EventID).Session(&gorm.Session{})
		settled := message.Where("state = 'pending' AND tries = ?", b.Tries).UpdateColumns(map[string]any{
			"state": string(b.State), "tries": b.Tries + 1, "next_at": perhaps(b.NextAt),
		})
		known := settled.RowsAffected
		if settled.Error == nil && known == 0 {
			settled.Error = message.Count(&known).Error
		}
		if settled.Error != nil {
			return nil, settled.Error
		}
		if known > 0 {
			there = append(there, b)
		}
	}
	return there, nil
}

func (s *Store) logAttempts(tx *gorm.DB, batch []idv.Settlement) error {
	if len(batch) == 0 {
		return nil
	}
	n := len(batch)
	attempts := make([]attemptRow, n)
	for i, b := range batch {
		attempts[i] = newAttemptRow(b)
	}
	if s.engine == sqliteEngine {
		return tx.CreateInBatches(&attempts, 100).Error
	}
	endpoints, events, at, took := make([]string, n), make([]string, n), make([]time.Time, n), make([]int64, n)
	codes, faults := make([]*int, n), make([]*string, n)
	for i, a := range attempts {
		endpoints[i], events[i], at[i], took[i], codes[i], faults[i] = a.EndpointID, a.EventID, a.At, a.TookMs, a.StatusCode, a.Fault
	}
	_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context,
		`INSERT INTO attempts (endpoint_id, event_id, at, took_ms, status_code, fault)
		SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::integer[], $6::text[])`,
		endpoints, events, at, took, codes, faults)
	return err
}
