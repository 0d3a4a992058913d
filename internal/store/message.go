package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type messageRow struct {
	EndpointID string `gorm:"primaryKey"`
	EventID    string `gorm:"primaryKey"`
	State      string
	Tries      int
	NextAt     *time.Time
}

// TableName names the table.
func (messageRow) TableName() string { return "messages" }

type attemptRow struct {
	EndpointID string
	EventID    string
	ID         int64 `gorm:"<-:false"` // the database numbers them
	At         time.Time
	TookMs     int64
	StatusCode *int
	Fault      *string
}

// TableName names the table.
func (attemptRow) TableName() string { return "attempts" }

func newAttemptRow(s idv.Settlement) attemptRow {
	row := attemptRow{
		EndpointID: s.EndpointID,
		EventID:    s.EventID,
		At:         moment(s.Attempt.At),
		TookMs:     s.Attempt.Took.Milliseconds(),
		Fault:      perhapsWord(s.Attempt.Fault),
	}
	if s.Attempt.StatusCode != 0 {
		row.StatusCode = &s.Attempt.StatusCode
	}
	return row
}

func (r attemptRow) attempt() idv.Attempt {
	a := idv.Attempt{At: r.At.UTC(), Took: time.Duration(r.TookMs) * time.Millisecond, Fault: wordOf[idv.AttemptFault](r.Fault)}
	if r.StatusCode != nil {
		a.StatusCode = *r.StatusCode
	}
	return a
}

// Messages lists what was and will be sent to an endpoint, the newest event
// first, with every try. A page begins after the id of an event. It is
// idv.ErrNotFound if there is no such endpoint.
func (s *Store) Messages(ctx context.Context, f idv.MessageFilter) ([]idv.Message, error) {
	var messages []idv.Message
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		if _, err := s.endpoint(tx, f.EndpointID); err != nil {
			return err
		}
		query := tx.Where("endpoint_id = ?", word(f.EndpointID)).Order("event_id DESC")
		if f.State != "" {
			query = query.Where("state = ?", word(f.State))
		}
		if f.Page.After != "" {
			query = query.Where("event_id < ?", word(f.Page.After))
		}
		if f.Page.Limit > 0 {
			query = query.Limit(f.Page.Limit)
		}
		var rows []messageRow
		if err := query.Find(&rows).Error; err != nil {
			return err
		}
		var err error
		messages, err = readMessages(tx, rows)
		return err
	})
	return messages, failed("list messages", err)
}

// readMessages adds to rows of one endpoint what they are about, and their tries.
func readMessages(tx *gorm.DB, rows []messageRow) ([]idv.Message, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.EventID
	}
	events, err := eventsByID(tx, ids)
	if err != nil {
		return nil, err
	}
	var attempts []attemptRow
	err = tx.Where("endpoint_id = ? AND event_id IN ?", rows[0].EndpointID, ids).Order("id").Find(&attempts).Error
	if err != nil {
		return nil, err
	}
	tries := map[string][]idv.Attempt{}
	for _, a := range attempts {
		tries[a.EventID] = append(tries[a.EventID], a.attempt())
	}
	messages := make([]idv.Message, len(rows))
	for i, row := range rows {
		event, there := events[row.EventID]
		if !there {
			event.ID = row.EventID // it is gone
		}
		messages[i] = idv.Message{
			EndpointID: row.EndpointID, Event: event, State: idv.MessageState(row.State), Tries: row.Tries,
			NextAt: timeOf(row.NextAt), Attempts: tries[row.EventID],
		}
	}
	return messages, nil
}

func eventsByID(tx *gorm.DB, ids []string) (map[string]idv.Event, error) {
	var rows []eventRow
	if err := tx.Omit("xid", "seq").Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, err
	}
	events := make(map[string]idv.Event, len(rows))
	for _, row := range rows {
		events[row.ID] = row.event()
	}
	return events, nil
}

// Resend queues one event for an endpoint, whether or not it was sent before, and
// gives the message. It is idv.ErrNotFound if there is no such endpoint or event,
// and idv.ErrDisabled if nothing is sent to the endpoint.
func (s *Store) Resend(ctx context.Context, endpointID, eventID string) (idv.Message, error) {
	row := messageRow{EndpointID: word(endpointID), EventID: word(eventID)}
	var messages []idv.Message
	err := s.write(ctx, func(tx *gorm.DB) error {
		if _, err := s.enabled(tx, row.EndpointID); err != nil {
			return err
		}
		err := tx.Select("id").Where("id = ?", row.EventID).Take(&eventRow{}).Error
		if err != nil {
			return notFound(err)
		}
		if _, err := s.queue(tx, []pair{{row.EndpointID, row.EventID}}, s.now(), onConflictAgain); err != nil {
			return err
		}
		if err := tx.Where("endpoint_id = ? AND event_id = ?", row.EndpointID, row.EventID).Take(&row).Error; err != nil {
			return err
		}
		messages, err = readMessages(tx, []messageRow{row})
		return err
	})
	if err != nil {
		return idv.Message{}, failed("send an event again", err)
	}
	return messages[0], nil
}

// ResendRange queues the events of a range that an endpoint wants: those that it
// did not take, or never was to get, and those that it took too if all. Of more
// than most it takes the oldest, and next tells where the rest begins; zero if
// there is none. The errors are those of Resend.
func (s *Store) ResendRange(ctx context.Context, endpointID string, r idv.EventRange, all bool, most int) (queued int, next time.Time, err error) {
	onConflict := onConflictAgain + " WHERE messages.state = 'failed'"
	if all {
		onConflict = onConflictAgain + " WHERE messages.state <> 'pending'"
	}
	err = s.write(ctx, func(tx *gorm.DB) error {
		queued, next = 0, time.Time{}
		endpoint, err := s.enabled(tx, endpointID)
		if err != nil {
			return err
		}
		var rows []eventRow
		err = tx.Select("id", "type", "created_at").Where("created_at >= ? AND created_at < ?", moment(r.From), moment(r.To)).
			Order("created_at, " + s.place()).Limit(most + 1).Find(&rows).Error
		if err != nil {
			return err
		}
		if len(rows) > most {
			next, rows = rows[most].CreatedAt.UTC(), rows[:most]
		}
		var pairs []pair
		for _, row := range rows {
			if endpoint.Wants(idv.EventType(row.Type)) {
				pairs = append(pairs, pair{endpoint.ID, row.ID})
			}
		}
		queued, err = s.queue(tx, pairs, s.now(), onConflict)
		return err
	})
	return queued, next, failed("send events again", err)
}

// enabled reads an endpoint that is sent to, and keeps it from being removed.
func (s *Store) enabled(tx *gorm.DB, endpointID string) (idv.Endpoint, error) {
	row, err := s.endpoint(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthShare}), endpointID)
	if err != nil {
		return idv.Endpoint{}, err
	}
	if !row.Enabled {
		return idv.Endpoint{}, idv.ErrDisabled
	}
	return s.endpointOf(row)
}
