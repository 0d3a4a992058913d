package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// DropResults removes at most limit results whose sessions were decided before the
// given time (or that were written before it, if there is no decision), and tells
// how many. Those of users on legal hold stay.
func (s *Store) DropResults(ctx context.Context, before time.Time, limit int) (dropped int, err error) {
	old := s.db.Model(&resultRow{}).Select("results.session_id").
		Joins("JOIN sessions x ON x.id = results.session_id JOIN users u ON u.external_user_id = x.external_user_id").
		Where("results.updated_at < ? AND u.held_since IS NULL", moment(before)).Order("results.updated_at").Limit(limit)
	gone := s.alone(ctx).Where("session_id IN (?)", old).Delete(&resultRow{})
	return int(gone.RowsAffected), failed("remove old results", gone.Error)
}

type sweepRow struct {
	Name  string `gorm:"primaryKey"`
	Place string
}

// TableName names the table.
func (sweepRow) TableName() string { return "sweeps" }

// bodiesSweep goes through the deliveries in the order of their ids.
const bodiesSweep = "bodies"

// DropWebhooks looks at the next limit deliveries that were received before the
// given time, removes their webhooks, and tells how many it looked at. Those of
// users on legal hold stay. One process at a time does it; another gets 0
// meanwhile. It goes through the deliveries once, and does not come back to what
// it passed: what a hold kept is removed when the hold ends.
func (s *Store) DropWebhooks(ctx context.Context, before time.Time, limit int) (seen int, err error) {
	err = s.write(ctx, func(tx *gorm.DB) error {
		seen = 0
		var sweep sweepRow
		err := tx.Clauses(skipLocked).Where("name = ?", bodiesSweep).Take(&sweep).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil // another process is at it
		}
		if err != nil {
			return err
		}
		var rows []deliveryRow
		err = tx.Select("id", "state", "received_at").Where("id > ? AND received_at < ?", sweep.Place, moment(before)).
			Order("id").Limit(limit).Find(&rows).Error
		if err != nil {
			return err
		}
		ids := worked(rows, before.Add(-waitForWork))
		if seen = len(ids); seen == 0 {
			return nil
		}
		if err := s.dropUnheld(tx, tx.Where("id IN ? AND state <> 'received'", ids)); err != nil {
			return err
		}
		sweep.Place = ids[seen-1]
		return tx.Select("*").Updates(&sweep).Error
	})
	return seen, failed("remove old webhooks", err)
}

// waitForWork is how long a sweep waits for a webhook that is not worked yet. One
// that never is, it passes and leaves alone.
const waitForWork = 24 * time.Hour

// worked gives the ids of the deliveries before the first one that is worth
// waiting for.
func worked(rows []deliveryRow, hopeless time.Time) (ids []string) {
	for _, row := range rows {
		if row.State == string(idv.DeliveryReceived) && row.ReceivedAt.After(hopeless) {
			break
		}
		ids = append(ids, row.ID)
	}
	return ids
}

// dropUnheld removes the webhooks that the query selects, but for those of users
// on legal hold.
func (s *Store) dropUnheld(tx, which *gorm.DB) error {
	held := tx.Model(&sessionRow{}).Select("sessions.id").
		Joins("JOIN users u ON u.external_user_id = sessions.external_user_id").Where("u.held_since IS NOT NULL")
	return which.Model(&deliveryRow{}).Where("gone_at IS NULL AND (session_id IS NULL OR session_id NOT IN (?))", held).
		UpdateColumns(withoutWebhook(s.now())).Error
}

// releaseWebhooks removes of a user what a sweep passed while the user was on
// legal hold.
func (s *Store) releaseWebhooks(a *account) error {
	var sweep sweepRow
	if err := a.tx.Where("name = ?", bodiesSweep).Take(&sweep).Error; err != nil {
		return err
	}
	said := a.tx.Model(&observationRow{}).Select("observations.delivery_id").
		Joins("JOIN sessions x ON x.id = observations.session_id").Where("x.external_user_id = ?", a.user.ExternalUserID)
	passed := a.tx.Where("id <= ? AND id IN (?) AND state <> 'received'", sweep.Place, said)
	return s.dropUnheld(a.tx, passed)
}
