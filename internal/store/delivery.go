package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type deliveryRow struct {
	ID         string `gorm:"primaryKey"`
	Provider   string
	Digest     string
	State      string
	Reason     string
	EventType  string
	Ref        *string
	SessionID  *string
	ReceivedAt time.Time
	Attempts   int
	Webhook    []byte
}

// TableName names the table.
func (deliveryRow) TableName() string { return "deliveries" }

func (s *Store) deliveryRow(d idv.Delivery) (deliveryRow, error) {
	id := word(d.ID)
	sealed, err := s.sealWebhook(id, d.Webhook)
	return deliveryRow{
		ID:         id,
		Provider:   word(d.Provider),
		Digest:     word(d.Digest),
		State:      string(d.State),
		Reason:     word(d.Reason),
		EventType:  word(d.EventType),
		Ref:        perhapsWord(d.Ref),
		SessionID:  perhapsWord(d.SessionID),
		ReceivedAt: moment(d.ReceivedAt),
		Attempts:   d.Attempts,
		Webhook:    sealed,
	}, err
}

// delivery reads a row, without the webhook itself.
func (r deliveryRow) delivery() idv.Delivery {
	return idv.Delivery{
		ID:         r.ID,
		Provider:   r.Provider,
		Digest:     r.Digest,
		State:      idv.DeliveryState(r.State),
		Reason:     r.Reason,
		EventType:  r.EventType,
		Ref:        wordOf[idv.Ref](r.Ref),
		SessionID:  wordOf[string](r.SessionID),
		ReceivedAt: r.ReceivedAt.UTC(),
		Attempts:   r.Attempts,
	}
}

// Delivery gives one delivery with its webhook, or idv.ErrNotFound.
func (s *Store) Delivery(ctx context.Context, id string) (idv.Delivery, error) {
	var row deliveryRow
	if err := s.read(ctx).Where("id = ?", word(id)).Take(&row).Error; err != nil {
		return idv.Delivery{}, failed("read a delivery", notFound(err))
	}
	d := row.delivery()
	webhook, err := s.openWebhook(row.ID, row.Webhook)
	if err != nil {
		return idv.Delivery{}, err
	}
	d.Webhook = webhook
	d.Webhook.ReceivedAt = d.ReceivedAt
	return d, nil
}

// Deliveries lists what the filter selects, newest first, without the webhooks
// themselves. A limit of 0 is none. Ids rise with time and give the order.
func (s *Store) Deliveries(ctx context.Context, f idv.DeliveryFilter) ([]idv.Delivery, error) {
	query := s.read(ctx).Omit("webhook").Order("id DESC")
	if f.State != "" {
		query = query.Where("state = ?", word(f.State))
		if f.State != idv.DeliveryProcessed {
			query = query.Where("state <> 'processed'") // for the index
		}
	}
	if f.Provider != "" {
		query = query.Where("provider = ?", word(f.Provider))
	}
	if f.ID != "" {
		query = query.Where("id = ?", word(f.ID))
	}
	if f.SessionID != "" {
		said := s.read(ctx).Model(&observationRow{}).Select("delivery_id").Where("session_id = ?", word(f.SessionID))
		query = query.Where("id IN (?)", said)
	}
	if !f.Since.IsZero() {
		query = query.Where("received_at >= ?", moment(f.Since))
	}
	if f.Page.After != "" {
		query = query.Where("id < ?", word(f.Page.After))
	}
	if f.Page.Limit > 0 {
		query = query.Limit(f.Page.Limit)
	}
	var rows []deliveryRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, failed("list deliveries", err)
	}
	deliveries := make([]idv.Delivery, len(rows))
	for i, row := range rows {
		deliveries[i] = row.delivery()
	}
	return deliveries, nil
}

// MarkDelivery writes what became of working a delivery once. It is
// idv.ErrNotFound if there is no such delivery.
func (s *Store) MarkDelivery(ctx context.Context, outcome idv.DeliveryOutcome) error {
	return failed("mark a delivery", markDelivery(s.alone(ctx), outcome))
}

func markDelivery(tx *gorm.DB, outcome idv.DeliveryOutcome) error {
	marked := tx.Model(&deliveryRow{}).Where("id = ?", word(outcome.ID)).UpdateColumns(map[string]any{
		"state":      string(outcome.State),
		"reason":     word(outcome.Reason),
		"event_type": word(outcome.EventType),
		"ref":        perhapsWord(outcome.Ref),
		"session_id": perhapsWord(outcome.SessionID),
		"attempts":   gorm.Expr("attempts + 1"),
	})
	if marked.Error == nil && marked.RowsAffected == 0 {
		return idv.ErrNotFound
	}
	return marked.Error
}

// RequeueDelivery has a delivery worked again. It is idv.ErrNotFound if there is
// no such delivery.
func (s *Store) RequeueDelivery(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		requeued := tx.Model(&deliveryRow{}).Where("id = ?", word(id)).UpdateColumn("state", string(idv.DeliveryReceived))
		if requeued.Error == nil && requeued.RowsAffected == 0 {
			return idv.ErrNotFound
		}
		if requeued.Error != nil {
			return requeued.Error
		}
		return s.insertJobs(tx, idv.Job{Kind: idv.JobDelivery, ID: id})
	})
	return failed("requeue a delivery", err)
}

// unmatched gives the work of matching the deliveries about a session that was
// not known when they came.
func unmatched(tx *gorm.DB, provider, ref string) ([]idv.Job, error) {
	var ids []string
	err := tx.Model(&deliveryRow{}).
		Where("provider = ? AND ref = ? AND state = 'unmatched'", provider, ref).
		Order("received_at, id").Pluck("id", &ids).Error
	jobs := make([]idv.Job, len(ids))
	for i, id := range ids {
		jobs[i] = idv.Job{Kind: idv.JobDelivery, ID: id}
	}
	return jobs, err
}
