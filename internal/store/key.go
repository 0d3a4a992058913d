package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// touchEvery is how exactly the last use of a key is known.
const touchEvery = time.Minute

type apiKeyRow struct {
	ID         string `gorm:"primaryKey"`
	Name       string
	Hash       []byte
	Scopes     string
	CreatedAt  time.Time `gorm:"autoCreateTime:false"`
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
	LastUsedAt *time.Time
}

// TableName names the table.
func (apiKeyRow) TableName() string { return "api_keys" }

func newAPIKeyRow(key idv.APIKey) apiKeyRow {
	scopes := make([]string, len(key.Scopes))
	for i, scope := range key.Scopes {
		scopes[i] = string(scope)
	}
	return apiKeyRow{
		ID:         word(key.ID),
		Name:       word(key.Name),
		Hash:       key.Hash,
		Scopes:     strings.Join(scopes, " "),
		CreatedAt:  moment(key.CreatedAt),
		ExpiresAt:  perhaps(key.ExpiresAt),
		RevokedAt:  perhaps(key.RevokedAt),
		LastUsedAt: perhaps(key.LastUsedAt),
	}
}

func (r apiKeyRow) key() idv.APIKey {
	var scopes []idv.Scope
	for scope := range strings.FieldsSeq(r.Scopes) {
		scopes = append(scopes, idv.Scope(scope))
	}
	return idv.APIKey{
		ID:         r.ID,
		Name:       r.Name,
		Hash:       r.Hash,
		Scopes:     scopes,
		CreatedAt:  r.CreatedAt.UTC(),
		ExpiresAt:  timeOf(r.ExpiresAt),
		RevokedAt:  timeOf(r.RevokedAt),
		LastUsedAt: timeOf(r.LastUsedAt),
	}
}

// CreateKey keeps an API key. Who made it, by, is kept on record.
func (s *Store) CreateKey(ctx context.Context, key idv.APIKey, by string) error {
	row := newAPIKeyRow(key)
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.audit(tx, &idv.AuditEntry{Actor: by, Action: idv.AuditKeyCreated, Object: row.ID})
	})
	return failed("keep an API key", err)
}

// KeyByHash gives the API key with the hash, or idv.ErrNotFound. Whether it
// still counts is for the caller to ask. What another process has changed within
// keyAge may not show yet.
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (idv.APIKey, error) {
	return s.keys.get(ctx, string(hash), func(ctx context.Context) (idv.APIKey, error) {
		var row apiKeyRow
		if err := s.read(ctx).Where("hash = ?", hash).Take(&row).Error; err != nil {
			return idv.APIKey{}, failed("read an API key", notFound(err))
		}
		return row.key(), nil
	})
}

// Key gives one API key, or idv.ErrNotFound.
func (s *Store) Key(ctx context.Context, id string) (idv.APIKey, error) {
	var row apiKeyRow
	if err := s.read(ctx).Where("id = ?", word(id)).Take(&row).Error; err != nil {
		return idv.APIKey{}, failed("read an API key", notFound(err))
	}
	return row.key(), nil
}

// Keys lists API keys, newest first, the revoked ones too. A limit of 0 is none.
func (s *Store) Keys(ctx context.Context, p idv.Page) ([]idv.APIKey, error) {
	query := s.read(ctx).Order("id DESC")
	if p.After != "" {
		query = query.Where("id < ?", word(p.After))
	}
	if p.Limit > 0 {
		query = query.Limit(p.Limit)
	}
	var rows []apiKeyRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, failed("list API keys", err)
	}
	keys := make([]idv.APIKey, len(rows))
	for i, row := range rows {
		keys[i] = row.key()
	}
	return keys, nil
}

// RevokeKey ends an API key; a second time changes nothing. Who did it, by, is
// kept on record. It is idv.ErrNotFound if there is no such key.
func (s *Store) RevokeKey(ctx context.Context, id, by string, at time.Time) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		one := tx.Model(&apiKeyRow{}).Where("id = ?", word(id)).Session(&gorm.Session{})
		revoked := one.Where("revoked_at IS NULL").UpdateColumn("revoked_at", moment(at))
		if revoked.Error != nil {
			return revoked.Error
		}
		if revoked.RowsAffected == 0 {
			return notFound(one.Select("id").Take(&apiKeyRow{}).Error)
		}
		return s.audit(tx, &idv.AuditEntry{Actor: by, Action: idv.AuditKeyRevoked, Object: word(id)})
	})
	s.keys.forgetID(word(id))
	return failed("revoke an API key", err)
}

// TouchKey notes that an API key was used, to the minute.
func (s *Store) TouchKey(ctx context.Context, id string, at time.Time) error {
	if !s.keys.use(id, at) {
		return nil
	}
	err := s.alone(ctx).Model(&apiKeyRow{}).
		Where("id = ? AND (last_used_at IS NULL OR last_used_at <= ?)", word(id), moment(at.Add(-touchEvery))).
		UpdateColumn("last_used_at", moment(at)).Error
	s.keys.forgetID(word(id))
	return failed("note the use of an API key", err)
}
