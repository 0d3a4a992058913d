package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// takeUpAtOnce bounds one transaction of RequeueReceived.
const takeUpAtOnce = 1000

// RequeueReceived has every delivery worked that is kept and not worked yet,
// and tells how many those are. A process that starts calls it, because one
// that died may have held their jobs. A delivery that another process is
// working at this moment is worked twice, which changes nothing.
func (s *Store) RequeueReceived(ctx context.Context) (count int, err error) {
	for after := ""; ; {
		var ids []string
		err := s.write(ctx, func(tx *gorm.DB) error {
			ids = nil
			err := tx.Model(&deliveryRow{}).Where("state = ? AND id > ?", string(idv.DeliveryReceived), after).
				Order("id").Limit(takeUpAtOnce).Pluck("id", &ids).Error
			if err != nil {
				return err
			}
			jobs := make([]idv.Job, len(ids))
			for i, id := range ids {
				jobs[i] = idv.Job{Kind: idv.JobDelivery, ID: id}
			}
			return s.insertJobs(tx, jobs...)
		})
		if err != nil {
			return count, failed("take up deliveries", err)
		}
		count += len(ids)
		if len(ids) < takeUpAtOnce {
			return count, nil
		}
		after = ids[len(ids)-1]
	}
}
