package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// countUpTo bounds how many deliveries of one state are counted, oldest first, so
// that a backlog does not make the count of it slow.
const countUpTo = 20_000

// DeliveryBacklog counts the deliveries that are not done with, by provider and
// state: the oldest 20 000 of each state. Those that are processed may be
// millions and are not looked at.
func (s *Store) DeliveryBacklog(ctx context.Context) ([]idv.DeliveryBacklog, error) {
	oldest := func(state idv.DeliveryState) *gorm.DB {
		return s.read(ctx).Model(&deliveryRow{}).Select("provider, state, received_at").
			Where("state <> 'processed' AND state = ?", string(state)).Order("id").Limit(countUpTo)
	}
	rows, err := s.read(ctx).Raw("SELECT provider, state, count(*), min(received_at) FROM ("+
		"SELECT * FROM (?) AS received UNION ALL SELECT * FROM (?) AS unmatched UNION ALL SELECT * FROM (?) AS parked"+
		") AS waiting GROUP BY provider, state ORDER BY provider, state",
		oldest(idv.DeliveryReceived), oldest(idv.DeliveryUnmatched), oldest(idv.DeliveryParked)).Rows()
	if err != nil {
		return nil, failed("count deliveries", err)
	}
	defer func() { _ = rows.Close() }()
	var backlog []idv.DeliveryBacklog
	for rows.Next() {
		var b idv.DeliveryBacklog
		var oldest aggregateTime
		if err := rows.Scan(&b.Provider, &b.State, &b.Count, &oldest); err != nil {
			return nil, failed("count deliveries", err)
		}
		b.Oldest = oldest.UTC()
		backlog = append(backlog, b)
	}
	return backlog, failed("count deliveries", rows.Err())
}

// aggregateTime is a time that an aggregate gives: SQLite's is text, since only
// columns have a type.
type aggregateTime struct{ time.Time }

// Scan reads what either engine gives.
func (a *aggregateTime) Scan(value any) (err error) {
	switch value := value.(type) {
	case time.Time:
		a.Time = value
	case string:
		a.Time, err = time.Parse("2006-01-02 15:04:05.999999999-07:00", value)
	default:
		err = fmt.Errorf("a %T is no time", value)
	}
	return err
}
