package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type observationRow struct {
	SessionID         string `gorm:"primaryKey"`
	Seq               int    `gorm:"primaryKey;autoIncrement:false"`
	Fingerprint       string
	Source            string
	DeliveryID        *string
	HeardAt           time.Time
	OccurredAt        *time.Time
	ProviderStatus    string
	Status            *string
	Attempt           string
	Unknown           bool
	Partial           bool
	Test              bool
	Reasons           string
	Notice            *string
	DocumentExpiresAt *time.Time
	Why               string
}

// TableName names the table.
func (observationRow) TableName() string { return "observations" }

func newObservationRow(sessionID string, seq int, o idv.Observation) (observationRow, error) {
	row := observationRow{
		SessionID:   sessionID,
		Seq:         seq,
		Fingerprint: word(o.Fingerprint),
		Source:      string(o.Source),
		DeliveryID:  perhapsWord(o.DeliveryID),
		HeardAt:     moment(o.HeardAt),
	}
	return row, row.reread(o)
}

// reread takes over our reading of what was said: all that an adapter makes of
// the bytes. That it was said, by whom, and when we heard it, stays.
func (r *observationRow) reread(o idv.Observation) error {
	reasons, err := reasonsColumn(o.Reasons)
	if err != nil {
		return fmt.Errorf("write reasons: %w", err)
	}
	r.OccurredAt = perhaps(o.OccurredAt)
	r.ProviderStatus = word(o.ProviderStatus)
	r.Status = perhapsWord(o.Status)
	r.Attempt = word(o.Attempt)
	r.Unknown, r.Partial, r.Test = o.Unknown, o.Partial, o.Test
	r.Reasons = reasons
	r.DocumentExpiresAt = perhaps(o.DocumentExpiresAt)
	r.Why = word(o.Why)
	r.Notice = nil
	if o.Notice != nil {
		text, err := json.Marshal(o.Notice)
		if err != nil {
			return fmt.Errorf("write a notice: %w", err)
		}
		notice := string(text)
		r.Notice = &notice
	}
	return nil
}

// told reports whether it is the provider's word: what we did ourselves is no
// reading of anything.
func (r observationRow) told() bool {
	return r.Source == string(idv.SourceWebhook) || r.Source == string(idv.SourceFetch)
}

func (r observationRow) observation() (idv.Observation, error) {
	reasons, err := reasonsOf(r.Reasons)
	if err != nil {
		return idv.Observation{}, fmt.Errorf("reasons of an observation of session %s: %w", r.SessionID, err)
	}
	o := idv.Observation{
		Fingerprint:       r.Fingerprint,
		Source:            idv.Source(r.Source),
		DeliveryID:        wordOf[string](r.DeliveryID),
		HeardAt:           r.HeardAt.UTC(),
		OccurredAt:        timeOf(r.OccurredAt),
		ProviderStatus:    r.ProviderStatus,
		Status:            wordOf[idv.Status](r.Status),
		Attempt:           r.Attempt,
		Unknown:           r.Unknown,
		Partial:           r.Partial,
		Test:              r.Test,
		Reasons:           reasons,
		DocumentExpiresAt: timeOf(r.DocumentExpiresAt),
		Why:               r.Why,
	}
	if r.Notice != nil {
		if err := json.Unmarshal([]byte(*r.Notice), &o.Notice); err != nil {
			return idv.Observation{}, fmt.Errorf("notice of an observation of session %s: %w", r.SessionID, err)
		}
	}
	return o, nil
}

// Observations gives what was said about a session, in the order in which we
// heard of it. A session that is not there has none.
func (s *Store) Observations(ctx context.Context, sessionID string) ([]idv.Observation, error) {
	rows, err := observationRows(s.read(ctx), word(sessionID))
	if err != nil {
		return nil, failed("read observations", err)
	}
	return observationsOf(rows)
}

// Said gives what a delivery was read to say so far.
func (s *Store) Said(ctx context.Context, deliveryID string) ([]idv.Said, error) {
	var rows []observationRow
	err := s.read(ctx).Where("delivery_id = ?", word(deliveryID)).Order("session_id, seq").Find(&rows).Error
	if err != nil {
		return nil, failed("read what a delivery said", err)
	}
	said := make([]idv.Said, len(rows))
	for i, row := range rows {
		o, err := row.observation()
		if err != nil {
			return nil, err
		}
		said[i] = idv.Said{SessionID: row.SessionID, Observation: o}
	}
	return said, nil
}

func observationRows(db *gorm.DB, sessionID string) ([]observationRow, error) {
	var rows []observationRow
	return rows, db.Where("session_id = ?", sessionID).Order("seq").Find(&rows).Error
}

func observationsOf(rows []observationRow) ([]idv.Observation, error) {
	observations := make([]idv.Observation, len(rows))
	for i, row := range rows {
		o, err := row.observation()
		if err != nil {
			return nil, err
		}
		observations[i] = o
	}
	return observations, nil
}

// repeatsLast reports whether an answer to a question need not be kept.
func repeatsLast(rows []observationRow, o idv.Observation) (bool, error) {
	if o.Source != idv.SourceFetch || len(rows) == 0 || rows[len(rows)-1].Source != string(idv.SourceFetch) {
		return false, nil
	}
	heard, err := observationsOf(rows)
	return err == nil && idv.Repeats(heard, o), err
}

// hear adds what was heard to what was said about a session, and gives all of
// it, and those of which we did not know before that they are notices. What was
// heard before is kept as it was; of what the provider said, with our newer
// reading. An answer that only repeats the last one is not kept.
func hear(tx *gorm.DB, sessionID string, heard []idv.Observation, now time.Time) (said, notices []idv.Observation, err error) {
	rows, err := observationRows(tx, sessionID)
	if err != nil {
		return nil, nil, err
	}
	at := make(map[string]int, len(rows))
	for i, row := range rows {
		at[row.Fingerprint] = i
	}
	known, reread, news, seq := len(rows), map[int]bool{}, map[int]bool{}, 0
	if known > 0 {
		seq = rows[known-1].Seq
	}
	for _, o := range heard {
		if o.HeardAt.IsZero() {
			o.HeardAt = now
		}
		if i, ok := at[word(o.Fingerprint)]; ok {
			if !rows[i].told() {
				continue
			}
			noticed := rows[i].Notice != nil
			if err := rows[i].reread(o); err != nil {
				return nil, nil, err
			}
			reread[i] = i < known
			news[i] = news[i] || !noticed
			continue
		}
		repeats, err := repeatsLast(rows, o)
		if err != nil {
			return nil, nil, err
		}
		if repeats {
			continue
		}
		seq++
		row, err := newObservationRow(sessionID, seq, o)
		if err != nil {
			return nil, nil, err
		}
		at[row.Fingerprint], news[len(rows)] = len(rows), true
		rows = append(rows, row)
	}
	for i, stored := range reread {
		if !stored {
			continue
		}
		if err := tx.Select("*").Updates(&rows[i]).Error; err != nil {
			return nil, nil, fmt.Errorf("revise an observation: %w", err)
		}
	}
	if fresh := rows[known:]; len(fresh) > 0 {
		if err := tx.Create(&fresh).Error; err != nil {
			return nil, nil, fmt.Errorf("add observations: %w", err)
		}
	}
	if said, err = observationsOf(rows); err != nil {
		return nil, nil, err
	}
	for i, o := range said {
		if news[i] && o.Notice != nil {
			notices = append(notices, o)
		}
	}
	return said, notices, nil
}
