package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Session gives one session, or idv.ErrNotFound.
func (s *Store) Session(ctx context.Context, id string) (idv.Session, error) {
	return s.oneSession(s.read(ctx).Where("id = ?", word(id)))
}

// SessionByRef gives the session with the provider's id, or idv.ErrNotFound.
func (s *Store) SessionByRef(ctx context.Context, provider string, ref idv.Ref) (idv.Session, error) {
	return s.oneSession(s.read(ctx).Where("provider = ? AND ref = ?", word(provider), word(ref)))
}

func (s *Store) oneSession(query *gorm.DB) (idv.Session, error) {
	var row keyedSession
	if err := query.Select(withKey).Take(&row).Error; err != nil {
		return idv.Session{}, failed("read a session", notFound(err))
	}
	return s.keyed(row)
}

// keyedSession is a session's row with the key of its user.
type keyedSession struct {
	Row        sessionRow `gorm:"embedded"`
	WrappedKey []byte     `gorm:"->"`
}

// TableName names the table.
func (keyedSession) TableName() string { return sessionRow{}.TableName() }

// withKey selects one.
const withKey = "sessions.*, (SELECT wrapped_key FROM users WHERE users.external_user_id = sessions.external_user_id) AS wrapped_key"

func (s *Store) keyed(row keyedSession) (idv.Session, error) {
	key, err := s.unwrap(row.Row.ExternalUserID, row.WrappedKey)
	if err != nil {
		return idv.Session{}, fmt.Errorf("session %s: %w", row.Row.ID, err)
	}
	return s.session(row.Row, key)
}

// Sessions lists what the filter selects, newest first. A limit of 0 is none.
// It is idv.ErrNotFound if there is no session with the id Page.After.
func (s *Store) Sessions(ctx context.Context, f idv.SessionFilter) ([]idv.Session, error) {
	query := s.read(ctx)
	if f.ExternalUserID != "" {
		query = query.Where("external_user_id = ?", word(f.ExternalUserID))
	}
	if f.Provider != "" {
		query = query.Where("provider = ?", word(f.Provider))
	}
	if f.Status != "" {
		query = query.Where("status = ?", word(f.Status))
	}
	if !f.CreatedAfter.IsZero() {
		query = query.Where("created_at > ?", moment(f.CreatedAfter))
	}
	if f.Unsettled {
		query = query.Where("start_unanswered AND ref IS NULL")
	}
	query, err := s.page(ctx, query, f.Page)
	if err != nil {
		return nil, failed("find the place in the list", err)
	}
	var rows []keyedSession
	if err := query.Select(withKey).Find(&rows).Error; err != nil {
		return nil, failed("list sessions", err)
	}
	sessions := make([]idv.Session, 0, len(rows))
	for _, row := range rows {
		session, err := s.keyed(row)
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, session)
	}
	return sessions, nil
}

// RefsTaken gives those of the refs that belong to sessions of ours.
func (s *Store) RefsTaken(ctx context.Context, provider string, refs []idv.Ref) ([]idv.Ref, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	words := make([]string, len(refs))
	for i, ref := range refs {
		words[i] = word(ref)
	}
	var taken []idv.Ref
	err := s.read(ctx).Model(&sessionRow{}).Where("provider = ? AND ref IN ?", word(provider), words).Pluck("ref", &taken).Error
	return taken, failed("look for refs", err)
}
