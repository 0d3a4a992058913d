package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
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
	Key        []byte
	Owner      *string
	GoneAt     *time.Time
}

// TableName names the table.
func (deliveryRow) TableName() string { return "deliveries" }

func (s *Store) deliveryRow(d idv.Delivery) (deliveryRow, error) {
	id := word(d.ID)
	sealed, wrapped, err := s.sealWebhook(id, d.Webhook)
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
		Key:        wrapped,
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
		Key:        r.Key,
		Owner:      wordOf[string](r.Owner),
		GoneAt:     timeOf(r.GoneAt),
	}
}

// Delivery gives one delivery with its webhook, unless that is gone, or
// idv.ErrNotFound.
func (s *Store) Delivery(ctx context.Context, id string) (idv.Delivery, error) {
	var row deliveryRow
	if err := s.read(ctx).Where("id = ?", word(id)).Take(&row).Error; err != nil {
		return idv.Delivery{}, failed("read a delivery", notFound(err))
	}
	d := row.delivery()
	if !d.GoneAt.IsZero() {
		return d, nil
	}
	webhook, err := s.openWebhook(s.read(ctx), row)
	if errors.Is(err, idv.ErrGone) {
		d.GoneAt = s.now() // with its key, just now
		return d, nil
	}
	if err != nil {
		return idv.Delivery{}, failed("read a delivery", err)
	}
	d.Webhook = webhook
	d.Webhook.ReceivedAt = d.ReceivedAt
	return d, nil
}

// Deliveries lists what the filter selects, newest first, without the webhooks
// themselves. A limit of 0 is none. Ids rise with time and give the order.
func (s *Store) Deliveries(ctx context.Context, f idv.DeliveryFilter) ([]idv.Delivery, error) {
	query := s.read(ctx).Omit("webhook", "key").Order("id DESC")
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
	return failed("mark a delivery", mark(s.alone(ctx), outcome, outcomeColumns(outcome)))
}

func outcomeColumns(outcome idv.DeliveryOutcome) map[string]any {
	return map[string]any{
		"state":      string(outcome.State),
		"reason":     word(outcome.Reason),
		"event_type": word(outcome.EventType),
		"ref":        perhapsWord(outcome.Ref),
		"session_id": perhapsWord(outcome.SessionID),
		"attempts":   gorm.Expr("attempts + 1"),
	}
}

func mark(tx *gorm.DB, outcome idv.DeliveryOutcome, columns map[string]any) error {
	marked := tx.Model(&deliveryRow{}).Where("id = ?", word(outcome.ID)).UpdateColumns(columns)
	if marked.Error == nil && marked.RowsAffected == 0 {
		return idv.ErrNotFound
	}
	return marked.Error
}

// closeDelivery marks a delivery that was applied to a session. Its webhook is
// from then on its user's, or goes if the user's data was erased.
func (s *Store) closeDelivery(a *account, outcome idv.DeliveryOutcome, x idv.Session) error {
	columns := outcomeColumns(outcome)
	switch {
	case outcome.SessionID != x.ID || outcome.Key == nil:
		// It is also about somebody else, who comes later, or had no key.
	case !x.RedactedAt.IsZero():
		maps.Copy(columns, withoutWebhook(a.now))
	default:
		key, err := s.handOver(a, outcome)
		if errors.Is(err, idv.ErrGone) {
			break
		}
		if err != nil {
			return err
		}
		columns["key"] = gorm.Expr("CASE WHEN gone_at IS NULL THEN ? ELSE key END", key)
		columns["owner"] = a.user.ExternalUserID
	}
	return mark(a.tx, outcome, columns)
}

// withoutWebhook is what is different about a delivery whose webhook goes.
func withoutWebhook(now time.Time) map[string]any {
	return map[string]any{"webhook": nothingSealed(), "key": nil, "owner": nil, "gone_at": now}
}

// RequeueDelivery has a delivery worked again, as somebody wishes, who is kept on
// record. It is idv.ErrNotFound if there is no such delivery, and idv.ErrGone if
// its webhook was removed.
func (s *Store) RequeueDelivery(ctx context.Context, id, by string) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		one := tx.Model(&deliveryRow{}).Where("id = ?", word(id)).Session(&gorm.Session{})
		requeued := one.Where("gone_at IS NULL").UpdateColumn("state", string(idv.DeliveryReceived))
		if requeued.Error == nil && requeued.RowsAffected == 0 {
			var gone int64
			if err := one.Count(&gone).Error; err != nil || gone > 0 {
				return cmp.Or(err, idv.ErrGone)
			}
			return idv.ErrNotFound
		}
		if requeued.Error != nil {
			return requeued.Error
		}
		if err := s.insertJobs(tx, idv.Job{Kind: idv.JobDelivery, ID: id}); err != nil {
			return err
		}
		return s.audit(tx, &idv.AuditEntry{Actor: by, Action: idv.AuditDeliveryReplayed, Object: id})
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
