package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// page narrows a query to one page of the list of sessions, newest first. It is
// idv.ErrNotFound if the session after which the page begins is not there. A
// limit of 0 is none.
func (s *Store) page(ctx context.Context, query *gorm.DB, p idv.Page) (*gorm.DB, error) {
	query = query.Order("created_at DESC, id DESC")
	if p.Limit > 0 {
		query = query.Limit(p.Limit)
	}
	if p.After == "" {
		return query, nil
	}
	var at []time.Time
	if err := s.read(ctx).Model(&sessionRow{}).Where("id = ?", word(p.After)).Pluck("created_at", &at).Error; err != nil {
		return nil, err
	}
	if len(at) == 0 {
		return nil, idv.ErrNotFound
	}
	return query.Where("(created_at, id) < (?, ?)", at[0].UTC(), p.After), nil
}
