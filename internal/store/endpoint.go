package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type endpointRow struct {
	ID             string `gorm:"primaryKey"`
	URL            string
	Description    string
	Types          string
	Enabled        bool
	DisabledAt     *time.Time
	DisabledReason *string
	FailingSince   *time.Time
	Secrets        []byte
	Version        int64
	CreatedAt      time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
	// The place in the feed after which it hears of events. The database knows it.
	Xid uint64 `gorm:"<-:false"`
	Seq int64  `gorm:"<-:false"`
}

// TableName names the table.
func (endpointRow) TableName() string { return "endpoints" }

func secretsPlace(endpointID string) string { return "endpoints.secrets/" + endpointID }

func (s *Store) endpointRow(e idv.Endpoint) (endpointRow, error) {
	id := word(e.ID)
	secrets, err := json.Marshal(e.Secrets)
	if err != nil {
		return endpointRow{}, fmt.Errorf("write the secrets of an endpoint: %w", err)
	}
	return endpointRow{
		ID:             id,
		URL:            word(e.URL),
		Description:    word(e.Description),
		Types:          word(strings.Join(e.Types, " ")),
		Enabled:        e.Enabled,
		DisabledAt:     perhaps(e.DisabledAt),
		DisabledReason: perhapsWord(e.DisabledReason),
		FailingSince:   perhaps(e.FailingSince),
		Secrets:        s.seal.Seal(secretsPlace(id), secrets),
		Version:        e.Version,
		CreatedAt:      moment(e.CreatedAt),
		UpdatedAt:      moment(e.UpdatedAt),
	}, nil
}

func (s *Store) endpointOf(r endpointRow) (idv.Endpoint, error) {
	e := idv.Endpoint{
		ID:             r.ID,
		URL:            r.URL,
		Description:    r.Description,
		Types:          strings.Fields(r.Types),
		Enabled:        r.Enabled,
		DisabledAt:     timeOf(r.DisabledAt),
		DisabledReason: wordOf[idv.DisabledReason](r.DisabledReason),
		FailingSince:   timeOf(r.FailingSince),
		Version:        r.Version,
		CreatedAt:      r.CreatedAt.UTC(),
		UpdatedAt:      r.UpdatedAt.UTC(),
	}
	plain, err := s.seal.Open(secretsPlace(r.ID), r.Secrets)
	if err != nil {
		return e, fmt.Errorf("endpoint %s: %w", r.ID, err)
	}
	if err := json.Unmarshal(plain, &e.Secrets); err != nil {
		return e, fmt.Errorf("the secrets of endpoint %s cannot be read", r.ID)
	}
	return e, nil
}

// CreateEndpoint keeps an endpoint. It hears of what is announced from now on.
// It is idv.ErrFull if there are as many as most already.
func (s *Store) CreateEndpoint(ctx context.Context, e idv.Endpoint, most int) error {
	row, err := s.endpointRow(e)
	if err != nil {
		return err
	}
	err = s.write(ctx, func(tx *gorm.DB) error {
		var there int64
		if err := tx.Model(&endpointRow{}).Count(&there).Error; err != nil {
			return err
		}
		if there >= int64(most) {
			return idv.ErrFull
		}
		if err := tx.Create(&row).Error; err != nil || s.engine == postgresEngine {
			return err
		}
		return tx.Exec("UPDATE endpoints SET seq = (SELECT coalesce(max(seq), 0) FROM events) WHERE id = ?", row.ID).Error
	})
	return failed("keep an endpoint", err)
}

// Endpoint gives one endpoint, or idv.ErrNotFound.
func (s *Store) Endpoint(ctx context.Context, id string) (idv.Endpoint, error) {
	row, err := s.endpoint(s.read(ctx), id)
	if err != nil {
		return idv.Endpoint{}, failed("read an endpoint", err)
	}
	return s.endpointOf(row)
}

func (s *Store) endpoint(tx *gorm.DB, id string) (row endpointRow, err error) {
	err = tx.Omit("xid", "seq").Where("id = ?", word(id)).Take(&row).Error
	return row, notFound(err)
}

// Endpoints lists endpoints, newest first. A limit of 0 is none.
func (s *Store) Endpoints(ctx context.Context, p idv.Page) ([]idv.Endpoint, error) {
	query := s.read(ctx).Omit("xid", "seq").Order("id DESC")
	if p.After != "" {
		query = query.Where("id < ?", word(p.After))
	}
	if p.Limit > 0 {
		query = query.Limit(p.Limit)
	}
	var rows []endpointRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, failed("list endpoints", err)
	}
	endpoints := make([]idv.Endpoint, len(rows))
	for i, row := range rows {
		var err error
		if endpoints[i], err = s.endpointOf(row); err != nil {
			return nil, err
		}
	}
	return endpoints, nil
}

// ChangeEndpoint changes an endpoint under a lock, and its version with it. It is
// idv.ErrNotFound if there is no such endpoint.
func (s *Store) ChangeEndpoint(ctx context.Context, id string, change func(*idv.Endpoint)) (changed idv.Endpoint, err error) {
	err = s.write(ctx, func(tx *gorm.DB) error {
		row, err := s.endpoint(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), id)
		if err != nil {
			return err
		}
		if changed, err = s.endpointOf(row); err != nil {
			return err
		}
		change(&changed)
		changed.Version++
		changed.UpdatedAt = s.now()
		if row, err = s.endpointRow(changed); err != nil {
			return err
		}
		return tx.Select("*").Omit("xid", "seq").Updates(&row).Error
	})
	return changed, failed("change an endpoint", err)
}

// DeleteEndpoint removes an endpoint with all that was and would be sent to it.
// It is idv.ErrNotFound if there is no such endpoint.
func (s *Store) DeleteEndpoint(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		deleted := tx.Where("id = ?", word(id)).Delete(&endpointRow{})
		if deleted.Error == nil && deleted.RowsAffected == 0 {
			return idv.ErrNotFound
		}
		return deleted.Error
	})
	return failed("delete an endpoint", err)
}
