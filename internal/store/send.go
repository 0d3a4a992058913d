package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// DueEndpoints lists the endpoints to which something is to be sent now.
func (s *Store) DueEndpoints(ctx context.Context) (ids []string, err error) {
	// One look into the index for each endpoint, however much waits for it.
	err = s.read(ctx).Model(&endpointRow{}).Where("enabled").
		Where("(SELECT 1 FROM messages m WHERE m.endpoint_id = endpoints.id AND m.state = 'pending' AND m.next_at <= ? LIMIT 1) = 1", s.now()).
		Pluck("id", &ids).Error
	return ids, failed("look for what is to be sent", err)
}

// ClaimMessages takes what is due for an endpoint, the oldest first and limit at
// most: nobody else gets it until the lease is over, and then anybody does. It
// gives none for an endpoint that is disabled or gone.
func (s *Store) ClaimMessages(ctx context.Context, endpointID string, limit int, lease time.Duration) (idv.Endpoint, []idv.Message, error) {
	row, err := s.endpoint(s.read(ctx), endpointID)
	if err != nil || !row.Enabled {
		return idv.Endpoint{}, nil, failed("read an endpoint", ignoreMissing(err))
	}
	endpoint, err := s.endpointOf(row)
	if err != nil {
		return idv.Endpoint{}, nil, err
	}
	var taken []messageRow
	now := s.now()
	claim := "WITH due AS MATERIALIZED (SELECT event_id FROM messages " +
		"WHERE endpoint_id = ? AND state = 'pending' AND next_at <= ? ORDER BY next_at, event_id LIMIT ?"
	if s.engine == postgresEngine {
		claim += " FOR UPDATE SKIP LOCKED"
	}
	claim += ") UPDATE messages SET next_at = ? WHERE endpoint_id = ? AND event_id IN (SELECT event_id FROM due) RETURNING event_id, tries"
	err = s.alone(ctx).Raw(claim, endpoint.ID, now, limit, now.Add(lease), endpoint.ID).Find(&taken).Error
	if err != nil || len(taken) == 0 {
		return endpoint, nil, failed("take what is to be sent", err)
	}
	messages, err := s.withEvents(ctx, endpoint.ID, taken)
	return endpoint, messages, failed("take what is to be sent", err)
}

func ignoreMissing(err error) error {
	if errors.Is(err, idv.ErrNotFound) {
		return nil
	}
	return err
}

// withEvents gives the messages with their events. A message whose event is gone is
// gone too.
func (s *Store) withEvents(ctx context.Context, endpointID string, taken []messageRow) ([]idv.Message, error) {
	ids := make([]string, len(taken))
	for i, row := range taken {
		ids[i] = row.EventID
	}
	events, err := eventsByID(s.read(ctx), ids)
	if err != nil {
		return nil, err
	}
	var messages []idv.Message
	var orphans []string
	for _, row := range taken {
		event, there := events[row.EventID]
		if !there {
			orphans = append(orphans, row.EventID)
			continue
		}
		messages = append(messages, idv.Message{EndpointID: endpointID, Event: event, State: idv.MessagePending, Tries: row.Tries})
	}
	slices.SortFunc(messages, func(a, b idv.Message) int { return a.Event.CreatedAt.Compare(b.Event.CreatedAt) })
	if len(orphans) == 0 {
		return messages, nil
	}
	return messages, s.alone(ctx).Where("endpoint_id = ? AND event_id IN ?", endpointID, orphans).Delete(&messageRow{}).Error
}

// Settle writes what became of trying messages, all in one transaction: how they
// go on, and the log of the tries. Endpoints that asked for it, and those that
// have been failing for as long as patience, are disabled, which is announced.
// What was queued again or tried by somebody else meanwhile is only logged.
func (s *Store) Settle(ctx context.Context, batch []idv.Settlement, patience time.Duration) (disabled []idv.DisabledEndpoint, err error) {
	// In one order everywhere, so that two processes do not wait for each other.
	batch = slices.Clone(batch)
	slices.SortFunc(batch, func(a, b idv.Settlement) int {
		return cmp.Or(cmp.Compare(a.EndpointID, b.EndpointID), cmp.Compare(a.EventID, b.EventID))
	})
	err = s.write(ctx, func(tx *gorm.DB) error {
		disabled = nil
		there, err := s.settleMessages(tx, batch)
		if err != nil {
			return err
		}
		if err := s.logAttempts(tx, there); err != nil {
			return err
		}
		disabled, err = s.judge(tx, there, patience)
		return err
	})
	return disabled, failed("settle messages", err)
}

// judge writes how endpoints do, by the tries of one batch.
func (s *Store) judge(tx *gorm.DB, batch []idv.Settlement, patience time.Duration) (disabled []idv.DisabledEndpoint, err error) {
	for _, r := range reports(batch) {
		one := tx.Model(&endpointRow{}).Where("id = ? AND enabled", r.endpointID).Session(&gorm.Session{})
		switch {
		case r.gone:
			disabled, err = s.disable(tx, one, r.endpointID, idv.DisabledGone, disabled)
		case r.took:
			err = one.Where("failing_since IS NOT NULL").UpdateColumn("failing_since", nil).Error
		default:
			err = one.Where("failing_since IS NULL").UpdateColumn("failing_since", moment(r.failedAt)).Error
			if err == nil {
				long := one.Where("failing_since <= ?", moment(r.failedAt.Add(-patience)))
				disabled, err = s.disable(tx, long, r.endpointID, idv.DisabledFailing, disabled)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return disabled, nil
}

// disable disables the endpoint if the query selects it, and announces it.
func (s *Store) disable(tx, query *gorm.DB, endpointID string, why idv.DisabledReason, disabled []idv.DisabledEndpoint) ([]idv.DisabledEndpoint, error) {
	now := s.now()
	done := query.UpdateColumns(map[string]any{
		"enabled": false, "disabled_at": now, "disabled_reason": string(why), "updated_at": now, "version": gorm.Expr("version + 1"),
	})
	if done.Error != nil || done.RowsAffected == 0 {
		return disabled, done.Error
	}
	row, err := s.endpoint(tx, endpointID)
	if err != nil {
		return disabled, err
	}
	event := eventRow{
		ID: id.New(id.Event), Type: idv.EndpointDisabled, EndpointID: &row.ID,
		Status: "disabled", Version: row.Version, CreatedAt: now,
	}
	return append(disabled, idv.DisabledEndpoint{ID: row.ID, Reason: why}), tx.Create(&event).Error
}

// report is how an endpoint did in one batch.
type report struct {
	endpointID string
	took, gone bool
	failedAt   time.Time
}

// reports sums a batch up, which is sorted by endpoint.
func reports(batch []idv.Settlement) (list []report) {
	for _, b := range batch {
		if len(list) == 0 || list[len(list)-1].endpointID != b.EndpointID {
			list = append(list, report{endpointID: b.EndpointID})
		}
		r := &list[len(list)-1]
		r.took = r.took || b.Attempt.Fault == ""
		r.gone = r.gone || b.Gone
		if b.Attempt.Fault != "" && b.Attempt.At.After(r.failedAt) {
			r.failedAt = b.Attempt.At
		}
	}
	return list
}
