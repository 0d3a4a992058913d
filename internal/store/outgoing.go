package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// OutgoingBacklog tells how far the sending of events to endpoints is behind. Of
// the messages for one endpoint no more than 20 000 are counted.
func (s *Store) OutgoingBacklog(ctx context.Context) (idv.OutgoingBacklog, error) {
	backlog := idv.OutgoingBacklog{Disabled: map[idv.DisabledReason]int{}}
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		if err := s.countPending(tx, &backlog); err != nil {
			return err
		}
		var disabled []struct {
			Reason string
			Count  int
		}
		err := tx.Model(&endpointRow{}).Select("disabled_reason AS reason, count(*) AS count").
			Where("NOT enabled").Group("disabled_reason").Find(&disabled).Error
		if err != nil {
			return err
		}
		for _, d := range disabled {
			backlog.Disabled[idv.DisabledReason(d.Reason)] = d.Count
		}
		backlog.Unseen, err = s.unseenFor(tx)
		return err
	})
	return backlog, failed("count what is to be sent", err)
}

// countPending looks into the index of what is pending, once for each endpoint,
// of which there are few.
func (s *Store) countPending(tx *gorm.DB, backlog *idv.OutgoingBacklog) error {
	var ids []string
	if err := tx.Model(&endpointRow{}).Where("enabled").Pluck("id", &ids).Error; err != nil {
		return err
	}
	now := s.now()
	for _, id := range ids {
		var rows []messageRow
		pending := tx.Model(&messageRow{}).Where("endpoint_id = ? AND state = 'pending'", id).Session(&gorm.Session{})
		if err := pending.Select("next_at").Order("next_at").Limit(1).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		var count int64
		if err := tx.Table("(?) AS pending", pending.Select("event_id").Limit(countUpTo)).Count(&count).Error; err != nil {
			return err
		}
		backlog.Pending += int(count)
		backlog.Due = max(backlog.Due, now.Sub(timeOf(rows[0].NextAt)))
	}
	return nil
}

// unseenFor is the age of the first event that comes after the follower's place,
// including one that does not show yet because of a transaction that still runs.
func (s *Store) unseenFor(tx *gorm.DB) (time.Duration, error) {
	place := s.place()
	var first []eventRow
	err := tx.Select("created_at").
		Where("("+place+") > (SELECT "+place+" FROM followers WHERE name = ?)", endpointsFollower).
		Order(place).Limit(1).Find(&first).Error
	if err != nil || len(first) == 0 {
		return 0, err
	}
	return max(0, s.now().Sub(first[0].CreatedAt)), nil
}

// UnsettledCreates counts the creates whose answer was lost and that nothing
// settled so far, by provider.
func (s *Store) UnsettledCreates(ctx context.Context) (list []idv.UnsettledCreates, err error) {
	err = s.read(ctx).Model(&sessionRow{}).Select("provider, count(*) AS count").
		Where("start_unanswered AND ref IS NULL").Group("provider").Find(&list).Error
	return list, failed("count unsettled creates", err)
}
