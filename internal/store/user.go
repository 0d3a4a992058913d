package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
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
	KeyID          *string
	WrappedKey     []byte
	ErasedAt       *time.Time
	ErasedKey      *string
	HeldSince      *time.Time
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
		ErasedAt:  timeOf(r.ErasedAt),
	}, nil
}

// userView is what a client sees of a user's status, times in milliseconds.
type userView struct {
	status, sessionID, provider, openSessionID, reasons string
	verifiedAt, expiresAt, erasedAt                     int64
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
		erasedAt:      timeOf(r.ErasedAt).UnixMilli(),
	}
}

// lapsed reports whether the passing of time alone has changed the status.
func (r userRow) lapsed(now time.Time) bool {
	return r.ChangesAt != nil && !now.Before(*r.ChangesAt)
}

// Verification gives a user's status. Of a user that was never heard of it is
// unverified, at version 0. Reads that wait together share one query. It is
// idv.ErrBusy if the database is slow or away.
func (s *Store) Verification(ctx context.Context, externalUserID string) (idv.UserVerification, error) {
	row, found, err := s.shared.get(ctx, word(externalUserID))
	if err == nil && !found {
		return idv.UserVerification{
			ExternalUserID: externalUserID,
			Verification:   idv.Verification{Status: idv.UserUnverified},
		}, nil
	}
	if err != nil {
		return idv.UserVerification{}, failed("read a user", err)
	}
	v, err := s.current(ctx, row)
	return v, failed("read a user", err)
}

// Verifications gives the statuses of those users that are known, in no order,
// with one query. One that cannot be read fails alone: the error comes beside
// the others.
func (s *Store) Verifications(ctx context.Context, externalUserIDs []string) ([]idv.UserVerification, error) {
	names := make([]string, len(externalUserIDs))
	for i, name := range externalUserIDs {
		names[i] = word(name)
	}
	rows, err := s.userRows(ctx, names)
	if err != nil {
		return nil, failed("read users", err)
	}
	found := make([]idv.UserVerification, 0, len(rows))
	var errs []error
	for _, row := range rows {
		v, err := s.current(ctx, row)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found = append(found, v)
	}
	return found, failed("read users", errors.Join(errs...))
}

// current reads a row as it is by now.
func (s *Store) current(ctx context.Context, row userRow) (v idv.UserVerification, err error) {
	if row.lapsed(s.now()) {
		if row, err = s.lapse(ctx, row.ExternalUserID); err != nil {
			return v, err
		}
	}
	return row.verification()
}

// userRows reads the rows of those users that are known. It is what clients ask
// for most, so that on PostgreSQL it goes without gorm, which takes as long as
// the query.
func (s *Store) userRows(ctx context.Context, names []string) (map[string]userRow, error) {
	var rows []userRow
	var err error
	if s.pool == nil {
		err = s.read(ctx).Omit(keyColumns()...).Where("external_user_id IN ?", names).Find(&rows).Error
	} else {
		found, _ := s.pool.Query(ctx, s.usersByName, names) // its error comes with the rows
		rows, err = pgx.CollectRows(found, pgx.RowToStructByNameLax[userRow])
	}
	found := make(map[string]userRow, len(rows))
	for _, row := range rows {
		found[row.ExternalUserID] = row
	}
	return found, err
}

// usersByName is the statement that reads users without their keys, one list of
// names for any number of them.
func usersByName(db *gorm.DB) (string, error) {
	statement := gorm.Statement{DB: db}
	if err := statement.Parse(&userRow{}); err != nil {
		return "", err
	}
	columns := slices.DeleteFunc(slices.Clone(statement.Schema.DBNames), func(name string) bool { return slices.Contains(keyColumns(), name) })
	return "SELECT " + strings.Join(columns, ", ") + " FROM users WHERE external_user_id = ANY($1)", nil
}
