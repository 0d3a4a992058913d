package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type userRow struct {
	ExternalUserID string `gorm:"primaryKey"`
	Status         string
	SessionID      *string
	Provider       string
	OpenSessionID  *string
	Reasons        string
	VerifiedAt     *time.Time
	ExpiresAt      *time.Time
	ChangesAt      *time.Time
	Version        int64
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
}

// TableName names the table.
func (userRow) TableName() string { return "users" }

// read takes over a status, without its version.
func (r *userRow) read(v idv.Verification) error {
	reasons, err := reasonsColumn(v.Reasons)
	if err != nil {
		return fmt.Errorf("write reasons: %w", err)
	}
	r.Status = string(v.Status)
	r.SessionID = perhapsWord(v.SessionID)
	r.Provider = word(v.Provider)
	r.OpenSessionID = perhapsWord(v.OpenSessionID)
	r.Reasons = reasons
	r.VerifiedAt = perhaps(v.VerifiedAt)
	r.ExpiresAt = perhaps(v.ExpiresAt)
	r.ChangesAt = perhaps(v.ChangesAt)
	return nil
}

func (r userRow) verification() (idv.UserVerification, error) {
	reasons, err := reasonsOf(r.Reasons)
	if err != nil {
		return idv.UserVerification{}, fmt.Errorf("reasons of a user: %w", err)
	}
	return idv.UserVerification{
		ExternalUserID: r.ExternalUserID,
		Verification: idv.Verification{
			Status:        idv.UserStatus(r.Status),
			SessionID:     wordOf[string](r.SessionID),
			Provider:      r.Provider,
			OpenSessionID: wordOf[string](r.OpenSessionID),
			Reasons:       reasons,
			VerifiedAt:    timeOf(r.VerifiedAt),
			ExpiresAt:     timeOf(r.ExpiresAt),
			ChangesAt:     timeOf(r.ChangesAt),
		},
		Version:   r.Version,
		UpdatedAt: r.UpdatedAt.UTC(),
	}, nil
}

// userView is what a client sees of a user's status, times in milliseconds.
type userView struct {
	status, sessionID, provider, openSessionID, reasons string
	verifiedAt, expiresAt                               int64
}

func (r userRow) view() userView {
	return userView{
		status:        r.Status,
		sessionID:     wordOf[string](r.SessionID),
		provider:      r.Provider,
		openSessionID: wordOf[string](r.OpenSessionID),
		reasons:       r.Reasons,
		verifiedAt:    timeOf(r.VerifiedAt).UnixMilli(),
		expiresAt:     timeOf(r.ExpiresAt).UnixMilli(),
	}
}

// lapsed reports whether the passing of time alone has changed the status.
func (r userRow) lapsed(now time.Time) bool {
	return r.ChangesAt != nil && !now.Before(*r.ChangesAt)
}

// Verification gives a user's status. Of a user that was never heard of it is
// unverified, at version 0.
func (s *Store) Verification(ctx context.Context, externalUserID string) (idv.UserVerification, error) {
	var row userRow
	err := s.read(ctx).Where("external_user_id = ?", word(externalUserID)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return idv.UserVerification{
			ExternalUserID: externalUserID,
			Verification:   idv.Verification{Status: idv.UserUnverified},
		}, nil
	}
	if err == nil && row.lapsed(s.now()) {
		row, err = s.lapse(ctx, row.ExternalUserID)
	}
	if err != nil {
		return idv.UserVerification{}, failed("read a user", err)
	}
	return row.verification()
}
